use super::*;
use std::time::Duration;

fn rename(lab: &Lab, moref: &MoRef, name: &str) {
    lab.edit(|tx| {
        tx.edit::<ManagedEntityProperties>(moref)?.name = name.to_owned();
        Ok(())
    });
}

async fn names(lab: &Lab) -> (Vec<MoRef>, MoRef) {
    let vms = lab.vms();
    let filter = lab.filter(&of("VirtualMachine", &["name"], &vms.iter().collect::<Vec<_>>()), false).await;
    (vms, filter)
}

#[tokio::test]
async fn versions_count_and_tell_what_changed_since() {
    let lab = Lab::new().await;
    let (vms, filter) = names(&lab).await;
    let one = lab.check("").await;
    assert!(
        one.contains(&format!("<filterSet><filter type=\"PropertyFilter\">{}</filter>", filter.value())),
        "{one}"
    );
    assert_eq!(updates(&one).len(), 3);
    assert_eq!(version(&one), "1");
    assert_eq!(lab.check("1").await, "");
    rename(&lab, &vms[1], "a");
    let two = lab.check("1").await;
    assert_eq!(version(&two), "2");
    assert_eq!(updates(&two), [format!("modify {} assign name=a", vms[1].value())]);
    assert_eq!(lab.check("2").await, "");
}

#[tokio::test]
async fn an_answer_that_was_lost_is_given_again() {
    let lab = Lab::new().await;
    let (vms, _) = names(&lab).await;
    lab.check("").await;
    rename(&lab, &vms[0], "a");
    assert_eq!(updates(&lab.check("1").await), [format!("modify {} assign name=a", vms[0].value())]);
    rename(&lab, &vms[1], "b");
    let again = lab.check("1").await;
    let mut told = updates(&again);
    told.sort();
    assert_eq!(
        told,
        [
            format!("modify {} assign name=a", vms[0].value()),
            format!("modify {} assign name=b", vms[1].value())
        ]
    );
    // Once it is understood, there is no going back.
    let last = version(&again);
    assert_eq!(lab.check(&last).await, "");
    assert!(is(&lab.wait("1", "").await.unwrap_err(), "InvalidCollectorVersion"));
}

#[tokio::test]
async fn what_came_and_went_in_a_lost_answer_comes_and_goes_again() {
    let lab = Lab::new().await;
    let view =
        views::container(&lab, &lab.sim().content.root_folder.clone(), &["VirtualMachine"], true).await;
    lab.filter(&through(&view, "VirtualMachine", &["name"]), false).await;
    lab.check("").await;
    let gone = lab.vms().remove(0);
    let new = lab.add_vm("new", &lab.named("Folder", "vm"));
    lab.edit(|tx| {
        tx.remove(&gone);
        Ok(())
    });
    let expected = [format!("enter {} assign name=new", new.value()), format!("leave {}", gone.value())];
    for _ in 0..3 {
        let mut told = updates(&lab.check("1").await);
        told.sort();
        assert_eq!(told, expected);
    }
    // What came and went meanwhile is not told at all.
    lab.edit(|tx| {
        tx.remove(&new);
        Ok(())
    });
    assert_eq!(updates(&lab.check("1").await), [format!("leave {}", gone.value())]);
}

#[tokio::test]
async fn unknown_versions_are_refused() {
    let lab = Lab::new().await;
    names(&lab).await;
    for version in ["1", "0", "nonsense", "-1", "99999999999999999999"] {
        assert!(is(&lab.wait(version, "").await.unwrap_err(), "InvalidCollectorVersion"), "{version}");
    }
    lab.check("").await;
    assert!(is(&lab.wait("7", "").await.unwrap_err(), "InvalidCollectorVersion"));
}

#[tokio::test]
async fn long_answers_are_cut_short() {
    let lab = Lab::new().await;
    let (vms, _) = names(&lab).await;
    let two = "<maxWaitSeconds>0</maxWaitSeconds><maxObjectUpdates>2</maxObjectUpdates>";
    let first = lab.wait("", two).await.unwrap();
    assert_eq!(updates(&first).len(), 2);
    assert!(first.contains("<truncated>true</truncated>"), "{first}");
    // A change to what is still to be told is part of that; one to what was told comes after.
    rename(&lab, &vms[2], "c");
    rename(&lab, &vms[0], "a");
    let second = lab.wait(&version(&first), two).await.unwrap();
    let told = updates(&second);
    assert!(told[0].ends_with("name=c") && told[0].starts_with("enter"), "{told:?}");
    assert_eq!(told[1], format!("modify {} assign name=a", vms[0].value()));
    assert!(!second.contains("truncated"), "{second}");
    // A version of an answer that was cut short is good for once, and not for the older methods.
    assert!(is(&lab.wait(&version(&first), two).await.unwrap_err(), "InvalidCollectorVersion"));
    assert_eq!(lab.check(&version(&second)).await, "");
    let first = lab.wait("", two).await.unwrap();
    let args = format!("<version>{}</version>", version(&first));
    assert!(is(&lab.collector("CheckForUpdates", &args).await.unwrap_err(), "InvalidCollectorVersion"));
    for wrong in ["<maxObjectUpdates>0</maxObjectUpdates>", "<maxWaitSeconds>-1</maxWaitSeconds>"] {
        assert!(is(&lab.wait("", wrong).await.unwrap_err(), "InvalidArgument"));
    }
}

