use super::*;
use vim_types::mo::FolderProperties;

fn manager(lab: &Lab) -> MoRef {
    lab.sim().content.view_manager.clone().unwrap()
}

async fn try_container(lab: &Lab, of: &MoRef, types: &[&str], recursive: bool) -> Result<MoRef> {
    let types: String = types.iter().map(|kind| format!("<type>{kind}</type>")).collect();
    let args = format!(
        "<container type=\"{}\">{}</container>{types}<recursive>{recursive}</recursive>",
        of.kind(),
        of.value()
    );
    lab.call("CreateContainerView", &manager(lab), &args).await.map(|made| reference("ContainerView", &made))
}

pub(super) async fn container(lab: &Lab, of: &MoRef, types: &[&str], recursive: bool) -> MoRef {
    try_container(lab, of, types, recursive).await.unwrap()
}

/// What a view shows, by its property.
async fn shown(lab: &Lab, view: &MoRef) -> Vec<String> {
    let answer = lab.retrieve(&of(view.kind(), &["view"], &[view])).await.unwrap();
    let mut shown: Vec<String> =
        answer.split("<ManagedObjectReference ").skip(1).map(|item| between(item, ">", "<")).collect();
    shown.sort();
    shown
}

fn ids(morefs: &[MoRef]) -> Vec<String> {
    let mut ids: Vec<String> = morefs.iter().map(|moref| moref.value().to_owned()).collect();
    ids.sort();
    ids
}

fn all(lab: &Lab, kind: &str) -> Vec<MoRef> {
    lab.sim().read(|world| world.of_kind(kind).iter().map(|node| node.moref.clone()).collect())
}

async fn larger() -> Lab {
    Lab::with(
        Model::vcenter()
            .datacenters(2)
            .clusters(2)
            .hosts(2)
            .resource_pools(1)
            .standalone_hosts(1)
            .vms(2)
            .apps(1),
    )
    .await
}

#[tokio::test]
async fn a_container_view_shows_all_of_the_types_below() {
    let lab = larger().await;
    let root = lab.sim().content.root_folder.clone();
    for kind in [
        "VirtualMachine",
        "HostSystem",
        "Datastore",
        "Network",
        "ResourcePool",
        "ComputeResource",
        "ClusterComputeResource",
        "Datacenter",
        "VirtualApp",
        "DistributedVirtualPortgroup",
    ] {
        let view = container(&lab, &root, &[kind], true).await;
        assert_eq!(shown(&lab, &view).await, ids(&all(&lab, kind)), "{kind}");
    }
    let mut entities = all(&lab, "ManagedEntity");
    entities.retain(|moref| *moref != root);
    for types in [&["ManagedEntity"][..], &[]] {
        let view = container(&lab, &root, types, true).await;
        assert_eq!(shown(&lab, &view).await, ids(&entities));
    }
    let view = container(&lab, &root, &["VirtualMachine", "HostSystem"], true).await;
    assert_eq!(
        shown(&lab, &view).await.len(),
        all(&lab, "VirtualMachine").len() + all(&lab, "HostSystem").len()
    );
}

#[tokio::test]
async fn without_recursion_it_shows_the_children() {
    let lab = larger().await;
    let root = lab.sim().content.root_folder.clone();
    let view = container(&lab, &root, &[], false).await;
    assert_eq!(shown(&lab, &view).await, ids(&all(&lab, "Datacenter")));
    let view = container(&lab, &root, &["VirtualMachine"], false).await;
    assert!(shown(&lab, &view).await.is_empty());
    let dc = lab.named("Datacenter", "DC0");
    let view = container(&lab, &dc, &[], false).await;
    assert_eq!(shown(&lab, &view).await.len(), 4);
}

