//! What the lock file says: the packages of others that would be built, whoever asked for them.

use std::collections::BTreeMap;

/// Packages that are nowhere: a second TLS provider beside ring, TLS libraries of the system, and what comes later.
const NOWHERE: &[&str] =
    &["aws-lc-rs", "aws-lc-sys", "native-tls", "openssl", "openssl-sys", "prost", "tonic"];

/// Packages that only those others may depend on.
const WRAPPED: &[(&str, &[&str])] = &[("reqwest", &["vim-client"]), ("quick-xml", &["benches", "codegen"])];

/// What in a lock file should not be there.
#[must_use]
pub fn check(lock: &str) -> Vec<String> {
    let parsed: toml::Table = match toml::from_str(lock) {
        Ok(parsed) => parsed,
        Err(error) => return vec![format!("Cargo.lock: {error}")],
    };
    let mut users: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut faults = Vec::new();
    let packages =
        parsed.get("package").and_then(toml::Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for package in packages {
        let field = |name| package.get(name).and_then(toml::Value::as_str).unwrap_or_default();
        let name = field("name");
        if NOWHERE.contains(&name) {
            faults.push(format!(
                "Cargo.lock: {name} must not be in the tree; `cargo tree -i {name}` says who wants it"
            ));
        }
        // Members have no source; all else comes from the one registry.
        if !matches!(field("source"), "" | "registry+https://github.com/rust-lang/crates.io-index") {
            faults.push(format!("Cargo.lock: {name} comes from {:?}", field("source")));
        }
        let on = package
            .get("dependencies")
            .and_then(toml::Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        for on in on.iter().filter_map(toml::Value::as_str) {
            // Where two versions are there, the second word says which.
            users.entry(on.split(' ').next().unwrap_or(on)).or_default().push(name);
        }
    }
    for (package, allowed) in WRAPPED {
        for user in users.get(package).into_iter().flatten().filter(|user| !allowed.contains(user)) {
            faults.push(format!("Cargo.lock: {user} depends on {package}, which is for {allowed:?} alone"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, source: &str, on: &[&str]) -> String {
        let on = on.iter().map(|on| format!("{on:?}")).collect::<Vec<_>>().join(", ");
        let source = if source.is_empty() { String::new() } else { format!("source = {source:?}\n") };
        format!("[[package]]\nname = {name:?}\n{source}dependencies = [{on}]\n")
    }

    #[test]
    fn what_is_allowed_passes() {
        let crates = "registry+https://github.com/rust-lang/crates.io-index";
        let lock = package("vim-client", "", &["reqwest 0.13.5"]) + &package("reqwest", crates, &["rustls"]);
        assert_eq!(check(&lock), [""; 0]);
    }

    #[test]
    fn forbidden_packages_sources_and_users_are_found() {
        assert_eq!(check(&package("openssl-sys", "", &[])).len(), 1);
        assert_eq!(check(&package("serde", "git+https://example.com/serde", &[])).len(), 1);
        assert_eq!(check(&package("some-crate", "", &["quick-xml"])).len(), 1);
        assert_eq!(check(&package("vim-types", "", &["reqwest 0.12.0"])).len(), 1);
        assert_eq!(check("not a lock file").len(), 1);
    }
}
