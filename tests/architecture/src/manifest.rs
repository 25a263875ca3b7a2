//! What a member's manifest must say.

use crate::graph::Member;

/// Every member takes the workspace's lints.
#[must_use]
pub fn lints(path: &str, manifest: &str) -> Vec<String> {
    let parsed: toml::Table = match toml::from_str(manifest) {
        Ok(parsed) => parsed,
        Err(error) => return vec![format!("{path}: {error}")],
    };
    let inherits =
        parsed.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
    if inherits == Some(true) {
        Vec::new()
    } else {
        vec![format!("{path}: lacks `[lints] workspace = true`")]
    }
}

/// Names that others publish under, with dashes: a registry takes a dash and an underscore for the same.
const TAKEN: &[(&str, &str)] = &[("vim-macros", "vim_macros of vim_rs"), ("vim-rs", "vim_rs")];

/// What a member needs that others can use: how it is described, licensed and documented.
#[must_use]
pub fn publishable(member: &Member) -> Vec<String> {
    let mut faults = Vec::new();
    if !member.publishable {
        return faults;
    }
    let name = &member.name;
    if member.description.len() < 20 || member.description.contains("TODO") {
        faults.push(format!("{name}: its description is {:?}", member.description));
    }
    if member.license != "Apache-2.0 OR MIT" {
        faults.push(format!("{name}: its licence is {:?}", member.license));
    }
    if member.readme.is_empty() {
        faults.push(format!("{name}: names no readme"));
    }
    if !member.docs_rs {
        faults.push(format!("{name}: lacks [package.metadata.docs.rs]"));
    }
    if let Some((_, whose)) = TAKEN.iter().find(|(taken, _)| *taken == name.replace('_', "-")) {
        faults.push(format!("{name}: cannot be published, that name is {whose}"));
    }
    faults
}

/// How many features a crate may have: each doubles what would have to be tested.
const FEATURES: usize = 19;

/// No crate has too many features.
#[must_use]
pub fn features(member: &Member) -> Vec<String> {
    match member.features.len() {
        few if few <= FEATURES => Vec::new(),
        many => vec![format!("{}: has {many} features, {FEATURES} are allowed", member.name)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Member {
        Member {
            name: "vim-types".to_owned(),
            publishable: true,
            description: "Typed bindings of the vSphere API".to_owned(),
            license: "Apache-2.0 OR MIT".to_owned(),
            readme: "README.md".to_owned(),
            docs_rs: true,
            ..Member::default()
        }
    }

    #[test]
    fn lints_are_inherited_or_a_fault() {
        assert_eq!(lints("x", "[lints]\nworkspace = true"), [""; 0]);
        for wrong in ["", "[lints]\nworkspace = false", "[lints.rust]\nunsafe_code = \"allow\"", "["] {
            assert_eq!(lints("x", wrong).len(), 1, "{wrong}");
        }
    }

    #[test]
    fn what_is_published_is_described() {
        assert_eq!(publishable(&good()), [""; 0]);
        assert_eq!(publishable(&Member { publishable: false, ..Member::default() }), [""; 0]);
        for wrong in [
            Member { description: "TODO: say what it is for".to_owned(), ..good() },
            Member { license: "MIT".to_owned(), ..good() },
            Member { readme: String::new(), ..good() },
            Member { docs_rs: false, ..good() },
            Member { name: "vim-macros".to_owned(), ..good() },
            Member { name: "vim_macros".to_owned(), ..good() },
        ] {
            assert_eq!(publishable(&wrong).len(), 1, "{wrong:?}");
        }
    }

    #[test]
    fn twenty_features_are_too_many() {
        let with = |count: usize| Member { features: vec![String::new(); count], ..good() };
        assert_eq!(features(&with(19)), [""; 0]);
        assert_eq!(features(&with(20)).len(), 1);
    }
}
