//! The services of a host, its firewall, clock and advanced options.

use vim_types::{
    HostDateTimeInfo, HostDateTimeSystemTimeZone, HostFirewallDefaultPolicy, HostFirewallInfo,
    HostFirewallRule, HostFirewallRuleDirection, HostFirewallRulePortType, HostFirewallRuleset,
    HostFirewallRulesetIpList, HostNtpConfig, HostService, HostServiceInfo, HostServiceSourcePackage,
    OptionValue,
};
use vim_wire::{Any, Poly};

/// Key, label, whether it runs, policy, rulesets.
const SERVICES: [(&str, &str, bool, &str, &[&str]); 12] = [
    ("DCUI", "Direct Console UI", true, "on", &[]),
    ("TSM", "ESXi Shell", false, "off", &[]),
    ("TSM-SSH", "SSH", false, "off", &["sshServer"]),
    ("attestd", "attestd", false, "off", &[]),
    ("kmxd", "kmxd", false, "off", &[]),
    ("lbtd", "Load-Based Teaming Daemon", true, "on", &[]),
    ("lwsmd", "Active Directory Service", false, "off", &["activeDirectoryAll"]),
    ("ntpd", "NTP Daemon", false, "off", &["ntpClient"]),
    ("pcscd", "PC/SC Smart Card Daemon", false, "off", &[]),
    ("sfcbd-watchdog", "CIM Server", false, "on", &["CIMHttpServer", "CIMHttpsServer"]),
    ("snmpd", "SNMP Server", false, "off", &["snmp"]),
    ("vpxa", "VMware vCenter Agent", true, "on", &["vpxHeartbeats"]),
];

pub(super) fn services() -> HostServiceInfo {
    let service = SERVICES.iter().map(|&(key, label, running, policy, ruleset)| HostService {
        key: key.to_owned(),
        label: label.to_owned(),
        required: false,
        uninstallable: false,
        running,
        ruleset: ruleset.iter().map(|&ruleset| ruleset.to_owned()).collect(),
        policy: policy.to_owned(),
        source_package: Some(HostServiceSourcePackage {
            source_package_name: "esx-base".into(),
            description: "esx-base".into(),
        }),
    });
    HostServiceInfo { service: service.collect() }
}

/// Key, label, whether it is enabled, service, rules: port, last port, whether inbound, protocol.
type Ruleset = (
    &'static str,
    &'static str,
    bool,
    Option<&'static str>,
    &'static [(i32, Option<i32>, bool, &'static str)],
);

const RULESETS: [Ruleset; 16] = [
    ("CIMHttpServer", "CIM Server", true, Some("sfcbd-watchdog"), &[(5988, None, true, "tcp")]),
    ("CIMHttpsServer", "CIM Secure Server", true, Some("sfcbd-watchdog"), &[(5989, None, true, "tcp")]),
    ("DHCPv6", "DHCPv6", true, None, &[(547, None, false, "tcp"), (546, None, true, "udp")]),
    ("HBR", "HBR", false, None, &[(31031, None, false, "tcp"), (44046, None, false, "tcp")]),
    ("NFC", "NFC", true, None, &[(902, None, true, "tcp"), (902, None, false, "tcp")]),
    (
        "activeDirectoryAll",
        "Active Directory All",
        false,
        None,
        &[(88, None, false, "tcp"), (389, None, false, "tcp")],
    ),
    ("dhcp", "DHCP Client", true, None, &[(68, None, true, "udp"), (68, None, false, "udp")]),
    (
        "dns",
        "DNS Client",
        true,
        None,
        &[(53, None, true, "udp"), (53, None, false, "udp"), (53, None, false, "tcp")],
    ),
    ("faultTolerance", "Fault Tolerance", true, None, &[(80, None, false, "tcp"), (8300, None, true, "tcp")]),
    ("httpClient", "httpClient", false, None, &[(80, None, false, "tcp"), (443, None, false, "tcp")]),
    ("nfsClient", "NFS Client", false, None, &[(0, Some(65535), false, "tcp")]),
    ("ntpClient", "NTP Client", false, Some("ntpd"), &[(123, None, false, "udp")]),
    ("snmp", "SNMP Server", true, Some("snmpd"), &[(161, None, true, "udp")]),
    ("sshServer", "SSH Server", true, None, &[(22, None, true, "tcp")]),
    ("vMotion", "vMotion", true, None, &[(8000, None, true, "tcp"), (8000, None, false, "tcp")]),
    (
        "vSphereClient",
        "vSphere Web Client",
        true,
        None,
        &[(902, None, true, "tcp"), (443, None, true, "tcp")],
    ),
];

