//! Inventory paths against vcsim.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use vcsim_tests::Vcsim;
use vim_client::ErrorKind;
use vim_client::ManagedObject;

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn names_paths_and_patterns_find_what_govc_finds() {
    let vcsim = Vcsim::start(&["-vm", "3", "-pool", "1", "-folder", "1", "-ds", "2"]).await;
    let client = vcsim.connect().await;
    let inventory = client.inventory("");
    let home = inventory.home().await.unwrap().path;

    let all = inventory.virtual_machine("*").all().await.unwrap();
    assert_eq!(all.len(), 6);
    for vm in &all {
        assert_eq!(client.path_of(vm.handle().moref()).await.unwrap(), vm.path);
        let again = inventory.virtual_machine(vm.path.clone()).one().await.unwrap();
        assert_eq!(again.handle().moref(), vm.handle().moref());
        let by_ref = inventory.virtual_machine(vm.handle().moref().to_string()).one().await.unwrap();
        assert_eq!(by_ref.path, vm.path);
    }
    assert_eq!(inventory.virtual_machine("DC0_H0_VM[0-1]").all().await.unwrap().len(), 2);
    assert_eq!(inventory.virtual_machine("/.../DC0_H0_VM?").all().await.unwrap().len(), 3);
    assert_eq!(inventory.host("*").all().await.unwrap().len(), 4);
    assert_eq!(inventory.cluster("*").all().await.unwrap().len(), 1);
    assert_eq!(inventory.compute_resource("*").all().await.unwrap().len(), 2);
    assert_eq!(inventory.datastore("*").all().await.unwrap().len(), 2);
    assert!(inventory.network("*").all().await.unwrap().iter().any(|network| network.name == "VM Network"));
    assert_eq!(inventory.resource_pool("*/DC0_C0/Resources/*").all().await.unwrap().len(), 1);
    assert_eq!(inventory.datacenter("*").one().await.unwrap().path, home);
    let pool =
        inventory.resource_pool(format!("{home}/host/*/DC0_C0/Resources/DC0_C0_RP1")).all().await.unwrap();
    assert_eq!(pool.len(), 1, "{pool:?}");
    client.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn what_is_not_found_or_not_alone_is_said_with_names() {
    let vcsim = Vcsim::start(&["-vm", "2", "-dc", "2"]).await;
    let client = vcsim.connect().await;
    let error = client.inventory("DC1").virtual_machine("DC1_H0_VM9").one().await.unwrap_err();
    assert!(error.is_not_found());
    let text = error.to_string();
    assert!(text.contains("finding VirtualMachine \"DC1_H0_VM9\"") && text.contains("DC1_H0_VM0"), "{text}");
    assert!(client.inventory("DC1").virtual_machine("none").optional().await.unwrap().is_none());

    let error = client.inventory("DC0").virtual_machine("DC0_H0_VM*").one().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    assert!(error.to_string().contains("/DC0/vm/DC0_H0_VM0, /DC0/vm/DC0_H0_VM1"), "{error}");

    let error = client.inventory("").virtual_machine("DC0_H0_VM0").one().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    assert!(error.to_string().contains("name the datacenter"), "{error}");

    let gone = vim_client::MoRef::new("VirtualMachine", "vm-9999");
    let error = client.path_of(&gone).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    client.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn lesson_18_names_with_slashes_are_found_by_both_spellings() {
    let vcsim = Vcsim::start(&["-vm", "1", "-autostart=false"]).await;
    let client = vcsim.connect().await;
    let inventory = client.inventory("DC0");
    let vm = inventory.virtual_machine("DC0_H0_VM0").one().await.unwrap();
    vm.rename("a%2fb").await.unwrap().await.unwrap();
    let found = inventory.virtual_machine("/DC0/vm/a%2fb").one().await.unwrap();
    assert_eq!(found.handle().moref(), vm.handle().moref());
    assert_eq!(inventory.virtual_machine("a?2fb").all().await.unwrap().len(), 1);
    // As people write it, from the root and from the datacenter's folder.
    for plain in ["/DC0/vm/a/b", "a/b", "./a/b"] {
        let found = inventory.virtual_machine(plain).one().await.unwrap();
        assert_eq!(found.handle().moref(), vm.handle().moref(), "{plain}");
        assert_eq!((found.name.as_str(), found.path.as_str()), ("a%2fb", "/DC0/vm/a%2fb"));
    }
    // Of a folder too, with what lies in it.
    let home: vim_client::mo::Folder =
        client.object(inventory.folder("/DC0/vm").one().await.unwrap().handle().moref().clone());
    let folder = home.create_folder("x/y").await.unwrap();
    folder.move_into(&[vm.handle().moref().clone()]).await.unwrap().await.unwrap();
    for mixed in ["/DC0/vm/x/y/a/b", "x/y/a%2fb", "x%2fy/a/b", "/.../a/b"] {
        let found = inventory.virtual_machine(mixed).one().await.unwrap();
        assert_eq!(found.path, "/DC0/vm/x%2fy/a%2fb", "{mixed}");
    }
    assert!(inventory.virtual_machine("x/a/b").optional().await.unwrap().is_none());
    client.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn a_vapp_is_found_and_what_lies_in_it() {
    let vcsim = Vcsim::start(&["-vm", "1", "-app", "1"]).await;
    let client = vcsim.connect().await;
    let inventory = client.inventory("DC0");
    let apps = inventory.resource_pool("*").all().await.unwrap();
    let app = apps.iter().find(|pool| pool.handle().moref().kind() == "VirtualApp").expect("a vApp");
    // In its folder it is with real servers: vcsim shows none there.
    let found = inventory.resource_pool(format!("DC0_C0/Resources/{}", app.name)).one().await.unwrap();
    assert_eq!(found.handle().moref(), app.handle().moref());
    let inside = inventory.virtual_machine(format!("{}/*", app.path)).all().await.unwrap();
    assert_eq!(inside.len(), 1);
    client.close().await.unwrap();
}
