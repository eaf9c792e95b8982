//! Whether media ports can be had without a socket each.

use super::{Code, Finding, State, Subject};
use crate::config::checked::Sockets;
use crate::placement::{Claimed, Claims};

pub(super) fn media_sockets(subject: &Subject<'_>) -> Finding {
    let code = Code::MediaSockets;
    let ranges: Vec<Claimed> = subject
        .config
        .interfaces
        .addresses()
        .map(|(_, local)| {
            let range = local.ports.range();
            Claimed { addr: local.addr, low: range.low(), high: range.high() }
        })
        .collect();
    let shared = subject.config.media.sockets == Sockets::Shared;
    match Claims::check(&ranges) {
        Err(overlap) if overlap.program == "rtpengine" && shared => {
            return Finding::ok(
                code,
                format!("shared: in use by rtpengine, which runs as process {}", overlap.holder),
            );
        }
        Err(overlap) => {
            let fix = format!("another range, or stop process {}", overlap.holder);
            return Finding::bad(code, State::Fail, overlap.to_string(), fix);
        }
        Ok(()) => {}
    }
    if !shared {
        return Finding::ok(code, "a socket for each port, as configured");
    }
    match attempt(subject.config.threads.media) {
        Ok(()) => Finding::ok(code, "shared: the kernel takes the program and the sockets"),
        Err(why) => Finding::bad(
            code,
            State::Warn,
            format!("every port would get a socket, because shared ones cannot be had: {why}"),
            "run this as the daemon's user does, or media.sockets = \"per-port\"",
        ),
    }
}

/// Does all that the daemon would, for no address at all, and undoes it.
#[cfg(feature = "appliance")]
fn attempt(threads: usize) -> Result<(), String> {
    use std::sync::Arc;

    let lookup = afxdp::lookup::Lookup::attach(&[], 0, threads).map_err(|error| error.to_string())?;
    let localhost = [std::net::IpAddr::from(std::net::Ipv4Addr::LOCALHOST)];
    let table = udp::PortTable::map(lookup.owners(), &localhost, 0).map_err(|error| error.to_string())?;
    let sockets = udp::SharedSockets::open(Arc::new(table), udp::SocketBuffers::default());
    let sockets = sockets.map_err(|error| format!("raw sockets need CAP_NET_RAW: {error}"))?;
    match sockets.receiver(false) {
        Some(receiver) => lookup.serve(0, false, receiver).map_err(|error| error.to_string()),
        None => Ok(()),
    }
}

#[cfg(not(feature = "appliance"))]
fn attempt(_: usize) -> Result<(), String> {
    Err("this build has no BPF programs (cargo feature `appliance`)".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::examine::tests::userspace;
    use super::*;

    #[test]
    fn what_was_chosen_is_told_and_whether_it_can_be_had() {
        let mut config = userspace();
        config.media.sockets = Sockets::PerPort;
        let finding = look(&config);
        assert_eq!(
            (finding.state, finding.what.as_str()),
            (State::Ok, "a socket for each port, as configured")
        );
        // With or without the rights, it must be said which.
        config.media.sockets = Sockets::Shared;
        let finding = look(&config);
        match finding.state {
            State::Ok => assert!(finding.what.starts_with("shared: "), "{finding:?}"),
            state => {
                assert_eq!(state, State::Warn);
                assert!(finding.what.contains("every port would get a socket"), "{finding:?}");
            }
        }
    }

    fn look(config: &crate::config::checked::Config) -> Finding {
        media_sockets(&Subject { config, written: true, attach: false })
    }
}
