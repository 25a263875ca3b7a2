use super::*;

#[tokio::test]
async fn without_a_session_the_session_manager_tells_that_there_is_none() {
    let mut lab = Lab::new().await;
    let manager = lab.sim().content.session_manager.clone().unwrap();
    let spec = of("SessionManager", &["currentSession", "sessionList"], &[&manager]);
    let with = lab.retrieve(&spec).await.unwrap();
    let own = lab.session.as_ref().unwrap().key.clone();
    assert!(with.contains("<name>currentSession</name><val xsi:type=\"UserSession\">"), "{with}");
    assert!(with.contains("<name>sessionList</name><val xsi:type=\"ArrayOfUserSession\">"), "{with}");
    assert!(with.contains(&own));
    lab.session = None;
    let without = lab.retrieve(&of("SessionManager", &["currentSession"], &[&manager])).await.unwrap();
    assert_eq!(
        without,
        "<returnval><objects><obj type=\"SessionManager\">SessionManager</obj></objects></returnval>"
    );
}

#[tokio::test]
async fn without_a_session_nothing_else_can_be_read() {
    let mut lab = Lab::new().await;
    let vm = lab.vms().remove(0);
    lab.session = None;
    let answer = lab.retrieve(&of("VirtualMachine", &["name", "config"], &[&vm])).await.unwrap();
    assert_eq!(count(&answer, "propSet"), 0);
    assert_eq!(
        count(&answer, "<missingSet><path>name</path><fault><fault xsi:type=\"NotAuthenticated\">"),
        1,
        "{answer}"
    );
    assert!(is(&lab.collector("CheckForUpdates", "").await.unwrap_err(), "NotAuthenticated"));
    let instance = MoRef::new("ServiceInstance", "ServiceInstance");
    let answer =
        lab.retrieve(&of("ServiceInstance", &["content.about.apiVersion"], &[&instance])).await.unwrap();
    assert!(answer.contains("8.0.3.0"), "{answer}");
}

/// A session of a user who has that role on a VM.
async fn limited(role: &str, on: &str) -> (Lab, MoRef) {
    let mut lab = Lab::of(
        Simulator::builder()
            .model(Model::vcenter().clusters(1).hosts(1).standalone_hosts(0).vms(3).autostart(false))
            .clock(Clock::Manual)
            .account("admin", "pass")
            .user("ann", "pass", role, [format!("/DC0/vm/{on}")]),
    )
    .await;
    lab.session = Some(lab.log_in("ann"));
    let vm = lab.named("VirtualMachine", on);
    (lab, vm)
}

#[tokio::test]
async fn what_may_not_be_read_is_missing_and_says_why() {
    // View only.
    let (lab, vm) = limited("View", "DC0_C0_RP0_VM0").await;
    let answer = lab.retrieve(&of("VirtualMachine", &["name", "config.name"], &[&vm])).await.unwrap();
    assert!(answer.contains("<propSet><name>name</name>"), "{answer}");
    let missing = between(&answer, "<missingSet>", "</missingSet>");
    assert!(
        missing.starts_with("<path>config.name</path><fault><fault xsi:type=\"NoPermission\">"),
        "{missing}"
    );
    assert!(missing.contains("<privilegeId>System.Read</privilegeId>"), "{missing}");
    assert!(missing.contains(vm.value()), "{missing}");
    lab.filter(&of("VirtualMachine", &["name", "config.name"], &[&vm]), false).await;
    let answer = lab.check("").await;
    assert_eq!(updates(&answer), [format!("enter {} assign name=DC0_C0_RP0_VM0", vm.value())]);
    assert_eq!(count(&answer, "<missingSet><path>config.name</path>"), 1, "{answer}");
}

#[tokio::test]
async fn what_may_not_be_seen_is_not_come_upon() {
    let (lab, vm) = limited("ReadOnly", "DC0_C0_RP0_VM0").await;
    let root = lab.sim().content.root_folder.clone();
    let args = format!(
        "<container type=\"Folder\">{}</container><type>VirtualMachine</type><recursive>true</recursive>",
        root.value()
    );
    let manager = lab.sim().content.view_manager.clone().unwrap();
    let view = reference("ContainerView", &lab.call("CreateContainerView", &manager, &args).await.unwrap());
    let answer = lab.retrieve(&through(&view, "VirtualMachine", &["name"])).await.unwrap();
    assert_eq!(count(&answer, "<objects>"), 1, "{answer}");
    assert!(answer.contains(vm.value()));
    lab.filter(&through(&view, "VirtualMachine", &["name"]), false).await;
    assert_eq!(updates(&lab.check("").await).len(), 1);
}
