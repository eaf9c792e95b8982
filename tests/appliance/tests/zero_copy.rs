//! The daemon on NICs that can do zero-copy. `tests/vm/zero-copy` runs this in a virtual machine:
//! `ZERO_COPY_NICS=eth0,eth1,eth2,eth3` names two joined pairs, of which the first of each is the relay's.

use appliance_lab::{PATIENCE, Stand, Tier, standing, text_interface};
use lab::{CallSpec, LabError, Pace, Result, Topology};
use std::time::{Duration, Instant};

/// RTP packets that go through the relay, both directions together ...
const PACKETS: u32 = 20_000;
/// ... so many at a time each way, as many as a [`lab::Call`] sends at once, ...
const ROUND: u32 = 500;
/// ... at a pace that an emulated machine keeps up with.
const PACE: Pace = Pace::Every(Duration::from_millis(2));
/// A driver may take its link down for some seconds when a program is attached.
const LINKS: Duration = Duration::from_secs(60);
const CLI: &str = "127.0.0.1:2224";

#[test]
fn a_call_between_two_nics_is_carried_without_a_copy() -> Result<()> {
    lab::need_root!();
    let Ok(nics) = std::env::var("ZERO_COPY_NICS") else {
        lab::skip!("needs two pairs of joined NICs that can do zero-copy, named in ZERO_COPY_NICS");
    };
    let nics: Vec<&str> = nics.split(',').collect();
    let &[left, caller, right, callee] = nics.as_slice() else { panic!("four NICs, not {nics:?}") };
    let net = Topology::on_nics([left, caller, right, callee])?;
    let interfaces = [&net.caller, &net.callee].map(|leg| Tier::Worker.interface(leg)).concat();
    let config = format!("{interfaces}[threads]\nmedia = 1\n[control]\nlisten-cli = [\"{CLI}\"]\n");
    let mut stand = Stand::on(net, &config)?;

    let ask = |stand: &Stand| text_interface(&stand.daemon, CLI.parse().expect("an address"), "list paths");
    let paths = ask(&stand)?;
    for nic in ["caller", "callee"] {
        let obtained = format!("{nic} queue 0: program native, packet thread zero-copy");
        assert!(paths.lines().any(|line| line == obtained), "{paths}{}", stand.daemon.log());
    }

    let call = CallSpec::new("zero-copy", 4000).set_up(&mut stand.client, &stand.net)?;
    let wanted = [Tier::Worker.reached(); 2];
    let start = Instant::now();
    while standing(&mut stand.client, &call.id)? != wanted {
        let now = standing(&mut stand.client, &call.id)?;
        assert!(start.elapsed() < LINKS, "the call stands as {now:?}\n{}", stand.daemon.log());
        // Lost while the links come up, so nothing is asked of these.
        call.talk(5, PACE, Duration::from_millis(300))?;
    }
    let [before, fast_before] = stand.relayed()?;
    for _ in 0..PACKETS / ROUND / 2 {
        call.talk_perfectly(ROUND, PACE, PATIENCE)?;
    }
    let [all, fast] = stand.relayed()?;
    assert_eq!((all - before, fast - fast_before), (i64::from(PACKETS), i64::from(PACKETS)));
    assert_eq!(standing(&mut stand.client, &call.id)?, wanted);
    let paths = ask(&stand)?;
    assert!(paths.lines().any(|line| line.starts_with("af-xdp") && line.ends_with(" 2")), "{paths}");

    let told = doctor(&stand, &config)?;
    for nic in ["caller", "callee"] {
        let about = told.lines().find(|line| line.contains("zero-copy ") && line.contains(nic));
        assert!(about.is_some_and(|line| line.starts_with("ok ") && line.contains(" can ")), "{told}");
    }
    call.delete(&mut stand.client)?;
    println!(
        "zero-copy: {PACKETS} packets of a call through the daemon, from {left} to {right} and back, none lost"
    );
    stand.stop()?;
    Ok(())
}

/// What `rtpengine doctor` says beside the running daemon; that it finds other things too is not the subject.
fn doctor(stand: &Stand, config: &str) -> Result<String> {
    let file = std::env::temp_dir().join("zero-copy.toml");
    std::fs::write(&file, config).map_err(LabError::io("writing a configuration"))?;
    let program = lab::daemon_binary()?.display().to_string();
    let mut command = stand.net.relay.command(&program);
    command.arg("doctor").arg(&file);
    let out = command.output().map_err(LabError::io("running doctor"))?;
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}