#[tokio::test]
async fn older_methods_tell_everything_at_once() {
    let lab =
        Lab::with(Model::vcenter().clusters(1).hosts(1).standalone_hosts(0).vms(120).autostart(false)).await;
    names(&lab).await;
    let answer = lab.collector("CheckForUpdates", "").await.unwrap();
    assert_eq!(updates(&answer).len(), 120);
    assert_eq!(updates(&lab.check("").await).len(), 100);
    let answer = lab.collector("WaitForUpdates", "").await.unwrap();
    assert_eq!(updates(&answer).len(), 120);
    assert_eq!(
        lab.collector("CheckForUpdates", &format!("<version>{}</version>", version(&answer))).await.unwrap(),
        ""
    );
}

#[tokio::test]
async fn clients_that_share_a_collector_do_not_disturb_one_another() {
    let lab = Lab::new().await;
    let (vms, _) = names(&lab).await;
    let a = version(&lab.check("").await);
    let b = version(&lab.check("").await);
    rename(&lab, &vms[0], "x");
    let told = [format!("modify {} assign name=x", vms[0].value())];
    assert_eq!(updates(&lab.check(&a).await), told);
    assert_eq!(updates(&lab.check(&b).await), told);
}

#[tokio::test]
async fn a_wait_ends_when_something_changes() {
    let lab = Arc::new(Lab::new().await);
    let (vms, _) = names(&lab).await;
    lab.check("").await;
    let waiting = tokio::spawn({
        let lab = Arc::clone(&lab);
        async move { lab.wait("1", "").await }
    });
    tokio::task::yield_now().await;
    // What is not asked for does not end it.
    lab.edit(|tx| {
        tx.edit::<VirtualMachineProperties>(&vms[0])?.runtime.power_state =
            VirtualMachinePowerState::SUSPENDED;
        Ok(())
    });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    rename(&lab, &vms[0], "a");
    let answer = waiting.await.unwrap().unwrap();
    assert_eq!(updates(&answer), [format!("modify {} assign name=a", vms[0].value())]);
}

#[tokio::test]
async fn a_wait_ends_when_its_time_has_passed() {
    let lab = Arc::new(Lab::new().await);
    names(&lab).await;
    lab.check("").await;
    let waiting = tokio::spawn({
        let lab = Arc::clone(&lab);
        async move { lab.wait("1", "<maxWaitSeconds>60</maxWaitSeconds>").await }
    });
    tokio::task::yield_now().await;
    lab.simulator.advance(Duration::from_secs(59));
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    lab.simulator.advance(Duration::from_secs(2));
    assert_eq!(waiting.await.unwrap().unwrap(), "");
}

/// A wait, and what ends it with which fault.
async fn ends(end: impl AsyncFnOnce(&Lab), fault: &str) {
    let lab = Arc::new(Lab::new().await);
    let made = lab.collector("CreatePropertyCollector", "").await.unwrap();
    let own = reference("PropertyCollector", &made);
    let vms = lab.vms();
    let args = format!(
        "<spec>{}</spec><partialUpdates>false</partialUpdates>",
        of("VirtualMachine", &["name"], &[&vms[0]])
    );
    lab.call("CreateFilter", &own, &args).await.unwrap();
    let first = lab.call("WaitForUpdatesEx", &own, "").await.unwrap();
    let waiting = tokio::spawn({
        let lab = Arc::clone(&lab);
        let args = format!("<version>{}</version>", version(&first));
        async move { lab.call("WaitForUpdatesEx", &own, &args).await }
    });
    tokio::task::yield_now().await;
    end(&lab).await;
    let ended = waiting.await.unwrap().unwrap_err();
    assert!(is(&ended, fault), "{ended:?}");
}

fn own(lab: &Lab) -> MoRef {
    lab.session
        .as_ref()
        .unwrap()
        .objects_of("PropertyCollector")
        .into_iter()
        .find(|own| *own != collector())
        .unwrap()
}