pub(super) fn firewall() -> HostFirewallInfo {
    let ruleset = RULESETS.iter().map(|&(key, label, enabled, service, rules)| HostFirewallRuleset {
        key: key.to_owned(),
        label: label.to_owned(),
        required: false,
        rule: rules
            .iter()
            .map(|&(port, end_port, inbound, protocol)| HostFirewallRule {
                port,
                end_port,
                direction: if inbound {
                    HostFirewallRuleDirection::INBOUND
                } else {
                    HostFirewallRuleDirection::OUTBOUND
                },
                port_type: Some(HostFirewallRulePortType::DST),
                protocol: protocol.to_owned(),
            })
            .collect(),
        service: service.map(str::to_owned),
        enabled,
        allowed_hosts: Some(HostFirewallRulesetIpList { all_ip: true, ..Default::default() }),
        user_controllable: Some(true),
        ip_list_user_configurable: Some(true),
    });
    HostFirewallInfo {
        default_policy: HostFirewallDefaultPolicy {
            incoming_blocked: Some(true),
            outgoing_blocked: Some(true),
        },
        ruleset: ruleset.collect(),
    }
}

pub(super) fn date_time() -> HostDateTimeInfo {
    HostDateTimeInfo {
        time_zone: HostDateTimeSystemTimeZone {
            key: "UTC".into(),
            name: "UTC".into(),
            description: "UTC".into(),
            gmt_offset: 0,
        },
        system_clock_protocol: Some("ntp".into()),
        ntp_config: Some(HostNtpConfig::default()),
        enabled: Some(true),
        ..Default::default()
    }
}

/// The advanced options that scripts ask for.
pub(super) fn options(name: &str) -> Vec<Poly<OptionValue>> {
    let text =
        |key: &str, value: &str| OptionValue { key: key.to_owned(), value: Some(Any::from(value)) }.into();
    let number =
        |key: &str, value: i64| OptionValue { key: key.to_owned(), value: Some(Any::from(value)) }.into();
    vec![
        text("Annotations.WelcomeMessage", ""),
        number("BufferCache.SoftMaxDirty", 15),
        number("CBRC.Enable", 0),
        text("Config.HostAgent.log.level", "info"),
        text("Config.HostAgent.plugins.solo.enableMob", "false"),
        number("Cpu.PreventCpuIdle", 0),
        number("DataMover.HardwareAcceleratedInit", 1),
        number("DataMover.HardwareAcceleratedMove", 1),
        number("Disk.MaxLUN", 1024),
        number("Mem.ShareForceSalting", 2),
        text("Misc.HostName", name),
        number("NFS.MaxVolumes", 256),
        number("Net.FollowHardwareMac", 1),
        number("Net.TcpipHeapMax", 1024),
        text("Syslog.global.logDir", "[] /scratch/log"),
        text("Syslog.global.logHost", ""),
        number("UserVars.ESXiShellInteractiveTimeOut", 0),
        number("UserVars.ESXiShellTimeOut", 0),
        number("UserVars.SuppressShellWarning", 0),
        number("VMFS3.HardwareAcceleratedLocking", 1),
    ]
}
