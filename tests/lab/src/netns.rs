//! A network namespace that exists as long as its owner.

use crate::cleanup::{self, Item};
use crate::{LabError, Result};
use nix::sched::{CloneFlags, setns};
use socket2::{Domain, Protocol, Socket, Type};
use std::fs::File;
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Once};
use std::thread;
use std::time::Duration;

static NUMBER: AtomicU32 = AtomicU32::new(1);
static SWEEP: Once = Once::new();

/// A named network namespace with its loopback up. A clone is the same namespace; when the last one is dropped,
/// what still runs inside is killed and the namespace removed.
#[derive(Debug, Clone)]
pub struct Namespace {
    inner: Arc<Owned>,
}

#[derive(Debug)]
struct Owned {
    name: String,
}

impl Namespace {
    /// Makes a namespace called `lab<pid>-<number>-<role>`. The first call in a process sweeps away namespaces
    /// of labs that died. Needs root and `ip`.
    pub fn new(role: &str) -> Result<Namespace> {
        SWEEP.call_once(cleanup::sweep_leftovers);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("lab{}-{number}-{role}", std::process::id());
        ip(&["netns", "add", &name])?;
        cleanup::register(Item::Namespace(name.clone()));
        let namespace = Namespace { inner: Arc::new(Owned { name }) };
        namespace.ip(&["link", "set", "lo", "up"])?;
        Ok(namespace)
    }

    /// The name `ip netns` knows it by.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Runs `work` on a fresh thread inside the namespace and returns its result. Sockets it makes stay in the
    /// namespace for good. A panic of `work` goes on in the caller.
    pub fn enter<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        let handle = self.open()?;
        thread::scope(|scope| {
            let inside = scope.spawn(move || -> Result<T> {
                move_to(&handle)?;
                Ok(work())
            });
            inside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Like [`Namespace::enter`], but leaves the thread running.
    pub fn spawn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<thread::JoinHandle<Result<T>>> {
        let handle = self.open()?;
        Ok(thread::spawn(move || {
            move_to(&handle)?;
            Ok(work())
        }))
    }

    /// Runs `ip -n <namespace> …` and fails if it fails.
    pub fn ip(&self, arguments: &[&str]) -> Result<String> {
        let mut all = vec!["-n", self.name()];
        all.extend(arguments);
        ip(&all)
    }

    /// Runs a program inside to its end; fails unless it ends with status 0. Returns its standard output.
    pub fn run(&self, command: &[&str]) -> Result<String> {
        let mut all = vec!["netns", "exec", self.name()];
        all.extend(command);
        ip(&all)
    }

    /// A command that will run inside. `ip netns exec` becomes the program itself, so the child's process id is
    /// the program's, and `/sys` shows the namespace's own devices.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", self.name(), program]);
        command
    }

    /// Writes a network setting inside, `path` as below `/proc/sys/net/`, for example `ipv4/ip_forward`.
    pub fn set(&self, path: &str, value: &str) -> Result<()> {
        let file = format!("/proc/sys/net/{path}");
        self.enter(|| std::fs::write(&file, value).map_err(LabError::io(format!("writing {file}"))))?
    }

    /// A UDP socket bound inside. Its receive buffer is made large (4 MiB where allowed).
    pub fn udp(&self, local: SocketAddr) -> Result<UdpSocket> {
        self.enter(|| {
            let what = || format!("UDP socket on {local}");
            let socket = Socket::new(Domain::for_address(local), Type::DGRAM, Some(Protocol::UDP))
                .map_err(LabError::io(what()))?;
            // Best effort: unpaced bursts overrun the default buffer, and that loss would be blamed on the relay.
            let _ = socket.set_recv_buffer_size(4 << 20);
            socket.bind(&local.into()).map_err(LabError::io(what()))?;
            Ok(socket.into())
        })?
    }

    /// A TCP connection made inside, within two seconds.
    pub fn tcp(&self, remote: SocketAddr) -> Result<TcpStream> {
        self.enter(|| {
            TcpStream::connect_timeout(&remote, Duration::from_secs(2))
                .map_err(LabError::io(format!("TCP connection to {remote}")))
        })?
    }

    /// Whether somebody inside has a UDP socket bound to exactly this IPv4 address and port.
    pub fn has_udp(&self, address: SocketAddr) -> bool {
        let SocketAddr::V4(address) = address else { return false };
        // The kernel prints the address as a number in host order, the port in hexadecimal.
        let number = u32::from_ne_bytes(address.ip().octets());
        let wanted = format!(" {number:08X}:{:04X} ", address.port());
        // thread-self, because this thread alone is inside.
        let table = self.enter(|| std::fs::read_to_string("/proc/thread-self/net/udp"));
        matches!(table, Ok(Ok(text)) if text.contains(&wanted))
    }

    fn open(&self) -> Result<File> {
        let path = format!("/run/netns/{}", self.name());
        File::open(&path).map_err(LabError::io(format!("opening {path}")))
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        cleanup::delete_namespace(&self.name);
        cleanup::forget(&Item::Namespace(self.name.clone()));
    }
}

fn move_to(namespace: &File) -> Result<()> {
    setns(namespace, CloneFlags::CLONE_NEWNET)
        .map_err(|errno| LabError::Io { what: "entering a network namespace".into(), source: errno.into() })
}

/// Runs `ip` with these arguments; returns its standard output.
pub(crate) fn ip(arguments: &[&str]) -> Result<String> {
    let Output { status, stdout, stderr } =
        Command::new("ip").args(arguments).output().map_err(LabError::io("running ip"))?;
    if status.success() {
        return Ok(String::from_utf8_lossy(&stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&stderr).trim().to_owned();
    Err(LabError::Command {
        command: format!("ip {}", arguments.join(" ")),
        stderr: if said.is_empty() { status.to_string() } else { said },
    })
}
