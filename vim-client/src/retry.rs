//! What is tried again, how often and when.

use backon::{BackoffBuilder, ExponentialBuilder};
use std::time::Duration;
use vim_wire::Error;

/// How a failed request is tried again.
///
/// A request that was certainly never sent is tried again whatever it asks. One that may have been carried out, because the
/// connection broke or a proxy answered 502, 503 or 504, is tried again only where doing it twice does nothing twice. Waits
/// that the server asks for with `Retry-After` are kept. Both the number of attempts and the time are bounded.
///
/// ```
/// use std::time::Duration;
/// use vim_client::Retry;
///
/// let patient = Retry { attempts: 10, total: Duration::from_secs(300), ..Retry::default() };
/// assert_eq!(Retry::never().attempts, 1);
/// # let _ = patient;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How often a request is sent at most; 1 or 0 for never again. 5 unless told otherwise.
    pub attempts: u32,
    /// No attempt begins when so much time has passed since the first; one minute unless told otherwise.
    pub total: Duration,
    /// The first pause, which then doubles; 200 milliseconds unless told otherwise. Each pause is lengthened by a random part of
    /// itself, so that many clients do not come back together.
    pub first_delay: Duration,
    /// The longest pause; ten seconds unless told otherwise.
    pub longest_delay: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 5,
            total: Duration::from_secs(60),
            first_delay: Duration::from_millis(200),
            longest_delay: Duration::from_secs(10),
        }
    }
}

impl Retry {
    /// Each request is sent once.
    #[must_use]
    pub fn never() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// The pauses between attempts: one less than attempts.
    pub(crate) fn delays(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        ExponentialBuilder::new()
            .with_min_delay(self.first_delay)
            .with_max_delay(self.longest_delay)
            .with_max_times(usize::try_from(self.attempts.saturating_sub(1)).unwrap_or(usize::MAX))
            .with_jitter()
            .build()
    }
}

/// Which requests may be sent again after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// It was never sent: any.
    Always,
    /// Whether it was carried out is not known: what is idempotent.
    Idempotent,
    /// Sending it again would fail again.
    Never,
}

/// A failed attempt.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) again: Again,
    pub(crate) retry_after: Option<Duration>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, again: Again::Never, retry_after: None }
    }
}

/// Whether carrying a method out twice does nothing twice. What is not listed is not.
///
/// The list is kept by hand. Left out on purpose: what moves a cursor on the server (`ReadNextEvents`,
/// `ContinueRetrievePropertiesEx`), what creates or destroys something, what a session is made with, and what makes a guest act.
/// `WaitForUpdatesEx` and `CheckForUpdates` are in: the version that they are given says where to go on from.
pub(crate) fn is_idempotent(method: &str) -> bool {
    IDEMPOTENT.binary_search(&method).is_ok()
}

/// Sorted.
const IDEMPOTENT: &[&str] = &[
    "CheckForUpdates",
    "CurrentTime",
    "DoesCustomizationSpecExist",
    "FetchUserPrivilegeOnEntities",
    "FindAllByDnsName",
    "FindAllByIp",
    "FindAllByUuid",
    "FindByDatastorePath",
    "FindByDnsName",
    "FindByInventoryPath",
    "FindByIp",
    "FindByUuid",
    "FindChild",
    "FindRulesForVm",
    "GetCustomizationSpec",
    "HasPrivilegeOnEntities",
    "HasPrivilegeOnEntity",
    "HasUserPrivilegeOnEntities",
    "HttpNfcLeaseGetManifest",
    "HttpNfcLeaseProgress",
    "ParseDescriptor",
    "PbmCheckCompatibility",
    "PbmCheckCompatibilityWithSpec",
    "PbmCheckRequirements",
    "PbmQueryAssociatedEntities",
    "PbmQueryAssociatedEntity",
    "PbmQueryAssociatedProfile",
    "PbmQueryAssociatedProfiles",
    "PbmQueryMatchingHub",
    "PbmQueryMatchingHubWithSpec",
    "PbmQueryProfile",
    "PbmRetrieveContent",
    "PbmRetrieveServiceContent",
    "QueryAvailablePerfMetric",
    "QueryChangedDiskAreas",
    "QueryConfigOption",
    "QueryConfigOptionDescriptor",
    "QueryConfigOptionEx",
    "QueryConfigTarget",
    "QueryEvents",
    "QueryOptions",
    "QueryPerf",
    "QueryPerfCounter",
    "QueryPerfProviderSummary",
    "QueryTargetCapabilities",
    "QueryVirtualDiskGeometry",
    "QueryVirtualDiskUuid",
    "RetrieveAllPermissions",
    "RetrieveEntityPermissions",
    "RetrieveProperties",
    "RetrievePropertiesEx",
    "RetrieveRolePermissions",
    "RetrieveServiceContent",
    "RetrieveUserGroups",
    "SessionIsActive",
    "WaitForUpdates",
    "WaitForUpdatesEx",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_no_task() {
        assert!(IDEMPOTENT.is_sorted_by(|a, b| a < b));
        assert!(IDEMPOTENT.iter().all(|name| !name.ends_with("_Task")));
    }

    /// Of the whole schema: with the feature `full`.
    #[cfg(feature = "full")]
    #[test]
    fn each_name_is_a_method_and_none_a_task() {
        for name in IDEMPOTENT {
            let methods = vim_types::METHODS.iter().flat_map(|methods| methods.iter());
            let mut named = methods.filter(|method| method.name == *name).peekable();
            assert!(named.peek().is_some(), "{name} is not in the schema");
            assert!(named.all(|method| !method.task), "{name} starts a task");
        }
    }

    #[test]
    fn what_is_not_listed_is_not_idempotent() {
        for name in [
            "PowerOnVM_Task",
            "CreateVM_Task",
            "Login",
            "Logout",
            "CreateContainerView",
            "ReadNextEvents",
            "",
            "Z",
        ] {
            assert!(!is_idempotent(name), "{name}");
        }
        assert!(
            is_idempotent("RetrievePropertiesEx")
                && is_idempotent("CheckForUpdates")
                && is_idempotent("WaitForUpdatesEx")
        );
    }

    #[test]
    fn pauses_grow_with_jitter_and_are_one_less_than_the_attempts() {
        let retry = Retry {
            attempts: 6,
            first_delay: Duration::from_secs(1),
            longest_delay: Duration::from_secs(4),
            ..Retry::default()
        };
        let delays: Vec<_> = retry.delays().collect();
        assert_eq!(delays.len(), 5);
        for (delay, base) in delays.iter().zip([1, 2, 4, 4, 4].map(Duration::from_secs)) {
            assert!((base..=base * 2).contains(delay), "{delays:?}");
        }
        assert_eq!(Retry::never().delays().count(), 0);
        assert_eq!(Retry { attempts: 0, ..Retry::default() }.delays().count(), 0);
    }
}
