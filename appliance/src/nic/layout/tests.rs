use super::super::device::tests::config;
use super::*;
use afxdp::nic::{Channels, Step};

fn nic(queues: Option<u32>, share: Share) -> Wanted {
    Wanted {
        name: "eth0".to_owned(),
        ifindex: 2,
        mac: None,
        queues,
        share,
        addresses: Vec::new(),
        media: vec![("192.0.2.1".parse().unwrap(), 0x8000..=0x9fff)],
    }
}

fn facts(most: u32, now: u32) -> NicFacts {
    NicFacts {
        interface: "eth0".to_owned(),
        driver: "good".to_owned(),
        channels: Some(Channels { max_combined: most, combined: now, ..Channels::default() }),
        rules: Some((0, 64)),
        defer_hard_irqs: Some(0),
        flush_timeout_ns: Some(0),
        ..NicFacts::default()
    }
}

fn with(more: &str) -> Config {
    config(&format!("[[interface]]\naddress = \"192.0.2.1\"\n{more}"), &[("eth0", "192.0.2.1")])
}

fn queues(nic: &Wanted, facts: &NicFacts) -> Result<u32, String> {
    layout(&with("[threads]\nmedia = 4\n"), nic, facts)
        .map(|layout| layout.queues)
        .map_err(|error| error.to_string())
}

#[test]
fn without_a_wish_each_thread_gets_a_queue_as_far_as_there_are_some() {
    let single = NicFacts { channels: None, ..facts(1, 1) };
    assert_eq!(queues(&nic(None, Share::All), &single), Ok(1));
    assert_eq!(queues(&nic(None, Share::All), &facts(2, 2)), Ok(2));
    assert_eq!(queues(&nic(None, Share::All), &facts(8, 8)), Ok(4));
    assert_eq!(queues(&nic(None, Share::Media), &facts(4, 4)), Ok(3), "one is for the others");
    assert_eq!(queues(&nic(Some(2), Share::All), &facts(8, 8)), Ok(2));
}

#[test]
fn a_layout_that_cannot_work_is_refused() {
    let told = queues(&nic(Some(5), Share::All), &facts(8, 8)).unwrap_err();
    assert!(told.contains("set threads.media = 5 or fewer `queues`"), "{told}");
    let told = queues(&nic(Some(3), Share::All), &facts(2, 2)).unwrap_err();
    assert!(told.contains("can have 2 receive queues"), "{told}");
    let told = queues(&nic(None, Share::Media), &NicFacts { rules: None, ..facts(4, 4) }).unwrap_err();
    assert!(told.contains("no receive rules"), "{told}");
}

#[test]
fn interrupts_are_put_off_only_when_we_poll_or_packets_shall_gather() {
    let steps = |more: &str| {
        let config = with(&format!("[threads]\nmedia = 1\n[appliance]\n{more}"));
        layout(&config, &nic(None, Share::All), &facts(1, 1)).unwrap().plan.steps
    };
    assert_eq!(steps(""), []);
    assert_eq!(
        steps("busy-poll = { microseconds = 20, packets = 64 }"),
        [Step::Sysfs("napi_defer_hard_irqs", 2), Step::Sysfs("gro_flush_timeout", 200_000)]
    );
    assert_eq!(
        steps("gather = 150"),
        [Step::Sysfs("napi_defer_hard_irqs", 2), Step::Sysfs("gro_flush_timeout", 150_000)]
    );
}
