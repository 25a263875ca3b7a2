//! What alarms can be made of: the property `description`.

use vim_types::{AlarmDescription, Description, ElementDescription, TypeDescription};
use vim_wire::Poly;

fn words(key: &str) -> Description {
    Description { label: key.to_owned(), summary: key.to_owned() }
}

fn elements(keys: &[&str]) -> Vec<Poly<ElementDescription>> {
    let element = |key: &&str| ElementDescription { key: (*key).to_owned(), extends: words(key) };
    keys.iter().map(|key| element(key).into()).collect()
}

fn types(keys: &[&str]) -> Vec<Poly<TypeDescription>> {
    let kind = |key: &&str| TypeDescription { key: (*key).to_owned(), extends: words(key) };
    keys.iter().map(|key| kind(key).into()).collect()
}

pub(super) fn description() -> AlarmDescription {
    AlarmDescription {
        expr: types(&[
            "AndAlarmExpression",
            "EventAlarmExpression",
            "MetricAlarmExpression",
            "OrAlarmExpression",
            "StateAlarmExpression",
        ]),
        state_operator: elements(&["isEqual", "isUnequal"]),
        metric_operator: elements(&["isAbove", "isBelow"]),
        host_system_connection_state: elements(&["connected", "disconnected", "notResponding"]),
        virtual_machine_power_state: elements(&["poweredOff", "poweredOn", "suspended"]),
        datastore_connection_state: elements(&["connected", "disconnected"]),
        host_system_power_state: elements(&["poweredOff", "poweredOn", "standBy", "unknown"]),
        virtual_machine_guest_heartbeat_status: elements(&["gray", "green", "red", "yellow"]),
        entity_status: elements(&["gray", "green", "red", "yellow"]),
        action: types(&["MethodAction", "RunScriptAction", "SendEmailAction", "SendSNMPAction"]),
    }
}
