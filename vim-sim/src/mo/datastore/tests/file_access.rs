use super::Lab;
use crate::files;
use vim_types::{FolderFileInfo, HostDatastoreBrowserSearchResults, TaskInfoState, VmDiskFileInfo};

#[tokio::test]
async fn folders_and_files_come_and_go() {
    let lab = Lab::new().await;
    let manager = lab.manager("FileManager");
    let make = async |path: &str, parents: bool| {
        let args = format!("{}<createParentDirectories>{parents}</createParentDirectories>", lab.named(path));
        lab.call("MakeDirectory", &manager, &args).await
    };
    assert!(make("a/b", false).await.unwrap_err().is_named("FileNotFound"));
    make("a/b", true).await.unwrap();
    assert!(make("a/b", true).await.unwrap_err().is_named("FileAlreadyExists"));

    let both = |from: &str, to: &str, force: bool| {
        format!(
            "<sourceName>[LocalDS_0] {from}</sourceName>{}<destinationName>[LocalDS_1] {to}</destinationName>\
             <force>{force}</force>",
            lab.datacenter("sourceDatacenter")
        )
    };
    lab.done("CopyDatastoreFile_Task", &manager, &both("a", "copy", false)).await;
    let (fault, words) = lab.fails("CopyDatastoreFile_Task", &manager, &both("a", "copy", false)).await;
    assert_eq!(fault, "FileAlreadyExists");
    assert!(words.contains("[LocalDS_1] copy"), "{words}");
    lab.done("MoveDatastoreFile_Task", &manager, &both("a", "copy", true)).await;
    let (fault, words) = lab.fails("DeleteDatastoreFile_Task", &manager, &lab.named("a")).await;
    assert_eq!((&*fault, &*words), ("FileNotFound", "File [LocalDS_0] a was not found"));
    let copied = lab.find("Datastore", "LocalDS_1");
    assert!(lab.sim().read(|world| files::get(world, &copied, "copy/b").is_some()));

    let nowhere = lab.call("DeleteDatastoreFile_Task", &manager, "<name>[LocalDS_0] a</name>").await;
    assert!(nowhere.unwrap_err().is_named("InvalidArgument"), "a vCenter must be told the datacenter");
    let elsewhere = "<name>[Other] a</name>".to_owned() + &lab.datacenter("datacenter");
    let elsewhere = lab.call("DeleteDatastoreFile_Task", &manager, &elsewhere).await;
    assert!(elsewhere.unwrap_err().is_named("InvalidDatastore"));
}

#[tokio::test]
async fn what_a_running_machine_has_open_stays() {
    let lab = Lab::new().await;
    let manager = lab.manager("FileManager");
    for path in ["DC0_H0_VM0", "DC0_H0_VM0/disk1.vmdk", "DC0_H0_VM0/DC0_H0_VM0.vmx"] {
        let (fault, words) = lab.fails("DeleteDatastoreFile_Task", &manager, &lab.named(path)).await;
        assert_eq!(fault, "FileLocked", "{path}");
        assert!(words.contains("DC0_H0_VM0"), "{words}");
    }
    let vm = lab.find("VirtualMachine", "DC0_H0_VM0");
    lab.done("PowerOffVM_Task", &vm, "").await;
    lab.done("DeleteDatastoreFile_Task", &manager, &lab.named("DC0_H0_VM0")).await;
}

#[tokio::test]
async fn disks_take_the_space_that_their_kind_has() {
    let lab = Lab::new().await;
    let manager = lab.manager("VirtualDiskManager");
    let free = || lab.datastore("LocalDS_0").summary.free_space;
    let before = free();
    assert_eq!(lab.create_disk("thin.vmdk", "thin", 1024).await.state, TaskInfoState::SUCCESS);
    assert_eq!(free(), before);
    let uncommitted = lab.datastore("LocalDS_0").summary.uncommitted.unwrap();
    lab.done("InflateVirtualDisk_Task", &manager, &lab.named("thin.vmdk")).await;
    assert_eq!(free(), before - (1 << 20));
    assert_eq!(lab.datastore("LocalDS_0").summary.uncommitted.unwrap(), uncommitted - (1 << 20));

    let extend = |kb: i64| format!("{}<newCapacityKb>{kb}</newCapacityKb>", lab.named("thin.vmdk"));
    lab.done("ExtendVirtualDisk_Task", &manager, &extend(3072)).await;
    assert_eq!(free(), before - (3 << 20));
    assert_eq!(lab.fails("ExtendVirtualDisk_Task", &manager, &extend(1024)).await.0, "InvalidArgument");

    let too_large = lab.create_disk("large.vmdk", "preallocated", 60 << 30).await.error.unwrap();
    assert_eq!(too_large.fault.type_name(), "NoDiskSpace");
    let twice = lab.create_disk("thin.vmdk", "thin", 1024).await.error.unwrap();
    assert_eq!(twice.fault.type_name(), "FileAlreadyExists");
    let astray = lab.create_disk("nowhere/x.vmdk", "thin", 1024).await.error.unwrap();
    assert_eq!(astray.fault.type_name(), "FileNotFound");

    let uuid = lab.call("QueryVirtualDiskUuid", &manager, &lab.named("thin.vmdk")).await.unwrap();
    assert!(uuid.contains("60 00 C2 9"), "{uuid}");
    let new = "6000c290-1111-2222-3333-444455556666";
    let set = format!("{}<uuid>{new}</uuid>", lab.named("thin.vmdk"));
    lab.call("SetVirtualDiskUuid", &manager, &set).await.unwrap();
    let uuid = lab.call("QueryVirtualDiskUuid", &manager, &lab.named("thin.vmdk")).await.unwrap();
    assert!(uuid.contains("60 00 c2 90 11 11 22 22-33 33 44 44 55 55 66 66"), "{uuid}");

    lab.done("DeleteVirtualDisk_Task", &manager, &lab.named("thin.vmdk")).await;
    assert_eq!(free(), before);
}

