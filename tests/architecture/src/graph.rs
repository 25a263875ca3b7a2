//! Who may depend on whom.

use serde_json::Value;

/// A member of the workspace, as `cargo metadata` describes it.
#[derive(Clone, Debug, Default)]
pub struct Member {
    /// The package's name.
    pub name: String,
    /// The folder of its manifest, relative to the workspace's root.
    pub folder: String,
    /// What it depends on: the package's name, and whether that is for its tests alone.
    pub dependencies: Vec<(String, bool)>,
    /// The names of its features.
    pub features: Vec<String>,
    /// Whether it can be published.
    pub publishable: bool,
    /// Its description.
    pub description: String,
    /// Its licence expression.
    pub license: String,
    /// The path of its readme.
    pub readme: String,
    /// Whether it says how docs.rs shall build it.
    pub docs_rs: bool,
}

/// Reads the members from what `cargo metadata --format-version 1 --no-deps` prints.
#[must_use]
pub fn members(metadata: &Value) -> Vec<Member> {
    let root = text(&metadata["workspace_root"]);
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    packages.iter().map(|package| member(&root, package)).collect()
}

fn member(root: &str, package: &Value) -> Member {
    let manifest = text(&package["manifest_path"]);
    let folder = manifest.strip_prefix(root).unwrap_or(&manifest).trim_end_matches("Cargo.toml");
    let dependencies = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    let features = package["features"].as_object();
    Member {
        name: text(&package["name"]),
        folder: folder.trim_matches('/').to_owned(),
        dependencies: dependencies.iter().map(|on| (text(&on["name"]), on["kind"] == "dev")).collect(),
        features: features.map(|features| features.keys().cloned().collect()).unwrap_or_default(),
        publishable: package["publish"].is_null(),
        description: text(&package["description"]),
        license: text(&package["license"]),
        readme: text(&package["readme"]),
        docs_rs: package["metadata"]["docs"]["rs"].is_object(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The house of ARCHITECTURE.md: each crate, what it may use, and what its tests may use besides.
const HOUSE: &[(&str, &[&str], &[&str])] = &[
    ("codegen", &[], &[]),
    ("vim-wire", &[], &[]),
    ("vim-types", &["vim-wire"], &[]),
    ("vim-client-macros", &[], &["vim-types", "vim-wire"]),
    ("vim-client", &["vim-client-macros", "vim-types", "vim-wire"], &[]),
    ("vim-sim", &["vim-types", "vim-wire"], &[]),
    ("virtrigaud-vsphere", &["vim-client", "vim-sim"], &[]),
];

/// Folders whose packages may use everything in the workspace, and that nothing outside of them uses.
const OUTSIDE: &[&str] = &["benches", "examples", "tests"];

fn is_outside(member: &Member) -> bool {
    OUTSIDE.iter().any(|folder| member.folder == *folder || member.folder.starts_with(&format!("{folder}/")))
}

/// What members use of one another without being allowed to.
#[must_use]
pub fn edges(members: &[Member]) -> Vec<String> {
    let mut faults = Vec::new();
    for member in members.iter().filter(|member| !is_outside(member)) {
        let Some((_, uses, tests)) = HOUSE.iter().find(|(name, ..)| *name == member.name) else {
            faults.push(format!(
                "{}: is not in HOUSE of tests/architecture: say what it may depend on",
                member.name
            ));
            continue;
        };
        for (on, dev) in &member.dependencies {
            let inner = members.iter().any(|other| other.name == *on && *on != member.name);
            let allowed = uses.contains(&on.as_str()) || *dev && tests.contains(&on.as_str());
            if inner && !allowed {
                let how = if *dev { "its tests depend on" } else { "depends on" };
                faults.push(format!("{}: {how} {on}, which the house does not allow", member.name));
            }
        }
    }
    faults
}

/// Packages of others that only some members may name: one HTTP client and one foreign XML reader, each in its own place.
const RESERVED: &[(&str, &[&str])] =
    &[("reqwest", &["vim-client"]), ("quick-xml", &["benches", "codegen"]), ("tonic", &[]), ("prost", &[])];

/// What members use of others' packages without being allowed to.
#[must_use]
pub fn reserved(members: &[Member]) -> Vec<String> {
    let mut faults = Vec::new();
    for (package, users) in RESERVED {
        for member in members {
            let uses = member.dependencies.iter().any(|(name, _)| name == package);
            if uses && !users.contains(&member.name.as_str()) {
                faults.push(format!("{}: depends on {package}, which is for {users:?} alone", member.name));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn named(name: &str, folder: &str, on: &[(&str, bool)]) -> Member {
        let dependencies = on.iter().map(|(name, dev)| ((*name).to_owned(), *dev)).collect();
        Member { name: name.to_owned(), folder: folder.to_owned(), dependencies, ..Member::default() }
    }

    #[test]
    fn metadata_is_read() {
        let metadata = json!({ "workspace_root": "/x", "packages": [{
            "name": "vim-types", "manifest_path": "/x/vim-types/Cargo.toml", "publish": null, "readme": "README.md",
            "description": "d", "license": "MIT", "metadata": { "docs": { "rs": {} } }, "features": { "full": [] },
            "dependencies": [{ "name": "vim-wire", "kind": null }, { "name": "proptest", "kind": "dev" }],
        }, { "name": "t", "manifest_path": "/x/tests/t/Cargo.toml", "publish": [], "metadata": null }] });
        let members = members(&metadata);
        let types = &members[0];
        assert_eq!((types.name.as_str(), types.folder.as_str()), ("vim-types", "vim-types"));
        assert_eq!(types.dependencies, [("vim-wire".to_owned(), false), ("proptest".to_owned(), true)]);
        assert_eq!(types.features, ["full"]);
        assert!(types.publishable && types.docs_rs);
        assert!(!members[1].publishable && !members[1].docs_rs);
        assert_eq!(members[1].folder, "tests/t");
    }

    #[test]
    fn the_house_allows_what_it_says_and_nothing_else() {
        let wire = named("vim-wire", "vim-wire", &[("memchr", false)]);
        let types = named("vim-types", "vim-types", &[("vim-wire", false)]);
        let macros = named("vim-client-macros", "vim-macros", &[("vim-types", true)]);
        let test = named("t", "tests/t", &[("codegen", false), ("vim-types", false)]);
        let fine = [wire.clone(), types.clone(), macros, test.clone(), named("codegen", "codegen", &[])];
        assert_eq!(edges(&fine), [""; 0]);

        for (wrong, on) in [
            (named("vim-wire", "vim-wire", &[("vim-types", false)]), "vim-types"),
            (named("vim-types", "vim-types", &[("codegen", false)]), "codegen"),
            (named("vim-types", "vim-types", &[("t", true)]), "t"),
            (named("vim-client-macros", "vim-macros", &[("vim-types", false)]), "vim-types"),
        ] {
            let mut members =
                vec![wire.clone(), types.clone(), test.clone(), named("codegen", "codegen", &[])];
            members.retain(|other| other.name != wrong.name);
            members.push(wrong);
            let faults = edges(&members);
            assert!(faults.len() == 1 && faults[0].contains(&format!(" {on}, which")), "{faults:?}");
        }
    }

    #[test]
    fn a_member_that_the_house_does_not_know_is_a_fault() {
        let faults = edges(&[named("vim-new", "vim-new", &[])]);
        assert!(faults.len() == 1 && faults[0].contains("HOUSE"), "{faults:?}");
    }

    #[test]
    fn reserved_packages_stay_in_their_places() {
        let fine = [
            named("vim-client", "vim-client", &[("reqwest", false)]),
            named("codegen", "codegen", &[("quick-xml", false)]),
        ];
        assert_eq!(reserved(&fine), [""; 0]);
        for (user, package) in [
            ("vim-types", "reqwest"),
            ("vim-wire", "quick-xml"),
            ("vim-client", "tonic"),
            ("benches", "reqwest"),
        ] {
            assert_eq!(reserved(&[named(user, user, &[(package, true)])]).len(), 1, "{user} {package}");
        }
    }
}
