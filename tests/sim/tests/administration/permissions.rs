//! Roles, permissions, and users who may not do everything.

use crate::{connect, folder, manager, root, small, vm};
use vim_client::mo::{AuthorizationManager, SessionManager, VirtualMachine};
use vim_client::types::{
    AlreadyExists, AuthMinimumAdminPermission, AuthorizationRole, InvalidArgument, NotFound, Permission,
    RemoveFailed, UserNotFound, VirtualMachineConfigSpec, VirtualMachinePowerState,
};
use vim_client::{Client, ManagedObject, Properties};
use vim_sim::Builder;

const POWER_ON: &str = "VirtualMachine.Interact.PowerOn";
const POWER_OFF: &str = "VirtualMachine.Interact.PowerOff";

fn with_users() -> Builder {
    small()
        .account("admin", "secret")
        .user("operator", "secret", [POWER_ON, POWER_OFF], ["/DC0/vm"])
        .user("reader", "secret", "ReadOnly", ["/"])
        .user("nobody", "secret", "NoAccess", ["/DC0"])
}

#[derive(Debug, Properties)]
#[properties(of = AuthorizationManager)]
struct Roles {
    #[property("roleList")]
    roles: Vec<AuthorizationRole>,
}

#[derive(Debug, Properties)]
#[properties(of = VirtualMachine)]
struct Machine {
    #[property("runtime.powerState")]
    power: VirtualMachinePowerState,
}

async fn roles(client: &Client) -> Vec<AuthorizationRole> {
    client
        .retrieve::<Roles>()
        .objects([manager::<AuthorizationManager>(client, "AuthorizationManager")
            .await
            .handle()
            .moref()
            .clone()])
        .all()
        .await
        .unwrap()
        .remove(0)
        .row
        .roles
}

#[tokio::test]
async fn who_lacks_a_privilege_is_told_which_and_on_what() {
    let simulator = with_users().start().await.unwrap();
    let operator = connect(&simulator, "operator").await;
    let machine = vm(&operator, "DC0_H0_VM0").await;
    machine.power_off().await.unwrap().await.unwrap();
    machine.power_on().await.unwrap().await.unwrap();
    let spec =
        VirtualMachineConfigSpec { num_cpus: Some(2), annotation: Some("x".into()), ..Default::default() };
    let error = machine.reconfigure(&spec).await.unwrap_err();
    let missing = error.is_no_permission().unwrap();
    assert_eq!(missing.object.as_ref(), Some(machine.handle().moref()));
    let fault = error.fault_as::<vim_client::types::NoPermission>().unwrap();
    let mut all = fault.missing_privileges[0].privilege_ids.clone();
    all.sort();
    assert_eq!(all, ["VirtualMachine.Config.Annotation", "VirtualMachine.Config.CPUCount"]);
    // What is done to the folder is not theirs either, and nothing has happened.
    let error = folder(&operator).await.create_folder("mine").await.unwrap_err();
    assert_eq!(error.is_no_permission().unwrap().privilege, "Folder.Create");
    let error = machine.destroy().await.unwrap_err();
    assert_eq!(error.is_no_permission().unwrap().privilege, "VirtualMachine.Inventory.Delete");

    let reader = connect(&simulator, "reader").await;
    let machines = reader.retrieve::<Machine>().all().await.unwrap();
    assert_eq!(machines.len(), 4);
    assert!(machines.iter().all(|vm| vm.row.power == VirtualMachinePowerState::POWERED_ON));
    let error = vm(&reader, "DC0_H0_VM0").await.power_off().await.unwrap_err();
    assert_eq!(error.is_no_permission().unwrap().privilege, POWER_OFF);
}

#[tokio::test]
async fn what_somebody_may_not_see_is_not_there() {
    let simulator = with_users().start().await.unwrap();
    let nobody = connect(&simulator, "nobody").await;
    assert!(nobody.retrieve::<Machine>().all().await.unwrap().is_empty());
    let admin = connect(&simulator, "admin").await;
    let hidden = vm(&admin, "DC0_H0_VM0").await;
    let same: VirtualMachine = nobody.object(hidden.handle().moref().clone());
    let error = same.power_off().await.unwrap_err();
    assert_eq!(error.is_no_permission().unwrap().privilege, POWER_OFF);
    // Of those whose folder they may see, operators see the way.
    let operator = connect(&simulator, "operator").await;
    assert_eq!(operator.retrieve::<Machine>().all().await.unwrap().len(), 4);
    let hosts = operator.inventory("").host("*").all().await;
    assert!(hosts.as_ref().map_or(true, Vec::is_empty), "{hosts:?}");
}

