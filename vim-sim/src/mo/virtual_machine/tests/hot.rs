//! What can be changed while a machine runs.

use super::{add, controller, create_file, disk, fault, lab};
use crate::mo::virtual_machine::power_on;
use vim_types::VirtualMachineConfigSpec;

fn cpus(count: i32) -> VirtualMachineConfigSpec {
    VirtualMachineConfigSpec { num_cpus: Some(count), ..Default::default() }
}

fn memory(size: i64) -> VirtualMachineConfigSpec {
    VirtualMachineConfigSpec { memory_mb: Some(size), ..Default::default() }
}

#[test]
fn processors_and_memory_come_only_where_they_may() {
    lab(|lab| {
        let vm = lab.machine("cold")?;
        power_on(lab.tx, &vm)?;
        assert_eq!(fault(lab.reconfigure(&vm, &cpus(4))), "CpuHotPlugNotSupported");
        Ok(())
    });
    lab(|lab| {
        let vm = lab.machine("cold")?;
        power_on(lab.tx, &vm)?;
        assert_eq!(fault(lab.reconfigure(&vm, &memory(2048))), "MemoryHotPlugNotSupported");
        Ok(())
    });
    lab(|lab| {
        let vm = lab.machine("hot")?;
        let flags = VirtualMachineConfigSpec {
            cpu_hot_add_enabled: Some(true),
            memory_hot_add_enabled: Some(true),
            ..Default::default()
        };
        lab.reconfigure(&vm, &flags)?;
        power_on(lab.tx, &vm)?;
        assert_eq!(lab.config(&vm)?.hot_plug_memory_increment_size, Some(4));
        lab.reconfigure(&vm, &cpus(4))?;
        lab.reconfigure(&vm, &memory(2048))?;
        assert_eq!(lab.config(&vm)?.hardware.memory_mb, 2048);
        Ok(())
    });
}

#[test]
fn and_go_only_where_that_is_allowed_too() {
    lab(|lab| {
        let vm = lab.machine("hot")?;
        let flags = VirtualMachineConfigSpec { cpu_hot_add_enabled: Some(true), ..Default::default() };
        lab.reconfigure(&vm, &flags)?;
        power_on(lab.tx, &vm)?;
        assert_eq!(fault(lab.reconfigure(&vm, &cpus(1))), "CpuHotPlugNotSupported");
        Ok(())
    });
    lab(|lab| {
        let vm = lab.machine("hot")?;
        power_on(lab.tx, &vm)?;
        let flags = VirtualMachineConfigSpec { cpu_hot_add_enabled: Some(true), ..Default::default() };
        assert_eq!(fault(lab.reconfigure(&vm, &flags)), "InvalidPowerState");
        Ok(())
    });
}

#[test]
fn some_devices_come_to_a_running_machine_and_some_do_not() {
    lab(|lab| {
        let vm = lab.machine("hot")?;
        power_on(lab.tx, &vm)?;
        lab.change(&vm, create_file(disk(-1, 1000, 1024, true)))?;
        let mut second = controller(-1);
        second.bus_number = 1;
        lab.change(&vm, add(second))?;
        Ok(())
    });
    lab(|lab| {
        let vm = lab.machine("hot")?;
        power_on(lab.tx, &vm)?;
        assert_eq!(fault(lab.change(&vm, create_file(disk(-1, 200, 1024, true)))), "InvalidPowerState");
        Ok(())
    });
}