#[tokio::test]
async fn hosts_pools_and_clusters_are_containers() {
    let lab = larger().await;
    let by_host = lab.sim().read(|world| {
        let host = world.of_kind("HostSystem")[0];
        (host.moref.clone(), host.properties::<vim_types::mo::HostSystemProperties>().unwrap().vm.clone())
    });
    let view = container(&lab, &by_host.0, &["VirtualMachine"], true).await;
    assert_eq!(shown(&lab, &view).await, ids(&by_host.1));
    for name in ["DC0_C0", "DC0_H0"] {
        let cluster = lab.named("ComputeResource", name);
        let view = container(&lab, &cluster, &["HostSystem", "ResourcePool", "VirtualMachine"], true).await;
        // The property and the membership test agree, for every entity.
        let shown = shown(&lab, &view).await;
        assert!(!shown.is_empty());
        agrees(&lab, &view, &shown);
    }
}

/// What a view says of each entity by itself is what it lists.
fn agrees(lab: &Lab, view: &MoRef, shown: &[String]) {
    let view: Arc<crate::mo::view::View> = lab.session.as_ref().unwrap().find(view).unwrap();
    lab.sim().read(|world| {
        for node in world.nodes() {
            let listed = shown.iter().any(|id| id == node.moref.value());
            assert_eq!(view.contains(world, node), listed, "{}", node.moref);
        }
    });
}

#[tokio::test]
async fn listing_and_membership_agree() {
    let lab = larger().await;
    let containers: Vec<MoRef> = all(&lab, "ManagedEntity")
        .into_iter()
        .filter(|moref| lab.sim().read(|world| crate::mo::view::is_container(world.node(moref).unwrap())))
        .collect();
    assert!(containers.len() > 10);
    for of in &containers {
        for recursive in [true, false] {
            let view = container(&lab, of, &[], recursive).await;
            let shown = shown(&lab, &view).await;
            agrees(&lab, &view, &shown);
        }
    }
}

#[tokio::test]
async fn wrong_containers_and_types_are_refused() {
    let lab = Lab::new().await;
    let root = lab.sim().content.root_folder.clone();
    let vm = lab.vms().remove(0);
    let gone = MoRef::new("Folder", "group-v99999");
    assert!(is(&try_container(&lab, &vm, &[], true).await.unwrap_err(), "InvalidArgument"));
    assert!(is(&try_container(&lab, &gone, &[], true).await.unwrap_err(), "ManagedObjectNotFound"));
    for kind in ["Task", "Nonsense", "View"] {
        assert!(
            is(&try_container(&lab, &root, &[kind], true).await.unwrap_err(), "InvalidArgument"),
            "{kind}"
        );
    }
}

