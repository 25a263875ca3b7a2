//! Snapshots.

use super::{Lab, fault, lab};
use crate::fault::Result;
use crate::mo::virtual_machine::snapshots::{self, testing};
use crate::mo::virtual_machine::{destroy, guest, power_on};
use vim_types::{VirtualMachineConfigSpec, VirtualMachinePowerState};
use vim_wire::MoRef;

fn take(lab: &mut Lab<'_, '_>, vm: &MoRef, name: &str) -> Result<MoRef> {
    testing::take(lab.tx, vm, name, false, false)
}

fn cpus(lab: &mut Lab<'_, '_>, vm: &MoRef, count: i32) -> Result<()> {
    lab.reconfigure(vm, &VirtualMachineConfigSpec { num_cpus: Some(count), ..Default::default() })
}

#[test]
fn each_snapshot_leaves_a_file_behind() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        let first = take(lab, &vm, "one")?;
        let second = take(lab, &vm, "two")?;
        assert_eq!(lab.chain(&vm, 2000)?, ["web/web-000002.vmdk", "web/web-000001.vmdk", "web/web.vmdk"]);
        let info = lab.vm(&vm)?.snapshot.clone().unwrap_or_default();
        assert_eq!(info.current_snapshot.as_ref(), Some(&second));
        assert_eq!(info.root_snapshot_list.first().map(|root| (&root.snapshot, root.id)), Some((&first, 1)));
        let layout = lab.vm(&vm)?.layout_ex.clone().unwrap_or_default();
        assert_eq!(layout.snapshot.len(), 2);
        assert_eq!(layout.disk.first().map(|disk| disk.chain.len()), Some(3));
        Ok(())
    });
}

#[test]
fn reverting_brings_back_configuration_and_disks() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        let snapshot = take(lab, &vm, "one")?;
        cpus(lab, &vm, 8)?;
        power_on(lab.tx, &vm)?;
        testing::revert(lab.tx, &vm, &snapshot)?;
        assert_eq!(lab.config(&vm)?.hardware.num_cpu, 2);
        assert_eq!(lab.vm(&vm)?.runtime.power_state, VirtualMachinePowerState::POWERED_OFF);
        assert_eq!(lab.chain(&vm, 2000)?, ["web/web-000001.vmdk", "web/web.vmdk"]);
        Ok(())
    });
}

#[test]
fn a_snapshot_with_memory_runs_again() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        power_on(lab.tx, &vm)?;
        guest::up(lab.tx, &vm)?;
        let address = lab.vm(&vm)?.guest.as_ref().and_then(|guest| guest.ip_address.clone());
        let snapshot = testing::take(lab.tx, &vm, "running", true, true)?;
        assert!(lab.files("web").iter().any(|file| file.ends_with(".vmem")));
        crate::mo::virtual_machine::power_off(lab.tx, &vm)?;
        testing::revert(lab.tx, &vm, &snapshot)?;
        assert_eq!(lab.vm(&vm)?.runtime.power_state, VirtualMachinePowerState::POWERED_ON);
        assert_eq!(lab.vm(&vm)?.guest.as_ref().and_then(|guest| guest.ip_address.clone()), address);
        Ok(())
    });
}

#[test]
fn quiescing_needs_tools() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        power_on(lab.tx, &vm)?;
        assert_eq!(fault(testing::take(lab.tx, &vm, "q", false, true)), "ToolsUnavailable");
        Ok(())
    });
}

#[test]
fn removing_merges_files_and_keeps_the_rest_of_the_tree() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        let free = lab.free();
        let first = take(lab, &vm, "one")?;
        let second = take(lab, &vm, "two")?;
        testing::remove(lab.tx, &vm, &[first])?;
        assert_eq!(lab.chain(&vm, 2000)?, ["web/web-000002.vmdk", "web/web.vmdk"]);
        let roots = lab.vm(&vm)?.root_snapshot.clone();
        assert_eq!(roots, std::slice::from_ref(&second));
        testing::remove(lab.tx, &vm, &[second])?;
        assert_eq!(lab.chain(&vm, 2000)?, ["web/web.vmdk"]);
        assert_eq!(lab.vm(&vm)?.snapshot, None);
        assert!(lab.files("web").iter().all(|file| !file.contains("-0000") && !file.ends_with(".vmsn")));
        assert!(free - lab.free() < 1024, "the list of snapshots may stay");
        Ok(())
    });
}

#[test]
fn a_branch_that_nothing_leads_to_is_gone() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        let root = take(lab, &vm, "root")?;
        let left = take(lab, &vm, "left")?;
        testing::revert(lab.tx, &vm, &root)?;
        let right = take(lab, &vm, "right")?;
        // The root's file has two children, so that it stays when the root goes.
        testing::remove(lab.tx, &vm, &[root])?;
        assert_eq!(lab.vm(&vm)?.root_snapshot.len(), 2);
        assert!(lab.chain(&vm, 2000)?.contains(&"web/web.vmdk".to_owned()));
        testing::remove(lab.tx, &vm, &[left])?;
        testing::remove(lab.tx, &vm, &[right])?;
        assert_eq!(lab.chain(&vm, 2000)?, ["web/web.vmdk"]);
        assert!(lab.files("web").iter().all(|file| !file.contains("-0000")), "{:?}", lab.files("web"));
        Ok(())
    });
}

#[test]
fn disks_below_snapshots_do_not_grow() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        take(lab, &vm, "one")?;
        let mut device = lab.device(&vm, 2000)?.clone();
        if let Some(disk) = device.downcast_mut::<vim_types::VirtualDisk>() {
            disk.capacity_in_bytes = Some(4 << 30);
            disk.capacity_in_kb = 4 << 20;
        }
        assert_eq!(fault(lab.change(&vm, super::edit(device))), "InvalidDeviceOperation");
        Ok(())
    });
}

#[test]
fn a_destroyed_machine_leaves_nothing() {
    lab(|lab| {
        let free = lab.free();
        let vm = lab.machine("web")?;
        let first = take(lab, &vm, "one")?;
        take(lab, &vm, "two")?;
        testing::revert(lab.tx, &vm, &first)?;
        take(lab, &vm, "three")?;
        let all = snapshots::all(lab.tx, &vm);
        destroy(lab.tx, &vm)?;
        assert!(all.iter().all(|snapshot| lab.tx.node(snapshot).is_none()));
        assert!(lab.files("web").is_empty());
        assert_eq!(lab.free(), free);
        Ok(())
    });
}