#[tokio::test]
async fn waits_are_ended_by_others() {
    ends(
        async |lab| {
            lab.call("CancelWaitForUpdates", &own(lab), "").await.unwrap();
        },
        "RequestCanceled",
    )
    .await;
    ends(
        async |lab| {
            lab.call("DestroyPropertyCollector", &own(lab), "").await.unwrap();
        },
        "RequestCanceled",
    )
    .await;
    ends(async |lab| lab.sim().sessions.end(lab.session.as_ref().unwrap()), "NotAuthenticated").await;
}

#[tokio::test]
async fn a_filter_that_is_made_meanwhile_is_told_of() {
    let lab = Arc::new(Lab::new().await);
    let first = lab.check("").await;
    assert_eq!(updates(&first).len(), 0);
    let waiting = tokio::spawn({
        let lab = Arc::clone(&lab);
        async move { lab.wait("1", "").await }
    });
    tokio::task::yield_now().await;
    let (_, filter) = names(&lab).await;
    let answer = waiting.await.unwrap().unwrap();
    assert_eq!(updates(&answer).len(), 3);
    lab.call("DestroyPropertyFilter", &filter, "").await.unwrap();
    assert_eq!(lab.check(&version(&answer)).await, "");
    assert!(is(&lab.call("DestroyPropertyFilter", &filter, "").await.unwrap_err(), "ManagedObjectNotFound"));
}

#[tokio::test]
async fn filters_and_collectors_can_be_read_and_end_together() {
    let lab = Lab::new().await;
    let own = reference("PropertyCollector", &lab.collector("CreatePropertyCollector", "").await.unwrap());
    let vm = lab.vms().remove(0);
    let spec = of("VirtualMachine", &["name"], &[&vm]);
    let args = format!("<spec>{spec}</spec><partialUpdates>true</partialUpdates>");
    let filter = reference("PropertyFilter", &lab.call("CreateFilter", &own, &args).await.unwrap());
    let answer = lab.retrieve(&of("PropertyCollector", &["filter"], &[&own, &collector()])).await.unwrap();
    assert_eq!(count(&answer, filter.value()), 1, "{answer}");
    let answer = lab.retrieve(&of("PropertyFilter", &["partialUpdates", "spec"], &[&filter])).await.unwrap();
    assert!(
        answer.contains("<val xsi:type=\"xsd:boolean\">true</val>") && answer.contains(vm.value()),
        "{answer}"
    );
    lab.call("DestroyPropertyCollector", &own, "").await.unwrap();
    let fault = lab.retrieve(&of("PropertyFilter", &["spec"], &[&filter])).await.unwrap_err();
    assert!(is(&fault, "ManagedObjectNotFound"));
    let fault = lab.collector("DestroyPropertyCollector", "").await.unwrap_err();
    assert!(is(&fault, "NotSupported"));
    // Another's objects are nobody's.
    let mut other = lab;
    other.session = Some(other.log_in("another"));
    let fault = other.call("WaitForUpdatesEx", &own, "").await.unwrap_err();
    assert!(is(&fault, "ManagedObjectNotFound"));
}

#[tokio::test]
async fn objects_that_are_missing_are_told_of() {
    let lab = Lab::new().await;
    let gone = MoRef::new("VirtualMachine", "vm-9999");
    let vm = lab.vms().remove(0);
    let spec = of("VirtualMachine", &["name"], &[&gone, &vm]);
    let args = format!("<spec>{spec}</spec><partialUpdates>false</partialUpdates>");
    assert!(is(&lab.collector("CreateFilter", &args).await.unwrap_err(), "ManagedObjectNotFound"));
    lab.filter(&format!("{spec}<reportMissingObjectsInResults>true</reportMissingObjectsInResults>"), false)
        .await;
    let answer = lab.check("").await;
    assert_eq!(updates(&answer).len(), 1);
    let missing = between(&answer, "<missingSet>", "</missingSet>");
    assert!(
        missing.starts_with(
            "<obj type=\"VirtualMachine\">vm-9999</obj><fault><fault xsi:type=\"ManagedObjectNotFound\">"
        ),
        "{missing}"
    );
    assert_eq!(lab.check(&version(&answer)).await, "");
    lab.edit(|tx| {
        tx.remove(&vm);
        Ok(())
    });
    let answer = lab.check(&version(&answer)).await;
    assert_eq!(updates(&answer), [format!("leave {}", vm.value())]);
    assert_eq!(count(&answer, "<missingSet>"), 1, "{answer}");
}