#[tokio::test]
async fn a_filter_through_a_container_view_follows_the_inventory() {
    let lab = larger().await;
    let dc = lab.named("Datacenter", "DC0");
    let (inside, outside) = lab.sim().read(|world| {
        let folder = |name: &str| {
            let dc = world.of_kind("Datacenter").into_iter().find(|dc| dc.name() == name).unwrap();
            dc.properties::<vim_types::mo::DatacenterProperties>().unwrap().vm_folder.clone()
        };
        (folder("DC0"), folder("DC1"))
    });
    let view = container(&lab, &dc, &["VirtualMachine"], true).await;
    lab.filter(&through(&view, "VirtualMachine", &["name"]), false).await;
    let mut version = version(&lab.check("").await);
    let mut next = async |expected: &[String]| {
        let answer = lab.check(&version).await;
        if answer.is_empty() {
            assert_eq!(expected.len(), 0);
            return;
        }
        assert_eq!(updates(&answer), expected);
        version = super::version(&answer);
    };
    let vm = lab.add_vm("new", &outside);
    next(&[]).await;
    let moved = |to: &MoRef, from: &MoRef| {
        lab.edit(|tx| {
            tx.edit::<FolderProperties>(from)?.child_entity.retain(|child| *child != vm);
            tx.edit::<FolderProperties>(to)?.child_entity.push(vm.clone());
            tx.set_parent(&vm, to)
        });
    };
    moved(&inside, &outside);
    next(&[format!("enter {} assign name=new", vm.value())]).await;
    moved(&outside, &inside);
    next(&[format!("leave {}", vm.value())]).await;
    // A folder with something in it comes in as a whole.
    let folder = lab.edit(|tx| {
        let folder = tx.new_ref("Folder");
        let entity =
            ManagedEntityProperties { name: "f".into(), parent: Some(outside.clone()), ..Default::default() };
        tx.create(&folder, FolderProperties { extends: entity, ..Default::default() });
        tx.edit::<FolderProperties>(&outside)?.child_entity.push(folder.clone());
        Ok(folder)
    });
    moved(&folder, &outside);
    next(&[]).await;
    lab.edit(|tx| {
        tx.edit::<FolderProperties>(&outside)?.child_entity.retain(|child| *child != folder);
        tx.edit::<FolderProperties>(&inside)?.child_entity.push(folder.clone());
        tx.set_parent(&folder, &inside)
    });
    next(&[format!("enter {} assign name=new", vm.value())]).await;
    lab.edit(|tx| {
        tx.remove(&vm);
        tx.edit::<FolderProperties>(&folder)?.child_entity.clear();
        Ok(())
    });
    next(&[format!("leave {}", vm.value())]).await;
    // Without the view, there is nothing to be seen.
    lab.call("DestroyView", &view, "").await.unwrap();
    let answer = lab.check(&version).await;
    assert!(
        updates(&answer).iter().all(|update| update.starts_with("leave")) && !answer.is_empty(),
        "{answer}"
    );
}

#[tokio::test]
async fn a_filter_by_other_ways_follows_the_inventory_too() {
    let lab = Lab::new().await;
    let folder = lab.named("Folder", "vm");
    let spec = format!(
        "<propSet><type>VirtualMachine</type><pathSet>name</pathSet></propSet><objectSet>{}<skip>true</skip>\
         <selectSet xsi:type=\"TraversalSpec\"><name>down</name><type>Folder</type><path>childEntity</path>\
         <selectSet><name>down</name></selectSet></selectSet></objectSet>",
        obj(&folder)
    );
    lab.filter(&spec, false).await;
    let version = version(&lab.check("").await);
    let vm = lab.add_vm("new", &folder);
    let answer = lab.check(&version).await;
    assert_eq!(updates(&answer), [format!("enter {} assign name=new", vm.value())]);
    lab.edit(|tx| {
        tx.edit::<FolderProperties>(&folder)?.child_entity.retain(|child| *child != vm);
        Ok(())
    });
    assert_eq!(updates(&lab.check("2").await), [format!("leave {}", vm.value())]);
}

async fn list(lab: &Lab, objects: &[MoRef]) -> MoRef {
    let objects: String = objects.iter().map(obj).collect();
    reference("ListView", &lab.call("CreateListView", &manager(lab), &objects).await.unwrap())
}