#[tokio::test]
async fn the_nearest_permission_counts() {
    let simulator = with_users().start().await.unwrap();
    let admin = connect(&simulator, "admin").await;
    let manager: AuthorizationManager = manager(&admin, "AuthorizationManager").await;
    let admin_vm = vm(&admin, "DC0_H0_VM1").await;
    let role = manager.add_role("off").priv_ids(&[POWER_OFF.to_owned()]).await.unwrap();
    let permission =
        |role_id| Permission { principal: "operator".into(), role_id, propagate: true, ..Default::default() };
    manager.set_entity_permissions(admin_vm.handle().moref()).permission(&[permission(role)]).await.unwrap();

    let operator = connect(&simulator, "operator").await;
    let theirs = vm(&operator, "DC0_H0_VM1").await;
    theirs.power_off().await.unwrap().await.unwrap();
    assert_eq!(theirs.power_on().await.unwrap_err().is_no_permission().unwrap().privilege, POWER_ON);
    vm(&operator, "DC0_H0_VM0").await.power_off().await.unwrap().await.unwrap();
    // The role gets more privileges, and so does who has it.
    let ids = [POWER_OFF.to_owned(), POWER_ON.to_owned()];
    manager.update_role(role, "on-off").priv_ids(&ids).await.unwrap();
    theirs.power_on().await.unwrap().await.unwrap();
    // Without the permission it is the folder's that counts.
    manager.remove_entity_permission(admin_vm.handle().moref(), "operator", false).await.unwrap();
    theirs.power_off().await.unwrap().await.unwrap();
    let all = manager.retrieve_entity_permissions(admin_vm.handle().moref(), true).await.unwrap();
    let entities: Vec<_> = all.iter().filter(|one| one.principal == "operator").collect();
    assert_eq!(entities.len(), 1);
    assert_eq!(entities[0].entity.as_ref(), Some(folder(&admin).await.handle().moref()));
}

#[tokio::test]
async fn roles_and_permissions_are_checked() {
    let simulator = with_users().start().await.unwrap();
    let admin = connect(&simulator, "admin").await;
    let manager: AuthorizationManager = manager(&admin, "AuthorizationManager").await;
    let root = root(&admin).await;
    let names: Vec<String> = roles(&admin).await.into_iter().map(|role| role.name).collect();
    for name in
        ["NoAccess", "Anonymous", "View", "ReadOnly", "Admin", "VirtualMachinePowerUser", "operator role"]
    {
        assert!(names.iter().any(|known| known == name), "{name}");
    }
    let error = manager.add_role("ReadOnly").await.unwrap_err();
    assert!(error.fault_as::<AlreadyExists>().is_some(), "{error}");
    let error = manager.add_role("x").priv_ids(&["No.Such".to_owned()]).await.unwrap_err();
    assert!(error.fault_as::<InvalidArgument>().is_some(), "{error}");
    let role = manager.add_role("x").await.unwrap();
    let permission = |principal: &str, role_id| Permission {
        principal: principal.into(),
        role_id,
        propagate: true,
        ..Default::default()
    };
    let set = |permission| {
        let (manager, root) = (manager.clone(), root.clone());
        async move { manager.set_entity_permissions(&root).permission(&[permission]).await }
    };
    let error = set(permission("stranger", role)).await.unwrap_err();
    assert_eq!(error.fault_as::<UserNotFound>().unwrap().principal, "stranger");
    assert!(set(permission("reader", 4711)).await.unwrap_err().fault_as::<NotFound>().is_some());
    set(permission("reader", role)).await.unwrap();
    assert_eq!(manager.retrieve_role_permissions(role).await.unwrap().len(), 1);
    let error = manager.remove_role(role, true).await.unwrap_err();
    assert!(error.fault_as::<RemoveFailed>().is_some(), "{error}");
    manager.merge_permissions(role, -2).await.unwrap();
    manager.remove_role(role, true).await.unwrap();
    assert!(manager.remove_role(-1, false).await.unwrap_err().fault_as::<InvalidArgument>().is_some());
    // Somebody has to stay who may do everything.
    let only = [permission("reader", -2)];
    let error = manager.reset_entity_permissions(&root).permission(&only).await.unwrap_err();
    assert!(error.fault_as::<AuthMinimumAdminPermission>().is_some(), "{error}");
    assert!(manager.retrieve_entity_permissions(&root, false).await.unwrap().len() > 1, "nothing happened");
}

#[tokio::test]
async fn what_somebody_may_do_can_be_asked() {
    let simulator = with_users().start().await.unwrap();
    let admin = connect(&simulator, "admin").await;
    let authorization: AuthorizationManager = manager(&admin, "AuthorizationManager").await;
    let machine = vm(&admin, "DC0_H0_VM0").await.handle().moref().clone();
    let ids = [POWER_ON.to_owned(), "Datastore.Browse".to_owned()];
    let entities = [machine.clone(), root(&admin).await];
    let found =
        authorization.has_user_privilege_on_entities(&entities, "operator").priv_id(&ids).await.unwrap();
    let granted: Vec<Vec<bool>> = found
        .iter()
        .map(|entity| entity.priv_availability.iter().map(|one| one.is_granted).collect())
        .collect();
    assert_eq!(granted, [[true, false], [false, false]]);
    let all = authorization.fetch_user_privilege_on_entities(&entities[..1], "operator").await.unwrap();
    assert!(all[0].privileges.contains(&POWER_ON.to_owned()) && all[0].privileges.len() < 10);
    #[derive(Debug, Properties)]
    #[properties(of = SessionManager)]
    struct Current {
        #[property("currentSession")]
        current: Option<vim_client::types::UserSession>,
    }
    let sessions: SessionManager = manager(&admin, "SessionManager").await;
    let own = admin.retrieve::<Current>().objects([sessions.handle().moref().clone()]).all().await.unwrap();
    let granted = authorization
        .has_privilege_on_entity(&machine, &own[0].row.current.as_ref().unwrap().key)
        .priv_id(&ids)
        .await
        .unwrap();
    assert_eq!(granted, [true, true]);
}
