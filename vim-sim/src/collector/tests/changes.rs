use super::*;
use vim_types::{GuestInfo, OptionValue, VirtualDevice, VirtualDisk, VirtualHardware};
use vim_wire::Any;

/// A VM with two devices, and a filter of it that tells changes as parts or as a whole.
async fn machine(lab: &Lab, paths: &[&str], partial: bool) -> (MoRef, String) {
    let vm = lab.add_vm("vm", &lab.named("Folder", "vm"));
    edit(lab, &vm, |vm| {
        let config = vm.config.as_mut().unwrap();
        config.hardware =
            VirtualHardware { num_cpu: 1, device: vec![disk(2000), disk(2001)], ..Default::default() };
        config.extra_config = vec![option("a", "1"), option("b.c", "2")];
    });
    lab.filter(&of("VirtualMachine", paths, &[&vm]), partial).await;
    let first = lab.check("").await;
    assert_eq!(updates(&first).len(), 1);
    (vm, version(&first))
}

fn disk(key: i32) -> vim_wire::Poly<VirtualDevice> {
    VirtualDisk {
        extends: VirtualDevice { key, ..Default::default() },
        capacity_in_kb: 1,
        ..Default::default()
    }
    .into()
}

fn option(key: &str, value: &str) -> vim_wire::Poly<OptionValue> {
    OptionValue { key: key.into(), value: Some(Any::String(value.into())), ..Default::default() }.into()
}

fn edit(lab: &Lab, vm: &MoRef, edit: impl FnOnce(&mut VirtualMachineProperties)) {
    lab.edit(|tx| {
        edit(tx.edit::<VirtualMachineProperties>(vm)?);
        Ok(())
    });
}

/// What is told of an edit, without the object.
async fn told(
    lab: &Lab,
    vm: &MoRef,
    version: &str,
    change: impl FnOnce(&mut VirtualMachineProperties),
) -> Vec<String> {
    edit(lab, vm, change);
    let answer = lab.check(version).await;
    if answer.is_empty() {
        return Vec::new();
    }
    let update = updates(&answer).remove(0);
    let changes = update.split_once(vm.value()).unwrap().1.trim();
    let mut words: Vec<String> = Vec::new();
    for word in changes.split(' ') {
        match ["assign", "add", "remove", "indirectRemove"].contains(&word) {
            true => words.push(word.to_owned()),
            false => {
                let last = words.last_mut().unwrap();
                last.push(' ');
                last.push_str(word);
            }
        }
    }
    words
}

#[tokio::test]
async fn as_a_whole_the_path_of_the_specification_is_told() {
    let lab = Lab::new().await;
    let (vm, version) = machine(&lab, &["config.hardware", "runtime", "name"], false).await;
    let changes = told(&lab, &vm, &version, |vm| vm.config.as_mut().unwrap().hardware.num_cpu = 2).await;
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert!(changes[0].starts_with("assign config.hardware="), "{changes:?}");
}

#[tokio::test]
async fn in_parts_the_part_that_changed_is_told() {
    let lab = Lab::new().await;
    let (vm, version) = machine(&lab, &["config", "runtime"], true).await;
    let changes = told(&lab, &vm, &version, |vm| {
        vm.config.as_mut().unwrap().hardware.num_cpu = 2;
        vm.runtime.power_state = VirtualMachinePowerState::POWERED_ON;
    })
    .await;
    assert_eq!(changes, ["assign config.hardware.numCPU=2", "assign runtime.powerState=poweredOn"]);
}

#[tokio::test]
async fn items_of_lists_are_told_by_their_keys() {
    let lab = Lab::new().await;
    let (vm, version) = machine(&lab, &["config"], true).await;
    let changes = told(&lab, &vm, &version, |vm| {
        let config = vm.config.as_mut().unwrap();
        config.hardware.device.remove(0);
        config.hardware.device.push(disk(4000));
        config.hardware.device[0].unit_number = Some(3);
        config.extra_config[1] = option("b.c", "3");
    })
    .await;
    let names: Vec<_> = changes.iter().map(|change| change.split('=').next().unwrap()).collect();
    assert_eq!(
        names,
        [
            "remove config.hardware.device[2000]",
            "assign config.hardware.device[2001]",
            "add config.hardware.device[4000]",
            "assign config.extraConfig[\"b.c\"]",
        ],
        "{changes:?}"
    );
    assert_eq!(changes[0], "remove config.hardware.device[2000]=-");
}

#[tokio::test]
async fn an_order_that_changes_is_told_as_a_whole() {
    let lab = Lab::new().await;
    let (vm, version) = machine(&lab, &["config.hardware.device"], true).await;
    let changes = told(&lab, &vm, &version, |vm| vm.config.as_mut().unwrap().hardware.device.reverse()).await;
    assert_eq!(changes.len(), 1);
    assert!(changes[0].starts_with("assign config.hardware.device="), "{changes:?}");
}

#[tokio::test]
async fn what_is_set_and_unset_is_assigned() {
    let lab = Lab::new().await;
    let (vm, version) = machine(&lab, &["guest.ipAddress", "snapshot"], true).await;
    let guest = GuestInfo { ip_address: Some("10.0.0.1".into()), ..Default::default() };
    assert_eq!(
        told(&lab, &vm, &version, |vm| vm.guest = Some(guest)).await,
        ["assign guest.ipAddress=10.0.0.1"]
    );
    assert_eq!(told(&lab, &vm, "2", |vm| vm.guest = None).await, ["assign guest.ipAddress=-"]);
    // What differs beside what is asked for is not told.
    assert!(told(&lab, &vm, "3", |vm| vm.guest = Some(GuestInfo::default())).await.is_empty());
}

#[tokio::test]
async fn what_lies_in_an_item_goes_with_it() {
    let paths = [
        "config.hardware.device[2000]",
        "config.hardware.device[2000].unitNumber",
        "config.hardware.device[4000]",
    ];
    for partial in [false, true] {
        let lab = Lab::new().await;
        let (vm, version) = machine(&lab, &paths, partial).await;
        edit(&lab, &vm, |vm| vm.config.as_mut().unwrap().hardware.device[0].unit_number = Some(1));
        let version = super::version(&lab.check(&version).await);
        let changes = told(&lab, &vm, &version, |vm| {
            let devices = &mut vm.config.as_mut().unwrap().hardware.device;
            devices.remove(0);
            devices.push(disk(4000));
        })
        .await;
        assert_eq!(changes[0], "remove config.hardware.device[2000]=-");
        assert_eq!(changes[1], "indirectRemove config.hardware.device[2000].unitNumber=-");
        assert!(changes[2].starts_with("add config.hardware.device[4000]="), "{changes:?}");
    }
}

#[tokio::test]
async fn what_changes_and_changes_back_did_not_change() {
    let lab = Lab::new().await;
    let (vm, version) = machine(&lab, &["config"], false).await;
    edit(&lab, &vm, |vm| vm.config.as_mut().unwrap().hardware.num_cpu = 2);
    assert!(
        told(&lab, &vm, &version, |vm| vm.config.as_mut().unwrap().hardware.num_cpu = 1).await.is_empty()
    );
}

#[tokio::test]
async fn a_failed_transaction_is_not_told() {
    let lab = Lab::new().await;
    let (vm, version) = machine(&lab, &["name"], false).await;
    let failed: Result<()> = lab.sim().write(|tx| {
        tx.edit::<ManagedEntityProperties>(&vm)?.name = "no".into();
        Err(Fault::invalid_argument("no"))
    });
    assert!(failed.is_err());
    assert_eq!(lab.check(&version).await, "");
}