#[tokio::test]
async fn a_browser_finds_what_is_asked_for() {
    let lab = Lab::new().await;
    lab.create_disk("DC0_H0_VM0/data.vmdk", "preallocated", 2048).await;
    let browser = lab.datastore("LocalDS_0").browser;
    let search = async |method: &str, path: &str, spec: &str| {
        let args =
            format!("<datastorePath>[LocalDS_0] {path}</datastorePath><searchSpec>{spec}</searchSpec>");
        lab.done(method, &browser, &args).await
    };
    let names = |results: &HostDatastoreBrowserSearchResults| {
        results.file.iter().map(|file| file.path.clone()).collect::<Vec<_>>()
    };
    let details = "<details><fileType>true</fileType><fileSize>true</fileSize>\
                   <modification>true</modification><fileOwner>true</fileOwner></details>";
    let found = search("SearchDatastore_Task", "DC0_H0_VM0", details).await;
    let found: &HostDatastoreBrowserSearchResults = found.downcast_ref().unwrap();
    assert_eq!(found.folder_path.as_deref(), Some("[LocalDS_0] DC0_H0_VM0/"));
    let all = [
        "DC0_H0_VM0.nvram",
        "DC0_H0_VM0.vmx",
        "data-flat.vmdk",
        "data.vmdk",
        "disk1-flat.vmdk",
        "disk1.vmdk",
        "vmware.log",
    ];
    let found = names(found);
    assert!(all.iter().all(|name| found.contains(&(*name).to_owned())), "{found:?}");

    let disks = format!(
        "<query xsi:type=\"VmDiskFileQuery\"><details><diskType>true</diskType><capacityKb>true</capacityKb>\
         <hardwareVersion>false</hardwareVersion><diskExtents>true</diskExtents><thin>true</thin></details></query>\
         {details}<matchPattern>d*.vmdk</matchPattern>"
    );
    let found = search("SearchDatastore_Task", "DC0_H0_VM0", &disks).await;
    let found: &HostDatastoreBrowserSearchResults = found.downcast_ref().unwrap();
    assert_eq!(names(found), ["data.vmdk", "disk1.vmdk"], "a disk is one file to who asks for disks");
    let disk: &VmDiskFileInfo = found.file[0].downcast_ref().unwrap();
    assert_eq!((disk.capacity_kb, disk.thin, disk.file_size), (Some(2048), Some(false), Some(2 << 20)));
    assert_eq!(disk.disk_extents, ["[LocalDS_0] DC0_H0_VM0/data-flat.vmdk"]);

    let folders = "<query xsi:type=\"FolderFileQuery\"/><matchPattern>dc0_h*</matchPattern>";
    let found = search("SearchDatastore_Task", "", folders).await;
    assert_eq!(names(found.downcast_ref().unwrap()), [""; 0]);
    let folders = folders.replace("<match", "<searchCaseInsensitive>true</searchCaseInsensitive><match");
    let found = search("SearchDatastore_Task", "", &folders).await;
    let found: &HostDatastoreBrowserSearchResults = found.downcast_ref().unwrap();
    assert_eq!(names(found), ["DC0_H0_VM0", "DC0_H0_VM1"]);
    assert!(found.file[0].downcast_ref::<FolderFileInfo>().is_some());

    let found = search("SearchDatastoreSubFolders_Task", "", "<matchPattern>*.vmx</matchPattern>").await;
    assert_eq!(found.as_array().unwrap().len(), 5, "four folders and the root");
    let args = "<datastorePath>[LocalDS_0] nowhere</datastorePath>";
    assert_eq!(lab.fails("SearchDatastore_Task", &browser, args).await.0, "FileNotFound");
    let other =
        lab.call("SearchDatastore_Task", &browser, "<datastorePath>[LocalDS_1]</datastorePath>").await;
    assert!(other.unwrap_err().is_named("InvalidDatastore"));
}
