//! The devices that every machine has.

use super::kind::Kind;
use vim_types::{
    Description, VirtualController, VirtualDevice, VirtualDeviceDeviceBackingInfo, VirtualIDEController,
    VirtualKeyboard, VirtualMachineVMCIDevice, VirtualMachineVideoCard, VirtualPCIController,
    VirtualPS2Controller, VirtualPointingDevice, VirtualPointingDeviceDeviceBackingInfo,
    VirtualSIOController,
};
use vim_wire::Poly;

/// The devices that every machine has, in vcsim's order.
pub(super) fn all() -> Vec<Poly<VirtualDevice>> {
    let controller = |key, label: &str, bus_number| VirtualController {
        extends: VirtualDevice { key, device_info: described(label, label), ..Default::default() },
        bus_number,
        ..Default::default()
    };
    let on = |kind: Kind, label: &str, summary: &str, controller: Kind, unit| VirtualDevice {
        key: kind.first_key(),
        device_info: described(label, summary),
        controller_key: Some(controller.first_key()),
        unit_number: Some(unit),
        ..Default::default()
    };
    vec![
        VirtualPCIController { extends: controller(100, "PCI controller 0", 0) }.into(),
        VirtualIDEController { extends: controller(200, "IDE 0", 0) }.into(),
        VirtualIDEController { extends: controller(201, "IDE 1", 1) }.into(),
        VirtualPS2Controller { extends: controller(300, "PS2 controller 0", 0) }.into(),
        VirtualSIOController { extends: controller(400, "SIO controller 0", 0) }.into(),
        VirtualKeyboard { extends: on(Kind::Keyboard, "Keyboard ", "Keyboard", Kind::Ps2, 0) }.into(),
        VirtualPointingDevice {
            extends: VirtualDevice {
                backing: Some(
                    VirtualPointingDeviceDeviceBackingInfo {
                        extends: VirtualDeviceDeviceBackingInfo {
                            use_auto_detect: Some(false),
                            ..Default::default()
                        },
                        host_pointing_device: "autodetect".into(),
                    }
                    .into(),
                ),
                ..on(Kind::Pointing, "Pointing device", "Pointing device; Device", Kind::Ps2, 1)
            },
        }
        .into(),
        VirtualMachineVideoCard {
            extends: on(Kind::Video, "Video card ", "Video card", Kind::Pci, 0),
            video_ram_size_in_kb: Some(4096),
            num_displays: Some(1),
            use_auto_detect: Some(false),
            enable_3d_support: Some(false),
            use_3d_renderer: Some("automatic".into()),
            graphics_memory_size_in_kb: Some(262_144),
        }
        .into(),
        VirtualMachineVMCIDevice {
            extends: on(
                Kind::Vmci,
                "VMCI device",
                "Device on the virtual machine PCI bus that provides support for the virtual machine communication interface",
                Kind::Pci,
                17,
            ),
            id: Some(-1),
            allow_unrestricted_communication: Some(false),
            filter_enable: Some(true),
            ..Default::default()
        }
        .into(),
    ]
}

pub(super) fn described(label: &str, summary: &str) -> Option<Poly<Description>> {
    Some(Description { label: label.into(), summary: summary.into() }.into())
}
