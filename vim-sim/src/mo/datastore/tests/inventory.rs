use super::{Lab, reference};
use crate::files;
use vim_types::mo::{
    HostDatastoreSystemProperties, HostSystemProperties, StoragePodProperties, TaskProperties,
    VirtualMachineProperties,
};
use vim_types::{ApplyStorageRecommendationResult, TaskInfoState};
use vim_wire::MoRef;

#[tokio::test]
async fn hosts_mount_datastores() {
    let lab = Lab::new().await;
    let host = |name: &str| {
        let moref = lab.find("HostSystem", name);
        lab.sim().read(|world| world.get::<HostSystemProperties>(&moref).unwrap().clone())
    };
    let system = |name: &str| host(name).config_manager.datastore_system.unwrap();
    let nas = |remote: &str| {
        format!(
            "<spec><remoteHost>server</remoteHost><remotePath>{remote}</remotePath><localPath>share</localPath>\
             <accessMode>readOnly</accessMode><type>NFS</type></spec>"
        )
    };
    lab.call("CreateNasDatastore", &system("DC0_H0"), &nas("/a")).await.unwrap();
    lab.call("CreateNasDatastore", &system("DC0_C0_H0"), &nas("/a")).await.unwrap();
    let twice = lab.call("CreateNasDatastore", &system("DC0_C0_H0"), &nas("/a")).await;
    assert!(twice.unwrap_err().is_named("DuplicateName"));
    let share = lab.datastore("share");
    assert_eq!((share.host.len(), share.summary.multiple_host_access), (2, Some(true)));
    assert_eq!(share.host[0].mount_info.access_mode, "readOnly");
    for name in ["DC0_H0", "DC0_C0_H0"] {
        let config = host(name).config.unwrap();
        let mounts = config.file_system_volume.unwrap().mount_info;
        let share = mounts.iter().find(|mount| mount.volume.name == "share").unwrap();
        assert_eq!((&*share.mount_info.access_mode, &*share.volume.r#type), ("readOnly", "NFS"), "{name}");
    }
    lab.call("CreateNasDatastore", &system("DC0_C0_H1"), &nas("/b")).await.unwrap();
    assert_eq!(lab.datastore("share (1)").host.len(), 1, "another share of the same name is numbered");

    let moref = lab.find("Datastore", "share");
    let args = reference("datastore", &moref);
    lab.call("RemoveDatastore", &system("DC0_H0"), &args).await.unwrap();
    assert!(lab.call("RemoveDatastore", &system("DC0_H0"), &args).await.unwrap_err().is_named("NotFound"));
    assert!(!host("DC0_H0").datastore.contains(&moref));
    let known = |system: &MoRef| {
        lab.sim().read(|world| world.get::<HostDatastoreSystemProperties>(system).unwrap().datastore.clone())
    };
    assert!(!known(&system("DC0_H0")).contains(&moref));
    assert!(known(&system("DC0_C0_H0")).contains(&moref));
    lab.call("RemoveDatastore", &system("DC0_C0_H0"), &args).await.unwrap();
    assert!(lab.sim().read(|world| world.node(&moref).is_none()), "no host has it any more");

    let used = reference("datastore", &lab.find("Datastore", "LocalDS_0"));
    let refused = lab.call("RemoveDatastore", &system("DC0_H0"), &used).await.unwrap_err();
    assert!(refused.is_named("ResourceInUse"));
    lab.call("UpdateLocalSwapDatastore", &system("DC0_H0"), &used).await.unwrap();
    assert_eq!(host("DC0_H0").config.unwrap().local_swap_datastore, Some(lab.find("Datastore", "LocalDS_0")));
}

#[tokio::test]
async fn a_renamed_datastore_is_named_by_its_machines() {
    let lab = Lab::new().await;
    let datastore = lab.find("Datastore", "LocalDS_0");
    let taken = lab.call("RenameDatastore", &datastore, "<newName>LocalDS_1</newName>").await;
    assert!(taken.unwrap_err().is_named("DuplicateName"));
    lab.call("RenameDatastore", &datastore, "<newName>Other</newName>").await.unwrap();
    let renamed = lab.datastore("Other");
    assert_eq!((&*renamed.summary.name, &*renamed.info.name), ("Other", "Other"));
    let host = lab.find("HostSystem", "DC0_H0");
    let config = lab.sim().read(|world| world.get::<HostSystemProperties>(&host).unwrap().config.clone());
    let volumes = config.unwrap().file_system_volume.unwrap().mount_info;
    let volume = volumes.iter().find(|mount| mount.volume.name == "Other").expect("the host knows the name");
    assert_eq!(volume.volume.capacity, renamed.summary.capacity);
    let vm = lab.find("VirtualMachine", "DC0_H0_VM0");
    lab.sim().read(|world| {
        let vm = world.get::<VirtualMachineProperties>(&vm).unwrap();
        assert_eq!(vm.summary.config.vm_path_name, "[Other] DC0_H0_VM0/DC0_H0_VM0.vmx");
    });
    lab.done("PowerOffVM_Task", &vm, "").await;
    lab.done("Destroy_Task", &vm, "").await;
    assert!(lab.sim().read(|world| files::get(world, &datastore, "DC0_H0_VM0").is_none()));
}

#[tokio::test]
async fn maintenance_waits_for_the_last_machine() {
    let lab = Lab::new().await;
    let mode = |name: &str| lab.datastore(name).summary.maintenance_mode.unwrap();
    let empty = lab.find("Datastore", "LocalDS_1");
    lab.call("DatastoreEnterMaintenanceMode", &empty, "").await.unwrap();
    assert_eq!(mode("LocalDS_1"), "inMaintenance");
    let twice = lab.call("DatastoreEnterMaintenanceMode", &empty, "").await;
    assert!(twice.unwrap_err().is_named("InvalidState"));
    let refused = lab.sim().write(|tx| {
        let file = files::File::folder(tx.now);
        files::put(tx, &empty, "new", file)
    });
    assert!(refused.unwrap_err().is_named("InvalidDatastoreState"));
    lab.done("DatastoreExitMaintenanceMode_Task", &empty, "").await;
    assert_eq!(mode("LocalDS_1"), "normal");

    let used = lab.find("Datastore", "LocalDS_0");
    let answer = lab.call("DatastoreEnterMaintenanceMode", &used, "").await.unwrap();
    let id = answer.split_once("type=\"Task\">").unwrap().1.split_once('<').unwrap().0;
    let task = MoRef::new("Task", id.to_owned());
    let state = || lab.sim().read(|world| world.get::<TaskProperties>(&task).unwrap().info.state.clone());
    assert_eq!((&*mode("LocalDS_0"), state()), ("enteringMaintenance", TaskInfoState::RUNNING));
    for vm in lab.datastore("LocalDS_0").vm {
        lab.done("PowerOffVM_Task", &vm, "").await;
        lab.done("Destroy_Task", &vm, "").await;
    }
    assert_eq!((&*mode("LocalDS_0"), state()), ("inMaintenance", TaskInfoState::SUCCESS));
}

#[tokio::test]
async fn a_pod_says_where_a_machine_goes() {
    let lab = Lab::new().await;
    let (pod, manager) = (lab.find("StoragePod", "DC0_POD0"), lab.manager("StorageResourceManager"));
    let pool = lab.find("ResourcePool", "Resources");
    let spec = |kb: i64| {
        format!(
            "<storageSpec><type>create</type><podSelectionSpec>{}</podSelectionSpec><configSpec><name>new</name>\
             <deviceChange><operation>add</operation><fileOperation>create</fileOperation>\
             <device xsi:type=\"VirtualLsiLogicController\"><key>-2</key><busNumber>0</busNumber>\
             <sharedBus>noSharing</sharedBus></device></deviceChange>\
             <deviceChange><operation>add</operation><fileOperation>create</fileOperation>\
             <device xsi:type=\"VirtualDisk\"><key>-1</key><backing xsi:type=\"VirtualDiskFlatVer2BackingInfo\">\
             <fileName></fileName><diskMode>persistent</diskMode></backing><controllerKey>-2</controllerKey>\
             <unitNumber>0</unitNumber><capacityInKB>{kb}</capacityInKB></device></deviceChange></configSpec>\
             {}</storageSpec>",
            reference("storagePod", &pod),
            reference("resourcePool", &pool)
        )
        .replace("<deviceChange><operation>add</operation><fileOperation>create</fileOperation><device xsi:type=\"VirtualLsi", "<deviceChange><operation>add</operation><device xsi:type=\"VirtualLsi")
    };
    let none = lab.call("RecommendDatastores", &manager, &spec(1024)).await;
    assert!(none.unwrap_err().is_named("InvalidArgument"), "the pod is empty");
    let member = lab.find("Datastore", "LocalDS_1");
    lab.done("MoveIntoFolder_Task", &pod, &reference("list", &member)).await;
    let summary = lab.sim().read(|world| world.get::<StoragePodProperties>(&pod).unwrap().summary.clone());
    assert_eq!(summary.unwrap().capacity, lab.datastore("LocalDS_1").summary.capacity);

    let full = lab.call("RecommendDatastores", &manager, &spec(60 << 30)).await.unwrap();
    assert!(full.contains("InsufficientStorageSpace") && !full.contains("<recommendations>"), "{full}");
    let found = lab.call("RecommendDatastores", &manager, &spec(1024)).await.unwrap();
    let key = found.split_once("<key>").unwrap().1.split_once('<').unwrap().0.to_owned();
    let args = format!("<key>{key}</key>");
    let result = lab.done("ApplyStorageDrsRecommendation_Task", &manager, &args).await;
    let vm = result.downcast_ref::<ApplyStorageRecommendationResult>().unwrap().vm.clone().unwrap();
    lab.sim().read(|world| {
        let vm = world.get::<VirtualMachineProperties>(&vm).unwrap();
        assert_eq!(vm.datastore, std::slice::from_ref(&member));
    });
    assert_eq!(lab.fails("ApplyStorageDrsRecommendation_Task", &manager, &args).await.0, "InvalidArgument");

    let off = format!(
        "{}<spec><podConfigSpec><enabled>false</enabled></podConfigSpec></spec><modify>true</modify>",
        reference("pod", &pod)
    );
    lab.done("ConfigureStorageDrsForPod_Task", &manager, &off).await;
    assert!(
        lab.call("RecommendDatastores", &manager, &spec(1024)).await.unwrap_err().is_named("InvalidArgument")
    );
}

#[tokio::test]
async fn a_disk_becomes_a_datastore() {
    let lab = Lab::new().await;
    let moref = lab.find("HostSystem", "DC0_H0");
    let host = lab.sim().read(|world| world.get::<HostSystemProperties>(&moref).unwrap().clone());
    let system = host.config_manager.datastore_system.unwrap();
    let free = lab.call("QueryAvailableDisksForVmfs", &system, "").await.unwrap();
    let disk = free.split_once("<canonicalName>").unwrap().1.split_once('<').unwrap().0.to_owned();
    let path = free.split_once("<devicePath>").unwrap().1.split_once('<').unwrap().0.to_owned();
    let device = format!("<devicePath>{path}</devicePath>");
    let options = lab.call("QueryVmfsDatastoreCreateOptions", &system, &device).await.unwrap();
    assert!(options.contains("VmfsDatastoreAllExtentOption"), "{options}");

    let spec = |name: &str| {
        format!(
            "<spec><diskUuid>x</diskUuid><partition><partition><partition>1</partition>\
             <startSector>2048</startSector><endSector>4095</endSector><type>vmfs</type><logical>false</logical>\
             <attributes>0</attributes></partition></partition><vmfs><extent><diskName>{disk}</diskName>\
             <partition>1</partition></extent><majorVersion>6</majorVersion><volumeName>{name}</volumeName></vmfs></spec>"
        )
    };
    lab.call("CreateVmfsDatastore", &system, &spec("fast")).await.unwrap();
    let fast = lab.datastore("fast").summary;
    assert_eq!((fast.capacity, fast.free_space, &*fast.r#type), (1 << 20, 1 << 20, "VMFS"));
    let free = lab.call("QueryAvailableDisksForVmfs", &system, "").await.unwrap();
    assert!(!free.contains(&disk), "it is used now");
    let twice = lab.call("CreateVmfsDatastore", &system, &spec("again")).await;
    assert!(twice.unwrap_err().is_named("HostConfigFault"));
}
