use super::*;
use vim_types::InvalidProperty;

#[tokio::test]
async fn properties_come_in_the_order_in_which_they_were_asked_for() {
    let lab = Lab::new().await;
    let folder = lab.named("Folder", "vm");
    let vm = lab.add_vm("alone", &folder);
    let spec =
        of("VirtualMachine", &["runtime.powerState", "name", "guest.ipAddress", "snapshot", "tag"], &[&vm]);
    let id = vm.value();
    assert_eq!(
        lab.retrieve(&spec).await.unwrap(),
        format!(
            "<returnval><objects><obj type=\"VirtualMachine\">{id}</obj><propSet><name>runtime.powerState</name>\
             <val xsi:type=\"VirtualMachinePowerState\">poweredOff</val></propSet><propSet><name>name</name>\
             <val xsi:type=\"xsd:string\">alone</val></propSet><propSet><name>tag</name>\
             <val xsi:type=\"ArrayOfTag\"></val></propSet></objects></returnval>"
        )
    );
}

#[tokio::test]
async fn an_object_is_told_once_with_what_all_specifications_want_of_it() {
    let lab = Lab::new().await;
    let vm = &lab.vms()[0];
    let spec = format!(
        "<propSet><type>ManagedEntity</type><pathSet>name</pathSet></propSet>{}",
        of("VirtualMachine", &["runtime.powerState", "name"], &[vm, vm])
    );
    let answer = lab.retrieve(&spec).await.unwrap();
    assert_eq!(count(&answer, "<objects>"), 1);
    assert_eq!(count(&answer, "<name>name</name>"), 1);
    assert_eq!(count(&answer, "<name>runtime.powerState</name>"), 1);
}

#[tokio::test]
async fn without_paths_there_are_references_alone() {
    let lab = Lab::new().await;
    let vm = &lab.vms()[0];
    let answer = lab.retrieve(&of("VirtualMachine", &[], &[vm])).await.unwrap();
    assert_eq!(
        answer,
        format!(
            "<returnval><objects><obj type=\"VirtualMachine\">{}</obj></objects></returnval>",
            vm.value()
        )
    );
    // What no specification is of is not reported.
    let answer = lab.retrieve(&of("HostSystem", &["name"], &[vm])).await.unwrap();
    assert_eq!(answer, "");
}

#[tokio::test]
async fn all_means_the_version_s_properties() {
    let lab = Lab::new().await;
    let vm = &lab.vms()[0];
    let spec = format!(
        "<propSet><type>VirtualMachine</type><all>true</all></propSet><objectSet>{}</objectSet>",
        obj(vm)
    );
    let answer = lab.retrieve(&spec).await.unwrap();
    for path in ["name", "parent", "config", "runtime", "summary", "resourcePool"] {
        assert!(answer.contains(&format!("<name>{path}</name>")), "{path} in {answer}");
    }
}

#[tokio::test]
async fn keys_lead_into_lists() {
    let lab = Lab::new().await;
    let vm = &lab.vms()[0];
    let device = lab.sim().read(|world| {
        let vm = world.get::<VirtualMachineProperties>(vm).unwrap();
        vm.config.as_ref().unwrap().hardware.device.iter().find(|device| device.key >= 1000).unwrap().key
    });
    let path = format!("config.hardware.device[{device}]");
    let deep = format!("{path}.key");
    let answer = lab.retrieve(&of("VirtualMachine", &[&path, &deep], &[vm])).await.unwrap();
    assert!(
        answer.contains(&format!("<name>{deep}</name><val xsi:type=\"xsd:int\">{device}</val>")),
        "{answer}"
    );
    assert!(answer.contains(&format!("<name>{path}</name><val xsi:type=\"Virtual")), "{answer}");
    // A key that is not there is no mistake, and no value.
    let answer =
        lab.retrieve(&of("VirtualMachine", &["config.hardware.device[77777]"], &[vm])).await.unwrap();
    assert!(!answer.contains("propSet"), "{answer}");
}

#[tokio::test]
async fn unknown_names_are_faults() {
    let lab = Lab::new().await;
    let vm = lab.vms().remove(0);
    for path in [
        "nonsense",
        "config.nonsense",
        "config.hardware.device.key",
        "name.length",
        "runtime[1]",
        "tag[1].nonsense",
        "config.hardware.device[4000].nonsense",
        "",
    ] {
        let fault = lab.retrieve(&of("VirtualMachine", &[path], &[&vm])).await.unwrap_err();
        let detail: &InvalidProperty =
            fault.detail.downcast_ref().unwrap_or_else(|| panic!("{path}: {fault:?}"));
        assert_eq!(detail.name, path);
    }
    for kind in ["Nonsense", "virtualMachine", "VirtualMachineConfigInfo"] {
        let fault = lab.retrieve(&of(kind, &[], &[&vm])).await.unwrap_err();
        assert!(is(&fault, "InvalidType"), "{kind}: {fault:?}");
    }
    // A field of a subtype can be there.
    lab.retrieve(&of("VirtualMachine", &["config.hardware.device[4000].macAddress"], &[&vm])).await.unwrap();
}

