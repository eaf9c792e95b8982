use super::super::examine::tests::{appliance, userspace};
use super::super::system::tests::painted;
use super::*;
use crate::config::checked::{BusyPoll, Config};
use afxdp::nic::NicFacts;

fn nic() -> Surveyed {
    let facts = NicFacts {
        driver: "ice".to_owned(),
        defer_hard_irqs: Some(0),
        flush_timeout_ns: Some(0),
        ..NicFacts::default()
    };
    Surveyed {
        name: "eth0".to_owned(),
        ifindex: 2,
        up: true,
        bond: None,
        share: Share::All,
        user: None,
        facts: Ok(facts),
        queues: Ok(1),
    }
}

fn state(config: &Config, files: &[(&str, &str)], look: impl FnOnce(&Look<'_>) -> Finding) -> State {
    let (_folder, system) = painted(files);
    let subject = Subject { config, written: true, attach: false };
    look(&Look { subject: &subject, system: &system, need: Need::Required, program: None }).state
}

#[test]
fn nothing_is_looked_at_that_nobody_needs() {
    let config = userspace();
    let (_folder, system) = painted(&[]);
    let findings = look(&Subject { config: &config, written: true, attach: false }, &system);
    assert_eq!(findings.len(), PER_NIC.len() + 1);
    assert!(findings.iter().all(|finding| finding.state == State::Skip));
}

#[test]
fn a_program_of_somebody_else_is_in_the_way() {
    let config = appliance();
    let at = |nic: &Surveyed, attached| state(&config, &[], |look| look.occupied(nic, attached));
    assert_eq!(at(&nic(), None), State::Ok);
    assert_eq!(at(&nic(), Some(7)), State::Fail);
    let ours = Surveyed { user: Some("99".to_owned()), ..nic() };
    assert_eq!(at(&ours, Some(7)), State::Ok);
}

#[test]
fn zero_copy_is_known_without_trying() {
    let config = appliance();
    let at = |driver: &str, can, files: &[(&str, &str)]| {
        state(&config, files, |look| look.zero_copy(&nic(), driver, can, "says the kernel"))
    };
    assert_eq!(at("ice", true, &[]), State::Ok);
    assert_eq!(at("veth", false, &[]), State::Warn);
    let bits = |last: char| format!("{}{last}", "1".repeat(33));
    let features = "sys/class/net/eth0/device/features";
    assert_eq!(at("virtio_net", true, &[(features, &bits('1'))]), State::Ok);
    assert_eq!(at("virtio_net", true, &[(features, &bits('0'))]), State::Warn);
}

#[test]
fn queues_and_steering_follow_the_plan() {
    let mut config = appliance();
    config.threads.media = 2;
    let queues = |queues: Result<u32, Error>| {
        let nic = Surveyed { queues, ..nic() };
        state(&config, &[], |look| look.queues(&nic))
    };
    assert_eq!(queues(Ok(2)), State::Ok);
    assert_eq!(queues(Ok(1)), State::Warn);
    assert_eq!(queues(Err(Error::NoMembers("bond0".to_owned()))), State::Fail);
    let steering = |share, rules| {
        let facts = NicFacts { rules, ..NicFacts::default() };
        let nic = Surveyed { share, facts: Ok(facts), ..nic() };
        state(&config, &[], |look| look.steering(&nic))
    };
    assert_eq!(steering(Share::All, None), State::Ok);
    assert_eq!(steering(Share::Media, Some((0, 64))), State::Ok);
    assert_eq!(steering(Share::Media, None), State::Fail);
}

#[test]
fn polling_and_interrupts_must_fit() {
    let mut config = appliance();
    let at = |config: &Config, known: bool| {
        let facts = NicFacts {
            defer_hard_irqs: known.then_some(0),
            flush_timeout_ns: Some(0),
            ..NicFacts::default()
        };
        let nic = Surveyed { facts: Ok(facts), ..nic() };
        state(config, &[], |look| look.busy_poll(&nic))
    };
    assert_eq!(at(&config, true), State::Ok);
    config.threads.idle = Idle::Busy;
    assert_eq!(at(&config, true), State::Warn);
    config.appliance.busy_poll = Some(BusyPoll { microseconds: 20, packets: 64 });
    assert_eq!((at(&config, true), at(&config, false)), (State::Ok, State::Warn));
}

#[test]
fn a_link_that_is_down_and_large_packets_are_told() {
    assert_eq!(device(&nic(), "ice").state, State::Ok);
    let down = Surveyed { up: false, bond: Some("bond0".to_owned()), ..nic() };
    assert_eq!(device(&down, "ice").what, "driver ice, member of bond0: switched off, or no cable");
    assert_eq!(
        (mtu(Some(1500)).state, mtu(Some(9000)).state, mtu(None).state),
        (State::Ok, State::Warn, State::Skip)
    );
    assert_eq!(
        (xdp_native("ice", true, "x").state, xdp_native("e1000e", false, "x").state),
        (State::Ok, State::Warn)
    );
}
