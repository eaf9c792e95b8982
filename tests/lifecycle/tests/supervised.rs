//! What a service manager hears of the daemon (sd_notify).

use lab::{Daemon, Signal, Topology, ng};
use lifecycle::PATIENCE;
use std::os::unix::net::UnixDatagram;

struct Manager(UnixDatagram);

impl Manager {
    /// The next message that is about something else than the watchdog.
    fn hears(&self) -> String {
        loop {
            let said = self.hears_any();
            if said != "WATCHDOG=1" {
                return said;
            }
        }
    }

    fn hears_any(&self) -> String {
        let mut buffer = [0; 1000];
        let length = self.0.recv(&mut buffer).expect("the daemon says something in time");
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }
}

#[test]
fn the_manager_hears_ready_reload_watchdog_and_end() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let folder = tempfile::tempdir().expect("a folder for a socket");
    let path = folder.path().join("notify");
    let manager = Manager(UnixDatagram::bind(&path).expect("a socket of the manager"));
    manager.0.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let binary = lab::daemon_binary()?;
    let spec = Daemon::within(&net.relay).binary("/usr/bin/env").bare();
    let mut daemon = spec
        .arg(format!("NOTIFY_SOCKET={}", path.display()))
        .arg("WATCHDOG_USEC=30000000")
        .arg(binary.display().to_string())
        .arg("--config-file=none")
        .arg("--interface=198.51.100.1")
        .arg("--listen-ng=127.0.0.1:2223")
        .arg("--foreground")
        .arg("--log-stderr")
        .start()?;
    assert_eq!(manager.hears(), "READY=1\nSTATUS=serving");
    assert_eq!(manager.hears_any(), "WATCHDOG=1", "without anybody calling");
    daemon.ok(&ng::request("ping"))?;
    daemon.process().signal(Signal::SIGHUP)?;
    let said = manager.hears();
    assert!(said.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{said}");
    assert_eq!(manager.hears(), "READY=1\nSTATUS=serving");
    daemon.process().signal(Signal::SIGTERM)?;
    assert_eq!(manager.hears(), "STOPPING=1\nSTATUS=ending");
    daemon.stop()?;
    Ok(())
}
