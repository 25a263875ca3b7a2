//! `StorageResourceManager`: datastore clusters, where new disks go, and who gets how much of a datastore's throughput.

mod apply;
mod configure;
pub(crate) mod iorm;
pub(crate) mod pod;
pub(crate) mod recommend;

use crate::call::methods;

methods! {
    "ApplyStorageDrsRecommendation_Task" => apply::apply,
    "ApplyStorageDrsRecommendationToPod_Task" => apply::apply_to_pod,
    "CancelStorageDrsRecommendation" => apply::cancel,
    "ConfigureDatastoreIORM_Task" => iorm::configure,
    "ConfigureStorageDrsForPod_Task" => configure::configure_pod,
    "QueryDatastorePerformanceSummary" => iorm::performance,
    "QueryIORMConfigOption" => iorm::options,
    "RecommendDatastores" => recommend::recommend_datastores,
    "RefreshStorageDrsRecommendation" => configure::refresh,
    "RefreshStorageDrsRecommendationsForPod_Task" => configure::refresh_task,
    "ValidateStoragePodConfig" => configure::validate,
}
