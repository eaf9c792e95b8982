//! Firewall rules: the operator's and the daemon's.

use classic::{Host, PATIENCE, placed, stats, udp_delivered};
use lab::{Call, Pace};
use std::time::Instant;

/// Talks until the module has forwarded whole rounds alone again.
fn back_on_the_fast_path(host: &Host, call: &Call) -> lab::Result<()> {
    let deadline = Instant::now() + 3 * PATIENCE;
    loop {
        let before = stats(host.table, "packets_forwarded");
        call.talk_perfectly(20, Pace::SPEECH, PATIENCE)?;
        if stats(host.table, "packets_forwarded") == before + 40 {
            return Ok(());
        }
        assert!(Instant::now() < deadline, "media stays with the sockets");
    }
}

#[test]
fn a_rule_that_is_deleted_in_mid_call_sends_media_through_the_sockets_and_back() -> lab::Result<()> {
    lab::need_module!();
    let host = Host::new(42)?;
    let daemon = host.daemon().start()?;
    let call = Call::set_up(&mut daemon.ng()?, &host.net, "rule", 4000)?;
    host.talk_until(2, &[&call])?;
    for _ in 0..2 {
        back_on_the_fast_path(&host, &call)?;
        host.flush()?;
        let (forwarded, delivered) = (stats(42, "packets_forwarded"), udp_delivered(&host)?);
        // Not one packet is lost while nobody leads them to the module.
        call.talk_perfectly(200, Pace::SPEECH, PATIENCE)?;
        assert_eq!(stats(42, "packets_forwarded"), forwarded);
        assert!(udp_delivered(&host)? - delivered >= 400);
        host.rule()?;
    }
    back_on_the_fast_path(&host, &call)?;
    let log = daemon.stop()?;
    assert!(log.contains("no firewall rule leads to kernel table 42"), "{log}");
    Ok(())
}

#[test]
fn without_a_chain_of_its_own_the_daemon_touches_no_rule_and_says_what_is_missing() -> lab::Result<()> {
    lab::need_module!();
    let host = Host::bare(42)?;
    let daemon = host.daemon().start()?;
    assert_eq!(host.net.relay.run(&["nft", "list", "ruleset"])?, "");
    let call = Call::set_up(&mut daemon.ng()?, &host.net, "none", 4000)?;
    call.talk_perfectly(50, Pace::SPEECH, PATIENCE)?;
    let log = daemon.stop()?;
    assert!(log.contains("iptables -I INPUT -p udp -j RTPENGINE --id 42"), "{log}");
    Ok(())
}

#[test]
fn rules_of_the_daemon_come_back_after_a_firewall_reload_and_go_with_it() -> lab::Result<()> {
    lab::need_module!();
    let host = Host::bare(42)?;
    let relay = &host.net.relay;
    relay.run(&["iptables", "-A", "INPUT", "-p", "tcp", "--dport", "5060", "-j", "ACCEPT"])?;
    let mut daemon = host.daemon().arg("--nftables-chain=rtpengine").arg("--no-fallback").start()?;
    let call = Call::set_up(&mut daemon.ng()?, &host.net, "reload", 4000)?;
    host.talk_until(2, &[&call])?;
    back_on_the_fast_path(&host, &call)?;
    for (what, seen) in [("chain ip filter INPUT", "removed in part"), ("ruleset", "removed, probably")] {
        relay.run(&["nft", &format!("flush {what}")])?;
        daemon.process().wait_for_log(seen, PATIENCE)?;
        back_on_the_fast_path(&host, &call)?;
    }
    placed(42, 2, &[&call])?;
    daemon.stop()?;
    let rules = relay.run(&["nft", "list", "ruleset"])?;
    assert!(!rules.contains("rtpengine"), "{rules}");
    Ok(())
}

#[test]
fn the_classic_options_act_and_exit() -> lab::Result<()> {
    lab::need_module!();
    let host = Host::bare(42)?;
    let binary = lab::daemon_binary()?;
    let act = |option: &str| {
        let mut command = host.net.relay.command(&binary.to_string_lossy());
        let out = command.args(["--config-file=none", "--table=42", option]).output().unwrap();
        (out.status.code(), String::from_utf8_lossy(&out.stdout).into_owned())
    };
    let (status, text) = act("--nftables-status");
    assert_eq!((status, text.contains("not in place")), (Some(1), true), "{text}");
    for _ in 0..2 {
        assert_eq!(act("--nftables-start").0, Some(0));
    }
    let (status, text) = act("--nftables-status");
    assert_eq!((status, text.contains("(chain rtpengine_42): in place")), (Some(0), true), "{text}");
    let rules = host.net.relay.run(&["nft", "list", "ruleset"])?;
    assert_eq!(rules.matches("jump rtpengine_42").count(), 2, "one for each family: {rules}");
    // A daemon that keeps no rules of its own uses them.
    let daemon = host.daemon().start()?;
    let call = Call::set_up(&mut daemon.ng()?, &host.net, "theirs", 4000)?;
    host.talk_until(2, &[&call])?;
    back_on_the_fast_path(&host, &call)?;
    daemon.stop()?;
    for _ in 0..2 {
        assert_eq!(act("--nftables-stop").0, Some(0));
    }
    assert_eq!(act("--nftables-status").0, Some(1));
    Ok(())
}
