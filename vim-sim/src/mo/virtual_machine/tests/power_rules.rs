//! Power.

use super::{fault, lab, named};
use crate::files;
use crate::mo::virtual_machine::power::suspend;
use crate::mo::virtual_machine::{power_off, power_on};
use vim_types::mo::{HostSystemProperties, ResourcePoolProperties};
use vim_types::{ResourceAllocationInfo, VirtualMachineConfigSpec, VirtualMachinePowerState};

#[test]
fn each_state_allows_what_it_allows() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        assert_eq!(fault(power_off(lab.tx, &vm)), "InvalidPowerState");
        assert_eq!(fault(suspend(lab.tx, &vm)), "InvalidPowerState");
        power_on(lab.tx, &vm)?;
        assert_eq!(fault(power_on(lab.tx, &vm)), "InvalidPowerState");
        assert!(lab.vm(&vm)?.runtime.boot_time.is_some());
        suspend(lab.tx, &vm)?;
        assert_eq!(lab.vm(&vm)?.runtime.power_state, VirtualMachinePowerState::SUSPENDED);
        power_on(lab.tx, &vm)?;
        power_off(lab.tx, &vm)?;
        assert_eq!(lab.vm(&vm)?.runtime.boot_time, None);
        Ok(())
    });
}

#[test]
fn a_running_machine_has_a_swap_file() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        let free = lab.free();
        power_on(lab.tx, &vm)?;
        assert_eq!(free - lab.free(), 1024 << 20);
        suspend(lab.tx, &vm)?;
        assert!(lab.files("web").iter().any(|file| file.ends_with(".vmss")));
        power_on(lab.tx, &vm)?;
        power_off(lab.tx, &vm)?;
        assert_eq!(lab.free(), free);
        Ok(())
    });
}

#[test]
fn a_host_in_maintenance_starts_nothing() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        let host = lab.host.clone();
        lab.tx.edit::<HostSystemProperties>(&host)?.runtime.in_maintenance_mode = true;
        assert_eq!(fault(power_on(lab.tx, &vm)), "InvalidHostState");
        Ok(())
    });
}

#[test]
fn a_disk_that_is_gone_is_missed() {
    lab(|lab| {
        let vm = lab.machine("web")?;
        let datastore = lab.datastores[0].clone();
        files::remove(lab.tx, &datastore, "web/web.vmdk")?;
        assert_eq!(fault(power_on(lab.tx, &vm)), "FileNotFound");
        Ok(())
    });
}

#[test]
fn no_more_is_reserved_than_there_is() {
    let reserving = |megabytes| VirtualMachineConfigSpec {
        memory_mb: Some(4096),
        memory_allocation: Some(ResourceAllocationInfo {
            reservation: Some(megabytes),
            ..Default::default()
        }),
        ..named("big")
    };
    lab(|lab| {
        let pool = lab.pool.clone();
        let small = crate::mo::resource_pool::unrestricted();
        let owner = lab.tx.get::<ResourcePoolProperties>(&pool)?.owner.clone();
        let pool = crate::mo::resource_pool::create(lab.tx, &pool, &owner, "small", &small)?;
        let config = &mut lab.tx.edit::<ResourcePoolProperties>(&pool)?.config;
        config.memory_allocation.expandable_reservation = Some(false);
        config.memory_allocation.reservation = Some(1024);
        lab.pool = pool;
        let vm = lab.create(&reserving(2048))?;
        assert_eq!(fault(power_on(lab.tx, &vm)), "InsufficientMemoryResourcesFault");
        let less = VirtualMachineConfigSpec {
            memory_allocation: Some(ResourceAllocationInfo { reservation: Some(512), ..Default::default() }),
            ..Default::default()
        };
        lab.reconfigure(&vm, &less)?;
        power_on(lab.tx, &vm)
    });
}

#[test]
fn a_host_has_only_so_many_processors() {
    lab(|lab| {
        let vm = lab.create(&VirtualMachineConfigSpec { num_cpus: Some(512), ..named("huge") })?;
        assert_eq!(fault(power_on(lab.tx, &vm)), "NotEnoughLogicalCpus");
        Ok(())
    });
}
