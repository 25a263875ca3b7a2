//! `CustomizationSpecManager`: customizations that have names.

use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use crate::world::{Tx, World};
use vim_types::mo::CustomizationSpecManagerProperties;
use vim_types::{
    AlreadyExists, ConcurrentAccess, CustomizationAdapterMapping, CustomizationDhcpIpGenerator,
    CustomizationGlobalIPSettings, CustomizationGuiUnattended, CustomizationIPSettings,
    CustomizationIdentification, CustomizationIdentitySettings, CustomizationLicenseDataMode,
    CustomizationLicenseFilePrintData, CustomizationLinuxOptions, CustomizationLinuxPrep,
    CustomizationPassword, CustomizationPrefixName, CustomizationSpec, CustomizationSpecInfo,
    CustomizationSpecItem, CustomizationSysprep, CustomizationUnknownIpGenerator, CustomizationUserData,
    CustomizationVirtualMachineName, CustomizationWinOptions, VIM25,
};
use vim_wire::{Limits, MoRef};

methods! {
    "DoesCustomizationSpecExist" => exists,
    "GetCustomizationSpec" => get,
    "CreateCustomizationSpec" => create_spec,
    "OverwriteCustomizationSpec" => overwrite,
    "DeleteCustomizationSpec" => delete,
    "DuplicateCustomizationSpec" => duplicate,
    "RenameCustomizationSpec" => rename,
    "CustomizationSpecItemToXml" => to_xml,
    "XmlToCustomizationSpecItem" => of_xml,
}

/// The specs that there are.
#[derive(Clone, Debug, Default)]
struct Specs(Vec<CustomizationSpecItem>);

/// Creates the manager, with the specs that vcsim has.
pub(crate) fn create(tx: &mut Tx<'_>, moref: &MoRef) -> Result<()> {
    tx.create(moref, CustomizationSpecManagerProperties::default());
    let all = vec![
        item(tx, "vcsim-linux", "Linux", linux(false)),
        item(tx, "vcsim-linux-static", "Linux", linux(true)),
        item(tx, "vcsim-windows-static", "Windows", windows(None)),
        item(tx, "vcsim-windows-domain", "Windows", windows(Some("DOMAIN"))),
    ];
    set(tx, moref, all)
}

fn item(tx: &Tx<'_>, name: &str, kind: &str, spec: CustomizationSpec) -> CustomizationSpecItem {
    let info = CustomizationSpecInfo {
        name: name.into(),
        description: String::new(),
        r#type: kind.into(),
        change_version: Some("1".into()),
        last_update_time: Some(tx.now),
    };
    CustomizationSpecItem { info, spec }
}

/// Addresses that a client is to give.
fn fixed() -> CustomizationIPSettings {
    CustomizationIPSettings {
        ip: CustomizationUnknownIpGenerator::default().into(),
        subnet_mask: Some("255.255.255.0".into()),
        gateway: vec!["10.0.0.1".into()],
        ..Default::default()
    }
}

fn linux(fixed: bool) -> CustomizationSpec {
    let dhcp = || CustomizationIPSettings {
        ip: CustomizationDhcpIpGenerator::default().into(),
        ..Default::default()
    };
    let adapter = if fixed { self::fixed() } else { dhcp() };
    CustomizationSpec {
        options: Some(CustomizationLinuxOptions::default().into()),
        identity: CustomizationLinuxPrep {
            host_name: match fixed {
                true => CustomizationPrefixName { base: "vcsim".into(), ..Default::default() }.into(),
                false => CustomizationVirtualMachineName::default().into(),
            },
            domain: "eng.vmware.com".into(),
            time_zone: Some("Pacific/Apia".into()),
            hw_clock_utc: Some(true),
            ..Default::default()
        }
        .into(),
        global_ip_settings: CustomizationGlobalIPSettings {
            dns_server_list: vec!["127.0.1.1".into()],
            ..Default::default()
        },
        nic_setting_map: vec![CustomizationAdapterMapping { adapter, ..Default::default() }],
        ..Default::default()
    }
}

fn windows(domain: Option<&str>) -> CustomizationSpec {
    let password = || Some(CustomizationPassword { value: "****".into(), plain_text: false });
    CustomizationSpec {
        options: Some(CustomizationWinOptions { change_sid: true, ..Default::default() }.into()),
        identity: CustomizationSysprep {
            extends: CustomizationIdentitySettings::default(),
            gui_unattended: CustomizationGuiUnattended {
                password: password(),
                time_zone: 15,
                auto_logon_count: 1,
                ..Default::default()
            },
            user_data: CustomizationUserData {
                full_name: "vim-sim".into(),
                org_name: "VMware".into(),
                computer_name: CustomizationVirtualMachineName::default().into(),
                ..Default::default()
            },
            identification: CustomizationIdentification {
                join_workgroup: domain.is_none().then(|| "WORKGROUP".into()),
                join_domain: domain.map(Into::into),
                domain_admin: domain.map(|_| "vcsim".into()),
                domain_admin_password: domain.and_then(|_| password()),
                ..Default::default()
            },
            license_file_print_data: Some(CustomizationLicenseFilePrintData {
                auto_mode: CustomizationLicenseDataMode::PER_SERVER,
                auto_users: Some(5),
            }),
            ..Default::default()
        }
        .into(),
        nic_setting_map: vec![CustomizationAdapterMapping { adapter: fixed(), ..Default::default() }],
        ..Default::default()
    }
}

