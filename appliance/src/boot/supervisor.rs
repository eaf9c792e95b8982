//! What we tell the service manager that started us: sd_notify(3), one datagram for each thing.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// A watchdog that wants to hear of us more often than this gets a warning: the desk tells it once a second.
const SHORTEST_WATCHDOG: Duration = Duration::from_secs(2);

/// The service manager, if there is one. Nothing here can fail: it is told what it is told, and we go on.
#[derive(Debug, Default)]
pub struct Supervisor {
    socket: Option<UnixDatagram>,
    watchdog: Option<Duration>,
}

impl Supervisor {
    /// The one that our environment names (`NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID`).
    #[must_use]
    pub fn from_environment() -> Self {
        let socket = std::env::var_os("NOTIFY_SOCKET");
        let [usec, pid] = ["WATCHDOG_USEC", "WATCHDOG_PID"].map(|name| std::env::var(name).ok());
        Self::named(socket.as_deref(), usec.as_deref(), pid.as_deref())
    }

    fn named(socket: Option<&OsStr>, usec: Option<&str>, pid: Option<&str>) -> Self {
        let Some(name) = socket.filter(|name| !name.is_empty()) else { return Self::default() };
        let socket = match connect(name) {
            Ok(socket) => socket,
            Err(wrong) => {
                tracing::warn!("the service manager cannot be told anything: {}: {wrong}", name.display());
                return Self::default();
            }
        };
        // A pid that is not ours: the watchdog is meant for somebody else, say the process we were forked from.
        let ours = pid.is_none_or(|pid| pid.parse() == Ok(std::process::id()));
        let usec = usec.and_then(|usec| usec.parse().ok()).filter(|usec| ours && *usec > 0);
        let watchdog = usec.map(Duration::from_micros);
        if let Some(short) = watchdog.filter(|watchdog| *watchdog < SHORTEST_WATCHDOG) {
            tracing::warn!(
                "a watchdog of {short:?} will fire by itself: it is told once a second (WatchdogSec=30)"
            );
        }
        Self { socket: Some(socket), watchdog }
    }

    /// We serve.
    pub fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={}", line(status)));
    }

    /// We read our configuration again, until [`Supervisor::ready`].
    pub fn reloading(&self) {
        let now = clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(Duration::ZERO, Duration::from);
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={}", now.as_micros()));
    }

    /// We end.
    pub fn stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=ending");
    }

    /// Everything works. To be called about once a second, but only while it is true.
    pub fn alive(&self) {
        if self.watchdog.is_some() {
            self.tell("WATCHDOG=1");
        }
    }

    fn tell(&self, what: &str) {
        if let Some(socket) = &self.socket {
            // it may be gone, or hear nothing for a while: that is its business
            let _ = socket.send(what.as_bytes());
        }
    }
}

/// A name that begins with @ is an abstract one.
fn connect(name: &OsStr) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    match name.as_bytes() {
        [b'@', rest @ ..] => socket.connect_addr(&SocketAddr::from_abstract_name(rest)?)?,
        _ => socket.connect(name)?,
    }
    // a stuck manager must not hold up signalling
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// A status is one line.
fn line(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(manager: &UnixDatagram) -> String {
        let mut buffer = [0; 500];
        let length = manager.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    #[test]
    fn the_manager_hears_each_thing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let pid = std::process::id().to_string();
        let supervisor = Supervisor::named(Some(path.as_os_str()), Some("30000000"), Some(&pid));
        supervisor.ready("serves\ntwo");
        assert_eq!(heard(&manager), "READY=1\nSTATUS=serves; two");
        supervisor.alive();
        assert_eq!(heard(&manager), "WATCHDOG=1");
        supervisor.reloading();
        let said = heard(&manager);
        let usec = said.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap().parse::<u64>().unwrap();
        assert!(usec > 0);
        supervisor.stopping();
        assert_eq!(heard(&manager), "STOPPING=1\nSTATUS=ending");
    }

    #[test]
    fn a_watchdog_of_somebody_else_is_not_fed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        for (usec, pid) in [(Some("30000000"), Some("1")), (None, None), (Some("0"), None), (Some("x"), None)]
        {
            let supervisor = Supervisor::named(Some(path.as_os_str()), usec, pid);
            supervisor.alive();
            supervisor.ready("r");
            assert_eq!(heard(&manager), "READY=1\nSTATUS=r", "{usec:?} {pid:?}");
        }
    }

    #[test]
    fn abstract_names_and_none_are_fine() {
        let name = format!("rtpengine-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let manager = UnixDatagram::bind_addr(&address).unwrap();
        Supervisor::named(Some(OsStr::new(&format!("@{name}"))), None, None).ready("r");
        assert_eq!(heard(&manager), "READY=1\nSTATUS=r");
        for nobody in [None, Some(OsStr::new("")), Some(OsStr::new("/nonexistent/notify"))] {
            let supervisor = Supervisor::named(nobody, Some("30000000"), None);
            assert!(supervisor.socket.is_none());
            supervisor.ready("nobody hears it");
        }
    }
}
