//! How many devices a controller takes, and where.

use crate::{
    ParaVirtualSCSIController, VirtualDevice, VirtualIDEController, VirtualNVMEController,
    VirtualSATAController, VirtualSCSIController,
};
use vim_wire::Poly;

/// The version of a VM's virtual hardware: 19 for `vmx-19`.
///
/// Newer hardware has more room on some controllers. The default stands for any version: what fits it fits all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HardwareVersion(pub u32);

impl From<&str> for HardwareVersion {
    /// The version of that name, as in `config.version` of a VM; the default where it is no such name.
    ///
    /// ```
    /// use vim_types::ext::HardwareVersion;
    ///
    /// assert_eq!(HardwareVersion::from("vmx-19"), HardwareVersion(19));
    /// assert_eq!(HardwareVersion::from(""), HardwareVersion::default());
    /// ```
    fn from(name: &str) -> Self {
        Self(name.strip_prefix("vmx-").and_then(|number| number.parse().ok()).unwrap_or_default())
    }
}

/// A free place on a controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The controller's key.
    pub controller_key: i32,
    /// The unit on the controller.
    pub unit_number: i32,
}

impl Place {
    /// Puts a device there.
    pub fn put(self, device: &mut VirtualDevice) {
        device.controller_key = Some(self.controller_key);
        device.unit_number = Some(self.unit_number);
    }
}

/// The units of a controller that callers choose: how many there are, and the one that the controller itself takes.
///
/// None for controllers whose units the server gives out: PCI, USB, PS2, Super I/O and NVDIMM.
fn units(controller: &Poly<VirtualDevice>, hardware: HardwareVersion) -> Option<(i32, Option<i32>)> {
    if let Some(scsi) = controller.downcast_ref::<VirtualSCSIController>() {
        // ESXi 6.7 brought 64 disks beside the controller's own unit, for paravirtual ones.
        let many = controller.is::<ParaVirtualSCSIController>() && hardware >= HardwareVersion(14);
        return Some((if many { 65 } else { 16 }, Some(scsi.scsi_ctlr_unit_number.unwrap_or(7))));
    }
    if controller.is::<VirtualNVMEController>() {
        // ESXi 8.0 U2 brought 64 namespaces.
        return Some((if hardware >= HardwareVersion(21) { 64 } else { 15 }, None));
    }
    if controller.is::<VirtualSATAController>() {
        return Some((30, None));
    }
    controller.is::<VirtualIDEController>().then_some((2, None))
}

/// The lowest unit of a controller that none of the devices has.
pub(super) fn free(
    devices: &[Poly<VirtualDevice>],
    controller: &Poly<VirtualDevice>,
    hardware: HardwareVersion,
) -> Option<i32> {
    let (count, own) = units(controller, hardware)?;
    let taken = |unit: i32| {
        own == Some(unit)
            || devices.iter().any(|device| {
                device.controller_key == Some(controller.key) && device.unit_number == Some(unit)
            })
    };
    (0..count).find(|unit| !taken(*unit))
}

/// Whether a controller has its bus number among the same as another.
type Alike = fn(&Poly<VirtualDevice>) -> bool;

/// How many controllers like this one a VM takes, each with a bus number of its own among them; none where that is for the
/// server to say.
pub(super) fn buses(controller: &Poly<VirtualDevice>) -> Option<(i32, Alike)> {
    if controller.is::<VirtualSCSIController>() {
        return Some((4, |other| other.is::<VirtualSCSIController>()));
    }
    if controller.is::<VirtualNVMEController>() {
        return Some((4, |other| other.is::<VirtualNVMEController>()));
    }
    if controller.is::<VirtualSATAController>() {
        return Some((4, |other| other.is::<VirtualSATAController>()));
    }
    if controller.is::<VirtualIDEController>() {
        return Some((2, |other| other.is::<VirtualIDEController>()));
    }
    None
}
