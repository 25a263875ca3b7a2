use super::*;
use vim_types::GuestInfo;

async fn find(lab: &Lab, method: &str, args: &str) -> Result<String> {
    lab.call(method, &lab.sim().content.search_index.clone().unwrap(), args).await
}

#[tokio::test]
async fn virtual_machines_are_found_by_their_ids() {
    let lab = Lab::new().await;
    let vm = lab.vms().remove(1);
    let dc = lab.named("Datacenter", "DC0");
    lab.edit(|tx| {
        let properties = tx.edit::<VirtualMachineProperties>(&vm)?;
        let config = properties.config.as_mut().unwrap();
        config.uuid = "4210aaaa-0000-0000-0000-000000000001".into();
        config.instance_uuid = Some("5010aaaa-0000-0000-0000-000000000001".into());
        properties.guest = Some(GuestInfo {
            ip_address: Some("10.1.2.3".into()),
            host_name: Some("web.example.com".into()),
            ..Default::default()
        });
        Ok(())
    });
    let found = format!("<returnval type=\"VirtualMachine\">{}</returnval>", vm.value());
    let datacenter = format!("<datacenter type=\"Datacenter\">{}</datacenter>", dc.value());
    for (method, args) in [
        ("ByUuid", "<uuid>4210AAAA-0000-0000-0000-000000000001</uuid><vmSearch>true</vmSearch>"),
        (
            "ByUuid",
            "<uuid>5010aaaa-0000-0000-0000-000000000001</uuid><vmSearch>true</vmSearch><instanceUuid>true</instanceUuid>",
        ),
        ("ByIp", "<ip>10.1.2.3</ip><vmSearch>true</vmSearch>"),
        ("ByDnsName", "<dnsName>WEB.example.com</dnsName><vmSearch>true</vmSearch>"),
    ] {
        for method in [format!("Find{method}"), format!("FindAll{method}")] {
            assert_eq!(find(&lab, &method, args).await.unwrap(), found, "{method}");
            assert_eq!(find(&lab, &method, &format!("{datacenter}{args}")).await.unwrap(), found, "{method}");
            let hosts = args.replace("<vmSearch>true", "<vmSearch>false");
            assert_eq!(find(&lab, &method, &hosts).await.unwrap(), "", "{method}");
        }
    }
    let uuid = "<uuid>5010aaaa-0000-0000-0000-000000000001</uuid><vmSearch>true</vmSearch>";
    assert_eq!(find(&lab, "FindByUuid", uuid).await.unwrap(), "");
    let elsewhere = format!("<datacenter type=\"Datacenter\">datacenter-999</datacenter>{uuid}");
    assert!(is(&find(&lab, "FindByUuid", &elsewhere).await.unwrap_err(), "ManagedObjectNotFound"));
}

#[tokio::test]
async fn paths_lead_through_the_inventory() {
    let lab = Lab::new().await;
    let vm = lab.named("VirtualMachine", "DC0_C0_RP0_VM0");
    let odd = lab.add_vm("a%2fb%25", &lab.named("Folder", "vm"));
    let by_path = async |path: &str| {
        find(&lab, "FindByInventoryPath", &format!("<inventoryPath>{path}</inventoryPath>")).await.unwrap()
    };
    let found = format!("<returnval type=\"VirtualMachine\">{}</returnval>", vm.value());
    for path in [
        "DC0/vm/DC0_C0_RP0_VM0",
        "/DC0/vm/DC0_C0_RP0_VM0",
        "/DC0/vm/DC0_C0_RP0_VM0/",
        "/DC0/host/DC0_C0/Resources/DC0_C0_RP0_VM0",
    ] {
        assert_eq!(by_path(path).await, found, "{path}");
    }
    assert!(by_path("/").await.contains("group-d1"));
    assert_eq!(by_path("").await, "");
    assert_eq!(by_path("/DC0/vm/nobody").await, "");
    assert!(by_path("/DC0/host/DC0_C0/DC0_C0_H0").await.contains("HostSystem"));
    assert!(by_path("/DC0/vm/a%2fb%25").await.contains(odd.value()));
}

#[tokio::test]
async fn children_are_found_by_name() {
    let lab = Lab::new().await;
    let dc = lab.named("Datacenter", "DC0");
    let args = |of: &MoRef, name: &str| {
        format!("<entity type=\"{}\">{}</entity><name>{name}</name>", of.kind(), of.value())
    };
    assert!(find(&lab, "FindChild", &args(&dc, "vm")).await.unwrap().contains("\"Folder\""));
    assert_eq!(find(&lab, "FindChild", &args(&dc, "nobody")).await.unwrap(), "");
    let cluster = lab.named("ComputeResource", "DC0_C0");
    assert!(
        find(&lab, "FindChild", &args(&cluster, "Resources")).await.unwrap().contains("\"ResourcePool\"")
    );
    let gone = MoRef::new("Folder", "group-v9999");
    assert!(is(&find(&lab, "FindChild", &args(&gone, "vm")).await.unwrap_err(), "ManagedObjectNotFound"));
}

#[tokio::test]
async fn a_file_leads_to_its_machine() {
    let lab = Lab::new().await;
    let vm = lab.vms().remove(0);
    let path = lab.sim().read(|world| {
        let vm = world.get::<VirtualMachineProperties>(&vm).unwrap();
        vm.config.as_ref().unwrap().files.vm_path_name.clone().unwrap()
    });
    let dc = lab.named("Datacenter", "DC0");
    let args = |path: &str| {
        format!("<datacenter type=\"Datacenter\">{}</datacenter><path>{path}</path>", dc.value())
    };
    assert!(find(&lab, "FindByDatastorePath", &args(&path)).await.unwrap().contains(vm.value()));
    assert_eq!(find(&lab, "FindByDatastorePath", &args("[LocalDS_0] no/no.vmx")).await.unwrap(), "");
    for path in ["[nowhere] a/a.vmx", "a/a.vmx"] {
        let fault = find(&lab, "FindByDatastorePath", &args(path)).await.unwrap_err();
        assert!(is(&fault, "InvalidDatastore"), "{fault:?}");
    }
}
