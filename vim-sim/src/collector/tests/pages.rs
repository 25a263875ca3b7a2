use super::*;

fn token(answer: &str) -> String {
    between(answer, "<token>", "</token>")
}

async fn first(lab: &Lab, most: i32) -> Result<String> {
    let vms = lab.vms();
    let spec = of("VirtualMachine", &["name"], &vms.iter().collect::<Vec<_>>());
    let args = format!("<specSet>{spec}</specSet><options><maxObjects>{most}</maxObjects></options>");
    lab.collector("RetrievePropertiesEx", &args).await
}

async fn next(lab: &Lab, token: &str) -> Result<String> {
    lab.collector("ContinueRetrievePropertiesEx", &format!("<token>{token}</token>")).await
}

#[tokio::test]
async fn a_long_answer_comes_in_pages() {
    let lab = Lab::new().await;
    let one = first(&lab, 2).await.unwrap();
    assert!(one.starts_with("<returnval><token>"), "{one}");
    assert_eq!(count(&one, "<objects>"), 2);
    let two = next(&lab, &token(&one)).await.unwrap();
    assert_eq!((count(&two, "<objects>"), count(&two, "<token>")), (1, 0));
    // A token is good for once.
    assert!(is(&next(&lab, &token(&one)).await.unwrap_err(), "InvalidArgument"));
    // As many as there are need no token.
    assert_eq!(count(&first(&lab, 3).await.unwrap(), "<token>"), 0);
    for most in [0, -1] {
        assert!(is(&first(&lab, most).await.unwrap_err(), "InvalidArgument"));
    }
}

#[tokio::test]
async fn pages_show_what_there_was_when_they_were_asked_for() {
    let lab = Lab::new().await;
    let one = first(&lab, 1).await.unwrap();
    for vm in lab.vms() {
        lab.edit(|tx| {
            tx.edit::<ManagedEntityProperties>(&vm)?.name = "renamed".into();
            Ok(())
        });
    }
    let two = next(&lab, &token(&one)).await.unwrap();
    let three = next(&lab, &token(&two)).await.unwrap();
    assert!(!two.contains("renamed") && !three.contains("renamed"));
}

#[tokio::test]
async fn a_retrieval_can_be_given_up() {
    let lab = Lab::new().await;
    let token = token(&first(&lab, 1).await.unwrap());
    let args = format!("<token>{token}</token>");
    lab.collector("CancelRetrievePropertiesEx", &args).await.unwrap();
    assert!(is(&next(&lab, &token).await.unwrap_err(), "InvalidArgument"));
    assert!(is(&lab.collector("CancelRetrievePropertiesEx", &args).await.unwrap_err(), "InvalidArgument"));
}

#[tokio::test]
async fn tokens_are_a_session_s_own_and_not_kept_for_ever() {
    let mut lab = Lab::new().await;
    let mine = token(&first(&lab, 1).await.unwrap());
    for _ in 0..100 {
        first(&lab, 1).await.unwrap();
    }
    assert!(is(&next(&lab, &mine).await.unwrap_err(), "InvalidArgument"));
    let mine = token(&first(&lab, 1).await.unwrap());
    lab.session = Some(lab.log_in("another"));
    assert!(is(&next(&lab, &mine).await.unwrap_err(), "InvalidArgument"));
}

#[tokio::test]
async fn a_long_answer_without_pages_is_whole() {
    let lab =
        Lab::with(Model::vcenter().clusters(1).hosts(1).standalone_hosts(0).vms(500).autostart(false)).await;
    let vms = lab.vms();
    let spec = of("VirtualMachine", &["name", "config"], &vms.iter().collect::<Vec<_>>());
    for method in ["RetrieveProperties", "RetrievePropertiesEx"] {
        let options = if method == "RetrieveProperties" { "" } else { "<options/>" };
        let answer = lab.collector(method, &format!("<specSet>{spec}</specSet>{options}")).await.unwrap();
        assert_eq!(count(&answer, "<name>config</name>"), 500);
        assert!(answer.starts_with("<returnval>") && answer.ends_with("</returnval>"), "{method}");
        assert_eq!(count(&answer, "<returnval>"), count(&answer, "</returnval>"));
    }
}
