//! The bench measures, and notices when packets are not what they should be.

use bench::{Load, Profile, Stage};
use lab::{need_root, need_tool};

/// Subjects that need nothing but this package.
fn profile() -> Profile {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    assert!(cores > 1, "generator and relay need a core each");
    let text = "[[subject]]\nname = \"l2fwd\"\nrole = \"l2fwd\"\n[[subject]]\nname = \"xdpfwd\"\nrole = \"xdpfwd\"\n[[subject]]\nname = \"routing\"\nrole = \"routing\"\n";
    Profile::parse(text).expect("a profile")
}

#[test]
fn what_is_sent_arrives_whole_and_what_is_damaged_is_seen() {
    need_root!();
    need_tool!("ethtool", "chrt", "taskset");
    let _alone = lab::alone().unwrap();
    let profile = profile();
    for subject in &profile.subjects {
        let mut stage = Stage::open(&profile, subject, 4).unwrap();
        let load = Load { rate_pps: 5_000, seconds: 0.5, ..Load::default() };
        let sample = stage.probe(&load).unwrap();
        let counts = sample.counts;
        assert!(counts.sent > 1000, "{sample:?}");
        assert!(counts.received * 10 > counts.sent * 9 && counts.checked > 10, "{sample:?}");
        assert_eq!(sample.flaws(), [""; 0], "{sample:?}");
        assert!(sample.ns_per_packet > 50.0 && sample.delay_p50_us > 0.5, "{sample:?}");

        // Neither of them looks at UDP, so all that is wrong arrives, and is noticed.
        let spoilt = stage.probe(&Load { spoil: 3, ..load }).unwrap();
        assert!(spoilt.counts.bad_checksum > 0, "{spoilt:?}");
        let lost = spoilt.counts.sent - spoilt.counts.received;
        assert!(spoilt.counts.missing > lost + 100, "{spoilt:?}");
        assert_eq!(spoilt.flaws().len(), 2, "{:?}", spoilt.flaws());
    }
}

#[test]
fn the_bare_forwarder_over_sockets_relays_too() {
    need_root!();
    need_tool!("ethtool", "chrt", "taskset");
    let _alone = lab::alone().unwrap();
    let profile = Profile::parse("[[subject]]\nname = \"udpfwd\"\nrole = \"udpfwd\"\n").unwrap();
    let mut stage = Stage::open(&profile, &profile.subjects[0], 4).unwrap();
    // Every 64th packet has its checksum looked at. How many are sent is the machine's affair, if others use it.
    let mut looked_at = 0;
    for _ in 0..40 {
        let sample = stage.probe(&Load { rate_pps: 2_000, seconds: 0.5, ..Load::default() }).unwrap();
        assert_eq!(sample.flaws(), [""; 0], "{sample:?}");
        looked_at += sample.counts.checked;
        if looked_at > 0 {
            return;
        }
    }
    panic!("too few packets arrive");
}

#[test]
fn what_is_sealed_comes_back_opened() {
    need_root!();
    need_tool!("ethtool", "chrt", "taskset");
    let _alone = lab::alone().unwrap();
    let text = "suite = \"AEAD_AES_128_GCM\"\n[[subject]]\nname = \"ours\"\n\
                interface = 'mode = \"appliance\"'\n\
                config = \"[media]\\nendpoint-learning = 'immediate'\\n[threads]\\nmedia = 1\"\n";
    let profile = Profile::parse(text).unwrap();
    let mut stage = Stage::open(&profile, &profile.subjects[0], 4).unwrap();
    let sample = stage.probe(&Load { rate_pps: 1_000, seconds: 0.5, ..Load::default() }).unwrap();
    assert!(sample.counts.received > 100, "{sample:?}");
    assert_eq!(sample.flaws(), [""; 0], "{sample:?}");
}

#[test]
fn the_program_alone_is_measured_with_few_and_many_flows() {
    need_root!();
    let costs = bench::program::measure(&[10, 500], 2).unwrap();
    assert_eq!(costs.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
    // How much is not for a test to say; but it is more than nothing, and not as much as a system call.
    assert!(costs.iter().flatten().all(|ns| (5.0..20_000.0).contains(ns)), "{costs:?}");
}

#[test]
fn calls_are_set_up_ended_and_weighed() {
    need_root!();
    need_tool!("taskset");
    let _alone = lab::alone().unwrap();
    let text = "[[subject]]\nname = \"ours\"\ninterface = 'mode = \"userspace\"'\nconfig = ''\n";
    let profile = Profile::parse(text).unwrap();
    let found = bench::control::measure(&profile, &profile.subjects[0], 20, 16, &[1, 40]).unwrap();
    assert_eq!(found.ended, None);
    assert!(found.calls_per_s > 1.0 && found.cpu_us > 1.0, "{found:?}");
    assert_eq!(found.memory.iter().map(|memory| memory.calls).collect::<Vec<_>>(), [1, 40]);
    assert!(found.memory.iter().any(|memory| memory.daemon + memory.kernel > 100.0), "{found:?}");
}

#[test]
fn a_relay_that_is_not_there_is_no_subject() {
    need_root!();
    need_tool!("ethtool", "chrt", "taskset");
    let mut profile = profile();
    profile.subjects[0].name = "nobody".to_owned();
    profile.subjects[0].role = bench::Role::Relay;
    profile.subjects[0].binary = Some("no-such-relay-anywhere".into());
    assert!(Stage::open(&profile, &profile.subjects[0], 1).is_err());
}