#[tokio::test]
async fn what_is_newer_than_the_version_spoken_is_unknown() {
    let lab = Lab::new().await;
    let vm = &lab.vms()[0];
    let old = vim_types::VIM25.index_of("6.0");
    let get = async |version, path: &str| {
        let args = format!("<specSet>{}</specSet><options/>", of("VirtualMachine", &[path], &[vm]));
        lab.call_in(version, "RetrievePropertiesEx", &collector(), &args).await
    };
    assert!(get(old, "name").await.is_ok());
    assert!(is(&get(old, "runtime.cryptoState").await.unwrap_err(), "InvalidProperty"));
    assert!(get(lab.sim().config.version, "runtime.cryptoState").await.is_ok());
    let config = get(old, "config").await.unwrap();
    assert!(!config.contains("<bootOptions><efiSecureBootEnabled"), "{config}");
}

#[tokio::test]
async fn a_missing_object_fails_the_whole_unless_it_may_be_missing() {
    let lab = Lab::new().await;
    let vm = &lab.vms()[0];
    let gone = MoRef::new("VirtualMachine", "vm-9999");
    let spec = of("VirtualMachine", &["name"], &[&gone, vm]);
    assert!(is(&lab.retrieve(&spec).await.unwrap_err(), "ManagedObjectNotFound"));
    let answer = lab
        .retrieve(&format!("{spec}<reportMissingObjectsInResults>true</reportMissingObjectsInResults>"))
        .await;
    assert_eq!(count(&answer.unwrap(), "<objects>"), 1);
}

#[tokio::test]
async fn named_selections_recur() {
    let lab = Lab::new().await;
    let root = lab.sim().content.root_folder.clone();
    let spec = format!(
        "<propSet><type>ManagedEntity</type></propSet><objectSet>{}\
         <selectSet xsi:type=\"TraversalSpec\"><name>folders</name><type>Folder</type><path>childEntity</path>\
         <selectSet><name>folders</name></selectSet><selectSet><name>datacenter</name></selectSet></selectSet>\
         <selectSet xsi:type=\"TraversalSpec\"><name>datacenter</name><type>Datacenter</type><path>vmFolder</path>\
         <skip>true</skip><selectSet><name>folders</name></selectSet></selectSet></objectSet>",
        obj(&root)
    );
    let answer = lab.retrieve(&spec).await.unwrap();
    // The root, the datacenter, three VMs; not the VM folder, which is only passed through.
    assert_eq!(count(&answer, "<objects>"), 5, "{answer}");
    assert_eq!(count(&answer, "\"VirtualMachine\""), 3);
    assert_eq!(count(&answer, "\"Folder\""), 1);
    let unknown = spec.replace(
        "<selectSet><name>datacenter</name></selectSet>",
        "<selectSet><name>nobody</name></selectSet>",
    );
    let fault = lab.retrieve(&unknown).await.unwrap_err();
    assert!(is(&fault, "InvalidArgument") && fault.message.contains("nobody"), "{fault:?}");
}

#[tokio::test]
async fn ways_that_lead_in_a_circle_end() {
    let lab = Lab::new().await;
    let vm = &lab.vms()[0];
    let spec = format!(
        "<propSet><type>ManagedEntity</type></propSet><objectSet>{}\
         <selectSet xsi:type=\"TraversalSpec\"><name>up</name><type>ManagedEntity</type><path>parent</path>\
         <selectSet><name>up</name></selectSet><selectSet><name>down</name></selectSet></selectSet>\
         <selectSet xsi:type=\"TraversalSpec\"><name>down</name><type>Folder</type><path>childEntity</path>\
         <selectSet><name>up</name></selectSet><selectSet><name>down</name></selectSet></selectSet></objectSet>",
        obj(vm)
    );
    let answer = lab.retrieve(&spec).await.unwrap();
    assert!(count(&answer, "<objects>") >= 6, "{answer}");
}

#[tokio::test]
async fn a_traversal_is_gone_from_objects_of_its_type_alone() {
    let lab = Lab::new().await;
    let vm = &lab.vms()[0];
    let way = |kind: &str, path: &str| {
        format!(
            "<propSet><type>ManagedEntity</type></propSet><objectSet>{}<skip>true</skip>\
             <selectSet xsi:type=\"TraversalSpec\"><type>{kind}</type><path>{path}</path></selectSet></objectSet>",
            obj(vm)
        )
    };
    assert_eq!(count(&lab.retrieve(&way("ManagedEntity", "parent")).await.unwrap(), "<objects>"), 1);
    assert_eq!(
        count(&lab.retrieve(&way("VirtualMachine", "runtime.host")).await.unwrap(), "\"HostSystem\""),
        1
    );
    assert_eq!(lab.retrieve(&way("HostSystem", "vm")).await.unwrap(), "");
    assert!(is(&lab.retrieve(&way("VirtualMachine", "nowhere")).await.unwrap_err(), "InvalidArgument"));
}

#[tokio::test]
async fn the_older_method_answers_the_objects_themselves() {
    let lab = Lab::new().await;
    let vm = &lab.vms()[0];
    let args = format!("<specSet>{}</specSet>", of("VirtualMachine", &["name"], &[vm]));
    let answer = lab.collector("RetrieveProperties", &args).await.unwrap();
    assert!(answer.starts_with("<returnval><obj type=\"VirtualMachine\">"), "{answer}");
}

#[tokio::test]
async fn a_specification_has_objects_and_types() {
    let lab = Lab::new().await;
    let fault = lab.retrieve("<propSet><type>VirtualMachine</type></propSet>").await.unwrap_err();
    assert!(is(&fault, "InvalidArgument") || is(&fault, "InvalidRequest"), "{fault:?}");
}
