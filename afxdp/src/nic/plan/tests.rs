use super::*;

fn nic(most: u32, now: u32) -> NicFacts {
    NicFacts {
        interface: "eth7".to_owned(),
        driver: "good".to_owned(),
        channels: Some(Channels { max_combined: most, combined: now, ..Channels::default() }),
        indirection: (0..8).map(|entry| entry % now).collect(),
        rules: Some((3, 64)),
        rules_on: false,
        defer_hard_irqs: Some(0),
        flush_timeout_ns: Some(0),
    }
}

fn wish(workers: u32, share: Share) -> Wish {
    let media = vec![("192.0.2.1".parse().unwrap(), 0x8000..=0x9fff)];
    Wish { workers, share, media, deferral: None }
}

fn combined(count: u32, most: u32) -> Step {
    Step::Channels(Channels { max_combined: most, combined: count, ..Channels::default() })
}

#[test]
fn all_queues_are_made_as_many_as_workers() {
    let plan = Plan::make(&nic(8, 8), &wish(2, Share::All)).unwrap();
    assert_eq!(plan.steps, [combined(2, 8)]);
    assert_eq!(Plan::make(&nic(8, 2), &wish(2, Share::All)).unwrap(), Plan::default());
    assert_eq!(Plan::make(&nic(8, 1), &wish(4, Share::All)).unwrap().steps, [combined(4, 8)]);
    // Receive and transmit queues apart.
    let apart =
        NicFacts { channels: Some(Channels { max_rx: 4, rx: 4, tx: 4, ..Channels::default() }), ..nic(8, 8) };
    let expected = Step::Channels(Channels { max_rx: 4, rx: 2, tx: 2, ..Channels::default() });
    assert_eq!(Plan::make(&apart, &wish(2, Share::All)).unwrap().steps, [expected]);
    // A driver that knows of no queues has one.
    let single = NicFacts { channels: None, indirection: vec![], ..nic(8, 8) };
    assert_eq!(Plan::make(&single, &wish(1, Share::All)).unwrap(), Plan::default());
}

#[test]
fn a_layout_that_cannot_work_is_refused_with_the_reason() {
    let refused = Plan::make(&nic(4, 4), &wish(6, Share::All)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "eth7 (good) can have 4 receive queues, but there are 6 workers: configure at most 4 cores"
    );
    let single = NicFacts { channels: None, ..nic(8, 8) };
    assert!(matches!(Plan::make(&single, &wish(2, Share::All)), Err(Refusal::TooFewQueues { most: 1, .. })));
    let fixed = Channels { combined: 4, ..Channels::default() };
    let stiff = NicFacts { channels: Some(fixed), indirection: vec![], ..nic(8, 8) };
    assert!(matches!(
        Plan::make(&stiff, &wish(2, Share::All)),
        Err(Refusal::UnservedQueues { queues: 4, .. })
    ));
    // If at least the hash can be kept from the queues without a worker, that does it.
    let hashed = NicFacts { indirection: vec![0, 1, 2, 3], ..stiff };
    let plan = Plan::make(&hashed, &wish(2, Share::All)).unwrap();
    assert_eq!(plan.steps, [Step::Indirection(vec![0, 1, 0, 1])]);
}

#[test]
fn media_is_brought_to_the_first_queues_and_the_rest_kept_away() {
    let plan = Plan::make(&nic(8, 4), &wish(2, Share::Media)).unwrap();
    let rule = |port, queue| {
        Step::Rule(PortRule { address: "192.0.2.1".parse().unwrap(), port, mask: 0xe002, queue })
    };
    assert_eq!(
        plan.steps,
        [Step::Indirection(vec![2, 3, 2, 3, 2, 3, 2, 3]), Step::RulesOn, rule(0x8000, 0), rule(0x8002, 1)]
    );
    let plan = Plan::make(&nic(8, 2), &wish(2, Share::Media)).unwrap();
    assert_eq!(plan.steps[..2], [combined(3, 8), Step::Indirection(vec![2; 8])]);
    assert!(matches!(
        Plan::make(&nic(2, 2), &wish(2, Share::Media)),
        Err(Refusal::TooFewQueues { workers: 3, .. })
    ));
    let ruleless = NicFacts { rules: None, ..nic(8, 4) };
    assert!(matches!(Plan::make(&ruleless, &wish(2, Share::Media)), Err(Refusal::NoRules { .. })));
    let mut wide = wish(4, Share::Media);
    wide.media = ["192.0.2.1", "2001:db8::1"].map(|at| (at.parse().unwrap(), 30_001..=39_998)).into();
    assert!(matches!(
        Plan::make(&nic(8, 8), &wide),
        Err(Refusal::TooManyRules { room: 61, needed, .. }) if needed > 61
    ));
}

#[test]
fn interrupts_are_put_off_only_where_that_differs_and_exists() {
    let deferral = Some(Deferral { hard_irqs: 2, flush_timeout_ns: 200_000 });
    let wish = Wish { deferral, ..wish(1, Share::All) };
    let mut facts = nic(1, 1);
    let hard = Step::Sysfs("napi_defer_hard_irqs", 2);
    let flush = Step::Sysfs("gro_flush_timeout", 200_000);
    assert_eq!(Plan::make(&facts, &wish).unwrap().steps, [hard.clone(), flush]);
    facts.flush_timeout_ns = Some(200_000);
    assert_eq!(Plan::make(&facts, &wish).unwrap().steps, [hard]);
    facts.defer_hard_irqs = None;
    assert_eq!(Plan::make(&facts, &wish).unwrap().steps, []);
}