#[tokio::test]
async fn lists_are_edited_and_their_filters_follow() {
    let lab = Arc::new(Lab::new().await);
    let vms = lab.vms();
    let view = list(&lab, &vms[..1]).await;
    lab.filter(&through(&view, "VirtualMachine", &["name"]), false).await;
    assert_eq!(updates(&lab.check("").await).len(), 1);
    let waiting = tokio::spawn({
        let lab = Arc::clone(&lab);
        async move { lab.wait("1", "").await }
    });
    tokio::task::yield_now().await;
    let item =
        |name: &str, moref: &MoRef| format!("<{name} type=\"{}\">{}</{name}>", moref.kind(), moref.value());
    let gone = MoRef::new("VirtualMachine", "vm-9999");
    let args = format!("{}{}{}", item("add", &vms[1]), item("add", &gone), item("remove", &vms[0]));
    let missing = lab.call("ModifyListView", &view, &args).await.unwrap();
    assert_eq!(missing, "<returnval type=\"VirtualMachine\">vm-9999</returnval>");
    let told = updates(&waiting.await.unwrap().unwrap());
    assert_eq!(told.len(), 2);
    assert!(told.contains(&format!("leave {}", vms[0].value())), "{told:?}");
    assert_eq!(shown(&lab, &view).await, ids(&vms[1..2]));
    lab.call("ResetListView", &view, &obj(&vms[2])).await.unwrap();
    assert_eq!(shown(&lab, &view).await, ids(&vms[2..]));
    let told = updates(&lab.check("2").await);
    assert_eq!(told.len(), 2, "{told:?}");
    // A view of a view.
    let all = container(&lab, &lab.sim().content.root_folder.clone(), &["VirtualMachine"], true).await;
    let from = item("view", &all);
    lab.call("ResetListViewFromView", &view, &from).await.unwrap();
    assert_eq!(shown(&lab, &view).await, ids(&vms));
    let copy =
        reference("ListView", &lab.call("CreateListViewFromView", &manager(&lab), &from).await.unwrap());
    assert_eq!(shown(&lab, &copy).await, ids(&vms));
    // What is gone is not shown.
    lab.edit(|tx| {
        tx.remove(&vms[0]);
        Ok(())
    });
    assert_eq!(shown(&lab, &copy).await, ids(&vms[1..]));
    let fault = lab.call("CreateListView", &manager(&lab), &obj(&gone)).await.unwrap_err();
    assert!(is(&fault, "ManagedObjectNotFound"));
    let fault = lab.call("ModifyListView", &all, "").await.unwrap_err();
    assert!(is(&fault, "MethodNotFound"), "{fault:?}");
}

#[tokio::test]
async fn the_manager_knows_the_session_s_views() {
    let mut lab = Lab::new().await;
    let view = list(&lab, &lab.vms()).await;
    let spec = of("ViewManager", &["viewList"], &[&manager(&lab)]);
    assert!(lab.retrieve(&spec).await.unwrap().contains(view.value()));
    lab.session = Some(lab.log_in("another"));
    assert!(!lab.retrieve(&spec).await.unwrap().contains(view.value()));
    assert!(is(&lab.call("DestroyView", &view, "").await.unwrap_err(), "ManagedObjectNotFound"));
}

#[tokio::test]
async fn an_inventory_view_shows_what_is_open() {
    let lab = Lab::new().await;
    let made = lab.call("CreateInventoryView", &manager(&lab), "").await.unwrap();
    let view = reference("InventoryView", &made);
    let root = lab.sim().content.root_folder.clone();
    assert_eq!(shown(&lab, &view).await, ids(std::slice::from_ref(&root)));
    lab.filter(&through(&view, "ManagedEntity", &["name"]), false).await;
    assert_eq!(updates(&lab.check("").await).len(), 1);
    let entity = |moref: &MoRef| format!("<entity type=\"{}\">{}</entity>", moref.kind(), moref.value());
    let folder = lab.named("Folder", "vm");
    let gone = MoRef::new("Folder", "group-v9999");
    let args = format!("{}{}", entity(&folder), entity(&gone));
    let missing = lab.call("OpenInventoryViewFolder", &view, &args).await.unwrap();
    assert!(missing.contains("group-v9999"));
    // The root, the datacenter with its four folders, and the VMs.
    assert_eq!(shown(&lab, &view).await.len(), 1 + 1 + 4 + 3);
    assert_eq!(updates(&lab.check("1").await).len(), 8);
    let vm = lab.add_vm("new", &folder);
    assert_eq!(updates(&lab.check("2").await), [format!("enter {} assign name=new", vm.value())]);
    lab.call("CloseInventoryViewFolder", &view, &entity(&folder)).await.unwrap();
    assert_eq!(updates(&lab.check("3").await).len(), 4);
    assert_eq!(shown(&lab, &view).await.len(), 6);
}
