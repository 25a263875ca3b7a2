//! What a compute resource has for virtual machines.

use super::{connect, small};
use vim_client::mo::{ComputeResource, EnvironmentBrowser};
use vim_client::{MoRef, Properties};

#[derive(Properties)]
#[properties(of = ComputeResource)]
struct Browser {
    #[property("environmentBrowser")]
    browser: Option<MoRef>,
}

#[tokio::test]
async fn a_target_has_the_uplinks_marked_as_such() {
    let simulator = small().account("admin", "secret").start().await.unwrap();
    let client = connect(&simulator, "admin").await;
    let rows = client.retrieve::<Browser>().all().await.unwrap();
    assert_eq!(rows.len(), 2);
    for row in rows {
        let browser: EnvironmentBrowser = client.object(row.row.browser.unwrap());
        let target = browser.query_config_target().await.unwrap().unwrap();
        let portgroups = &target.distributed_virtual_portgroup;
        let uplinks: Vec<_> = portgroups.iter().filter(|portgroup| portgroup.uplink_portgroup).collect();
        assert!(matches!(&uplinks[..], [one] if one.portgroup_name.starts_with("DVS0-DVUplinks")));
        assert!(
            portgroups.iter().any(|other| !other.uplink_portgroup && other.portgroup_name == "DC0_DVPG0")
        );
        assert_eq!(target.distributed_virtual_switch.len(), 1);
    }
}
