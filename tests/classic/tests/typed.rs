//! What operators type, line by line as it stands in their notes, with calls in it.

use classic::{Host, PATIENCE, say, stats, tables};
use lab::{CallSpec, Daemon, Family, Pace, Result, ng};
use std::time::Instant;

/// Types a line into a shell on the relay's host; what it prints.
fn typed(host: &Host, line: &str) -> Result<String> {
    host.net.relay.run(&["sh", "-c", line])
}

/// Rules for both families, what the answer to `-S` must hold, and of which families calls are made.
struct Rules {
    lines: &'static [&'static str],
    shown: &'static str,
    calls: &'static [Family],
}

const RULES: [Rules; 3] = [
    Rules {
        lines: &[
            "iptables -I INPUT -p udp -j RTPENGINE --id 42",
            "ip6tables -I INPUT -p udp -j RTPENGINE --id 42",
        ],
        shown: "-A INPUT -p udp -j RTPENGINE --id 42",
        calls: &[Family::V4, Family::V6],
    },
    Rules {
        lines: &[
            "iptables -I INPUT -p udp --dport 30000:40000 -j RTPENGINE --id 42",
            "ip6tables -I INPUT -p udp --dport 30000:40000 -j RTPENGINE --id 42",
        ],
        shown: "-A INPUT -p udp -m udp --dport 30000:40000 -j RTPENGINE --id 42",
        calls: &[Family::V4],
    },
    Rules {
        lines: &[
            "iptables -N media",
            "iptables -I INPUT -j media",
            "iptables -A media -p udp --dport 30000:40000 -j RTPENGINE --id 42",
            "ip6tables -N media",
            "ip6tables -I INPUT -j media",
            "ip6tables -A media -p udp --dport 30000:40000 -j RTPENGINE --id 42",
        ],
        shown: "-A media -p udp -m udp --dport 30000:40000 -j RTPENGINE --id 42",
        calls: &[Family::V6],
    },
];

/// A call of a family: its two flows are in the table, and all of its packets are forwarded there.
fn carried(host: &Host, client: &mut ng::Client, id: &str, family: Family) -> Result<()> {
    let call = CallSpec::new(id, 4000).families([family; 2]).set_up(client, &host.net)?;
    host.talk_until(2, &[&call])?;
    let before = stats(42, "packets_forwarded");
    call.talk_perfectly(50, Pace::SPEECH, PATIENCE)?;
    assert_eq!(stats(42, "packets_forwarded") - before, 100, "{id}");

    assert_eq!(typed(host, "ls /proc/rtpengine/42")?, "blist\ncontrol\nlist\nstats\nstatus\n");
    let pid = typed(host, "cat /run/typed.pid")?;
    let status = typed(host, "cat /proc/rtpengine/42/status")?;
    assert!(status.starts_with("Refcount:    "), "{status}");
    assert!(status.ends_with(&format!("\nControl PID: {}\nTargets:     2\n", pid.trim())), "{status}");
    let list = typed(host, "cat /proc/rtpengine/42/list")?;
    let local = match family {
        Family::V4 => "local inet4 198.51.100.1:3",
        Family::V6 => "local inet6 ",
    };
    assert!(list.contains(local) && list.matches("local inet").count() == 2, "{list}");
    assert!(typed(host, "rmmod xt_RTPENGINE").is_err(), "it goes while it forwards");

    call.delete(client)?;
    let deadline = Instant::now() + PATIENCE;
    while classic::targets(42) > 0 {
        assert!(Instant::now() < deadline, "{:?}", classic::status(42));
        client.ok(&ng::request("ping"))?;
    }
    Ok(())
}

#[test]
fn the_workflow_as_it_stands_in_the_notes() -> Result<()> {
    lab::need_module!();
    for (number, rules) in RULES.iter().enumerate() {
        let host = Host::bare(42)?;
        typed(&host, "modprobe xt_RTPENGINE")?;
        rules.lines.iter().try_for_each(|line| typed(&host, line).map(drop))?;
        for program in ["iptables", "ip6tables"] {
            let all = typed(&host, &format!("{program} -S"))?;
            assert!(all.lines().any(|line| line == rules.shown), "{all}");
        }
        let list = typed(
            &host,
            "echo 'add 42' > /proc/rtpengine/control ; cat /proc/rtpengine/list ; echo 'del 42' > /proc/rtpengine/control",
        )?;
        assert!(list.lines().any(|line| line == "42"), "{list}");
        let list = typed(&host, "cat /proc/rtpengine/list")?;
        assert!(list.lines().all(|line| line != "42"), "{list}");

        let (caller, callee) = (&host.net.caller, &host.net.callee);
        let mut spec = Daemon::within(&host.net.relay).bare().arg("--table=42");
        for leg in [caller, callee] {
            for family in [Family::V4, Family::V6] {
                spec = spec.arg(format!("--interface={}", leg.relay_interface(family)));
            }
        }
        for argument in [
            "--listen-ng=127.0.0.1:2223",
            "--pidfile=/run/typed.pid",
            "--no-fallback",
            "--foreground=true",
            "--log-level=6",
            "--log-stderr=true",
        ] {
            spec = spec.arg(argument);
        }
        let daemon = spec.start()?;
        let mut client = daemon.ng()?;
        for &family in rules.calls {
            carried(&host, &mut client, &format!("typed-{number}-{family:?}"), family)?;
        }
        daemon.stop()?;
        for line in ["iptables -F", "ip6tables -F"] {
            typed(&host, line)?;
        }
    }
    // What a test that failed has left.
    tables().iter().for_each(|table| drop(say(&format!("del {table}"))));
    // Rules are gone a moment after they were flushed.
    let host = Host::bare(42)?;
    let deadline = Instant::now() + PATIENCE;
    while let Err(why) = typed(&host, "rmmod xt_RTPENGINE") {
        assert!(Instant::now() < deadline, "{why}");
    }
    assert!(typed(&host, "ls /proc/rtpengine").is_err(), "it is gone");
    assert!(lab::missing_module().is_none(), "it is loaded again for the others");
    Ok(())
}
