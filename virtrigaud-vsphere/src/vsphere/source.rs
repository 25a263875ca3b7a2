//! The template that a machine is made from.

use super::catalog::{Catalog, not_found};
use super::core::Core;
use super::errors::{invalid, server};
use super::read::{self, Values};
use crate::provider::{Error, ErrorKind, Result};
use crate::spec::Placement;
use crate::spec::resolved::Image;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use vim_client::MoRef;
use vim_client::types::VirtualMachineConfigInfo;

/// What tells a template from a machine of its name.
const MACHINES: read::Wanted<'_> = &[("VirtualMachine", &["name", "parent", "config.template"])];
/// How many templates are remembered.
const REMEMBERED: usize = 1_000;

/// Where templates were found before. What is remembered is looked at again before it is used.
#[derive(Debug, Default)]
pub(crate) struct Templates(Mutex<HashMap<String, MoRef>>);

impl Templates {
    fn get(&self, key: &str) -> Option<MoRef> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn put(&self, key: String, moref: Option<MoRef>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match moref {
            Some(moref) => {
                if kept.len() >= REMEMBERED {
                    kept.clear();
                }
                kept.insert(key, moref);
            }
            None => drop(kept.remove(&key)),
        }
    }
}

/// A template, as it is now.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) moref: MoRef,
    pub(crate) config: VirtualMachineConfigInfo,
}

/// Finds the template of an image, in the datacenter that it names or else in the given one.
pub(crate) async fn template(
    core: &Core,
    catalog: &Catalog,
    image: &Image,
    datacenter: &MoRef,
) -> Result<Template> {
    let Image::Template { name, datacenter: in_datacenter, folder } = image;
    let key = format!("{}\n{in_datacenter:?}\n{folder:?}\n{name}", datacenter.value());
    let short = name.rsplit('/').next().unwrap_or(name);
    if let Some(moref) = core.templates.get(&key) {
        match config(core, &moref).await? {
            Some(config) if config.template && config.name == short => return Ok(Template { moref, config }),
            _ => core.templates.put(key.clone(), None),
        }
    }
    let moref = find(core, catalog, name, in_datacenter.as_deref(), folder.as_deref(), datacenter).await?;
    let Some(config) = config(core, &moref).await? else {
        return Err(not_found("template", name, std::iter::empty()));
    };
    if !config.template {
        return Err(invalid(format!("'{name}' is a virtual machine and not a template")));
    }
    core.templates.put(key, Some(moref.clone()));
    Ok(Template { moref, config })
}

async fn config(core: &Core, moref: &MoRef) -> Result<Option<VirtualMachineConfigInfo>> {
    let values = read::one(&core.client, moref, &["config"]).await?;
    let Some(values) = values else { return Ok(None) };
    values.require("config")?;
    Ok(values.object("config").cloned())
}

async fn find(
    core: &Core,
    catalog: &Catalog,
    name: &str,
    datacenter: Option<&str>,
    folder: Option<&str>,
    of_machine: &MoRef,
) -> Result<MoRef> {
    let wanted = Placement { datacenter: datacenter.map(str::to_owned), ..Placement::default() };
    let datacenter = match datacenter {
        Some(_) => super::place::datacenter(catalog, &wanted)?,
        None => catalog.get(of_machine).ok_or_else(|| invalid("the datacenter of the machine is gone"))?,
    };
    let (parent, short) = match name.trim_matches('/').rsplit_once('/') {
        Some((parent, short)) => (Some(parent), short),
        None => (folder, name),
    };
    let below = match parent {
        Some(path) => {
            let (below, missing) = super::place::folder(catalog, Some(path), datacenter)?;
            if !missing.is_empty() {
                let known = catalog.children(&below, &["Folder"]).map(|item| item.name.as_str());
                return Err(
                    not_found("folder", path, known).hint(format!("the template '{short}' is to be in it"))
                );
            }
            below
        }
        None => datacenter.link.clone().ok_or_else(|| not_found("template", name, std::iter::empty()))?,
    };
    let all = read::below(&core.client, &below, MACHINES)
        .await
        .map_err(|error| server("looking for the template", error))?;
    let is_template = |values: &&Values| values.flag("config.template") == Some(true);
    let named: Vec<&Values> = all.iter().filter(|values| values.text("name") == short).collect();
    let templates: Vec<&Values> = named.iter().copied().filter(is_template).collect();
    match (templates.as_slice(), named.first()) {
        ([one], _) => Ok(one.moref.clone()),
        ([], Some(machine)) => {
            Err(invalid(format!("'{name}' ({}) is a virtual machine and not a template", machine.moref)))
        }
        ([], None) => {
            Err(not_found("template", name, all.iter().filter(is_template).map(|values| values.text("name"))))
        }
        (several, _) => {
            let mut paths: Vec<String> = several
                .iter()
                .map(|values| {
                    let parent =
                        values.moref("parent").map_or_else(String::new, |parent| catalog.path(parent));
                    format!("{parent}/{short}")
                })
                .collect();
            paths.sort_unstable();
            let message = format!("there are {} of template '{short}': {}", paths.len(), paths.join(", "));
            Err(Error::new(ErrorKind::InvalidRequest, message).hint("say which in source.folder"))
        }
    }
}