fn all(world: &World, moref: &MoRef) -> Vec<CustomizationSpecItem> {
    world.state::<Specs>(moref).map(|specs| specs.0.clone()).unwrap_or_default()
}

/// Sets the specs, and what the manager's property tells of them.
fn set(tx: &mut Tx<'_>, moref: &MoRef, all: Vec<CustomizationSpecItem>) -> Result<()> {
    tx.edit::<CustomizationSpecManagerProperties>(moref)?.info =
        all.iter().map(|item| item.info.clone()).collect();
    tx.edit_state::<Specs>(moref)?.0 = all;
    Ok(())
}

fn find(all: &[CustomizationSpecItem], name: &str) -> Result<usize> {
    all.iter()
        .position(|item| item.info.name == name)
        .ok_or_else(|| Fault::not_found(format_args!("the customization spec '{name}'")))
}

fn free(all: &[CustomizationSpecItem], name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(Fault::invalid_argument("name"));
    }
    if find(all, name).is_err() {
        return Ok(());
    }
    let fault = AlreadyExists { name: Some(name.to_owned()), ..Default::default() };
    Err(Fault::new(fault, format!("The specified key, name, or identifier '{name}' already exists.")))
}

/// Changes the specs.
fn change(
    call: &Call<'_>,
    change: impl FnOnce(&mut Vec<CustomizationSpecItem>, &mut Tx<'_>) -> Result<()>,
) -> Result<Reply> {
    call.write(|tx| {
        let mut all = all(tx, &call.this);
        change(&mut all, tx)?;
        set(tx, &call.this, all)
    })?;
    call.done()
}

fn touched(info: &mut CustomizationSpecInfo, tx: &mut Tx<'_>) {
    info.change_version = Some(tx.new_number().to_string());
    info.last_update_time = Some(tx.now);
}

fn exists(call: &Call<'_>) -> Result<Reply> {
    let name: String = call.arg("name")?;
    let exists = call.read(|world| find(&all(world, &call.this), &name).is_ok());
    call.returns(&exists)
}

fn get(call: &Call<'_>) -> Result<Reply> {
    let name: String = call.arg("name")?;
    let mut all = call.read(|world| all(world, &call.this));
    let at = find(&all, &name)?;
    call.returns(&all.swap_remove(at))
}

fn create_spec(call: &Call<'_>) -> Result<Reply> {
    let mut item: CustomizationSpecItem = call.arg("item")?;
    change(call, |all, tx| {
        free(all, &item.info.name)?;
        touched(&mut item.info, tx);
        all.push(item);
        Ok(())
    })
}

fn overwrite(call: &Call<'_>) -> Result<Reply> {
    let mut item: CustomizationSpecItem = call.arg("item")?;
    change(call, |all, tx| {
        let at = find(all, &item.info.name)?;
        let Some(old) = all.get_mut(at) else { return Ok(()) };
        // Who read another version than there is now would undo somebody's change.
        if let Some(version) = item.info.change_version.as_ref().filter(|version| !version.is_empty())
            && Some(version) != old.info.change_version.as_ref()
        {
            let message = "The operation cannot be completed because of concurrent operations.";
            return Err(Fault::new(ConcurrentAccess::default(), message));
        }
        touched(&mut item.info, tx);
        *old = item;
        Ok(())
    })
}

fn delete(call: &Call<'_>) -> Result<Reply> {
    let name: String = call.arg("name")?;
    change(call, |all, _| find(all, &name).map(|at| drop(all.remove(at))))
}

fn duplicate(call: &Call<'_>) -> Result<Reply> {
    let (name, new): (String, String) = (call.arg("name")?, call.arg("newName")?);
    change(call, |all, tx| {
        let at = find(all, &name)?;
        free(all, &new)?;
        let Some(mut item) = all.get(at).cloned() else { return Ok(()) };
        item.info.name = new;
        touched(&mut item.info, tx);
        all.push(item);
        Ok(())
    })
}

fn rename(call: &Call<'_>) -> Result<Reply> {
    let (name, new): (String, String) = (call.arg("name")?, call.arg("newName")?);
    change(call, |all, tx| {
        let at = find(all, &name)?;
        free(all, &new)?;
        if let Some(item) = all.get_mut(at) {
            item.info.name = new;
            touched(&mut item.info, tx);
        }
        Ok(())
    })
}

fn to_xml(call: &Call<'_>) -> Result<Reply> {
    let item: CustomizationSpecItem = call.arg("item")?;
    let xml = vim_wire::to_xml(&item, "ConfigRoot", &VIM25).map_err(Fault::invalid_request)?;
    call.returns(&xml)
}

fn of_xml(call: &Call<'_>) -> Result<Reply> {
    let xml: String = call.arg("specItemXml")?;
    let item: CustomizationSpecItem =
        vim_wire::from_xml(xml.as_bytes(), &vim_types::REGISTRY, Limits::default()).map_err(|error| {
            Fault::new(vim_types::CustomizationFault::default(), format!("The XML is no spec: {error}"))
        })?;
    call.returns(&item)
}
