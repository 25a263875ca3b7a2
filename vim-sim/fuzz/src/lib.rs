//! What the fuzz target and `vim-sim/tests` share: a simulator that is asked, and documents that are nearly right.
#![allow(missing_docs, unreachable_pub, clippy::expect_used, reason = "tests")]

pub mod mutate;

use vim_sim::{Model, Offline, Simulator};

/// A simulator as the corpus's requests expect it, with a session.
pub fn simulator() -> Offline {
    Offline::new(Simulator::builder().model(Model::vcenter())).expect("the model can be")
}

/// Whatever comes is answered, and so is what comes next.
pub fn check(bytes: &[u8]) {
    let simulator = simulator();
    if let Some(answer) = simulator.answer(bytes) {
        assert!(answer.starts_with("<?xml") && answer.ends_with("Envelope>"), "{answer}");
    }
    let next = simulator.answer(CURRENT_TIME.as_bytes()).expect("is not kept waiting");
    assert!(next.contains("CurrentTimeResponse"), "{next}");
}

const CURRENT_TIME: &str = "<Envelope xmlns=\"http://schemas.xmlsoap.org/soap/envelope/\"><Body>\
    <CurrentTime xmlns=\"urn:vim25\"><_this type=\"ServiceInstance\">ServiceInstance</_this></CurrentTime>\
    </Body></Envelope>";
