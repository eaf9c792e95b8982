//! The relay under test as a process.

use crate::{Family, LabError, Namespace, Process, Result, Topology, Value, Vitals, ng};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

/// Where the daemon listens for ng (UDP) inside its namespace.
const CONTROL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 2223);
/// How long a daemon may take to answer its first ping. In an emulated guest the kernel alone looks at the XDP program for
/// as long as eight seconds.
const START_WITHIN: Duration = Duration::from_secs(60);
/// How long it may take to end after SIGTERM.
const STOP_WITHIN: Duration = Duration::from_secs(30);

/// How to start a daemon. Made by [`Daemon::on`] or [`Daemon::within`].
#[derive(Debug)]
pub struct DaemonSpec {
    namespace: Namespace,
    binary: Option<PathBuf>,
    arguments: Vec<String>,
    interfaces: Vec<String>,
    control: SocketAddr,
    bare: bool,
    config: Option<ConfigFile>,
}

/// A file that is removed when it is not needed any more.
#[derive(Debug)]
struct ConfigFile(PathBuf);

impl Drop for ConfigFile {
    fn drop(&mut self) {
        // If it is gone already, so much the better.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl DaemonSpec {
    /// Another binary than [`daemon_binary`].
    pub fn binary(mut self, path: impl Into<PathBuf>) -> DaemonSpec {
        self.binary = Some(path.into());
        self
    }

    /// One more argument in the command line's spelling, for example `--port-min=30000`.
    pub fn arg(mut self, argument: impl Into<String>) -> DaemonSpec {
        self.arguments.push(argument.into());
        self
    }

    /// Replaces the interfaces (by default `caller/…` and `callee/…`, both families) by these `--interface` values.
    pub fn interfaces(mut self, values: &[&str]) -> DaemonSpec {
        self.interfaces = values.iter().map(|&value| value.to_owned()).collect();
        self
    }

    /// Listens for ng elsewhere than on 127.0.0.1:2223, for a second daemon in the same namespace.
    pub fn control(mut self, address: SocketAddr) -> DaemonSpec {
        self.control = address;
        self
    }

    /// Gives no arguments but those of [`DaemonSpec::arg`], for starts from a file. The file must make the daemon
    /// listen for ng on 127.0.0.1:2223 and stay in the foreground.
    pub fn bare(mut self) -> DaemonSpec {
        self.bare = true;
        self
    }

    /// Starts from this text as its configuration file, and without any arguments but those of [`DaemonSpec::arg`]. It
    /// need not say where ng listens, nor that it stays in the foreground.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn config(mut self, text: &str) -> Result<DaemonSpec> {
        static FILES: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = FILES.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("lab-{}-{number}.toml", std::process::id()));
        std::fs::write(&path, text).map_err(LabError::io(path.display().to_string()))?;
        self.arguments.push(format!("--config={}", path.display()));
        self.arguments.push(format!("--listen-ng={}", self.control));
        self.arguments.extend(["--foreground".to_owned(), "--log-stderr".to_owned()]);
        self.config = Some(ConfigFile(path));
        Ok(self.bare())
    }

    /// Starts the daemon and waits until it answers `ping`.
    pub fn start(self) -> Result<Daemon> {
        let binary = match &self.binary {
            Some(path) => path.clone(),
            None => daemon_binary()?,
        };
        let mut command = self.namespace.command(&binary.to_string_lossy());
        if !self.bare {
            command.args(["--config-file=none", "--foreground", "--log-stderr", "--table=-1"]);
            command.arg(format!("--listen-ng={}", self.control));
            command.args(self.interfaces.iter().map(|value| format!("--interface={value}")));
        }
        command.args(&self.arguments);
        let mut process = Process::start("the daemon", command)?;
        let client = ng::Client::udp(&self.namespace, self.control)?;
        let mut first =
            ng::Client::udp(&self.namespace, self.control)?.patience(Duration::from_millis(250), 1);
        let ping = ng::request("ping");
        // An unbound port refuses at once; wait_until then pauses until the log moves or 20 ms have passed.
        process.wait_until("the daemon's first answer to ping", START_WITHIN, |_| first.ok(&ping).is_ok())?;
        Ok(Daemon { process, client, control: self.control, namespace: self.namespace, _config: self.config })
    }
}

/// A running daemon. Killed on drop; [`Daemon::stop`] ends it properly.
#[derive(Debug)]
pub struct Daemon {
    process: Process,
    client: ng::Client,
    control: SocketAddr,
    namespace: Namespace,
    _config: Option<ConfigFile>,
}

impl Daemon {
    /// Plans a daemon in the middle of `topology`, on both wires, both families, userspace only.
    pub fn on(topology: &Topology) -> DaemonSpec {
        let mut interfaces = Vec::new();
        for leg in [&topology.caller, &topology.callee] {
            interfaces.extend([Family::V4, Family::V6].map(|family| leg.relay_interface(family)));
        }
        DaemonSpec { interfaces, ..Daemon::within(&topology.relay) }
    }

    /// Plans a daemon in any namespace; give it interfaces.
    pub fn within(namespace: &Namespace) -> DaemonSpec {
        DaemonSpec {
            namespace: namespace.clone(),
            binary: None,
            arguments: Vec::new(),
            interfaces: Vec::new(),
            control: CONTROL,
            bare: false,
            config: None,
        }
    }

    /// The address of its ng port (UDP), inside the namespace.
    pub fn control(&self) -> SocketAddr {
        self.control
    }

    /// The namespace it runs in.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// A new ng client (UDP, bencode) with a socket of its own.
    pub fn ng(&self) -> Result<ng::Client> {
        ng::Client::udp(&self.namespace, self.control)
    }

    /// Sends a request on the handle's own client; see [`ng::Client::ask`].
    pub fn ask(&mut self, request: &ng::Request) -> Result<Value> {
        self.client.ask(request)
    }

    /// Sends a request on the handle's own client; see [`ng::Client::ok`].
    pub fn ok(&mut self, request: &ng::Request) -> Result<Value> {
        self.client.ok(request)
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// The process, for its log and signals.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// What it holds of the machine now.
    pub fn vitals(&self) -> Result<Vitals> {
        Vitals::of(&self.process)
    }

    /// What it holds once it has no more than `descriptors` open, waiting for that up to `within`: ports are closed by the
    /// packet threads, some time after the reply. After that what it holds, whatever it is.
    pub fn vitals_settled(&self, descriptors: usize, within: Duration) -> Result<Vitals> {
        let deadline = Instant::now() + within;
        let mut client = self.ng()?;
        loop {
            let vitals = self.vitals()?;
            if vitals.descriptors <= descriptors || Instant::now() > deadline {
                return Ok(vitals);
            }
            client.ok(&ng::request("ping"))?;
        }
    }

    /// Everything it has logged so far.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Ends it with SIGTERM and demands status 0. Returns its log.
    pub fn stop(mut self) -> Result<String> {
        let status: ExitStatus = self.process.terminate(STOP_WITHIN)?;
        if !status.success() {
            return Err(LabError::Ended {
                name: "the daemon (after SIGTERM)".into(),
                status: status.to_string(),
                log: self.process.log_end(30),
            });
        }
        Ok(self.process.log())
    }
}

/// The path of somebody else's daemon to test instead of ours, from `LAB_RELAY`. It need not know TOML or anything
/// else that only ours has.
pub fn foreign_daemon() -> Option<PathBuf> {
    std::env::var_os("LAB_RELAY").map(PathBuf::from)
}

/// The daemon to test: the [`foreign_daemon`] if there is one, else ours: the file `LAB_BUILT` names, or the
/// workspace's `rtpengine`, built now (in the profile of the running test) so that it is never older than the source.
pub fn daemon_binary() -> Result<PathBuf> {
    if let Some(path) = foreign_daemon().or_else(|| std::env::var_os("LAB_BUILT").map(PathBuf::from)) {
        return match path.is_file() {
            true => Ok(path),
            false => {
                Err(LabError::NoDaemon(format!("{} (LAB_RELAY or LAB_BUILT) is not a file", path.display())))
            }
        };
    }
    built("rtpengine")
}

/// Our `rtpengine-ctl`: beside the file `LAB_BUILT` names if it is there, else built now like the daemon.
pub fn control_tool() -> Result<PathBuf> {
    let beside = std::env::var_os("LAB_BUILT").map(|path| Path::new(&path).with_file_name("rtpengine-ctl"));
    match beside.filter(|path| path.is_file()) {
        Some(path) => Ok(path),
        None => built("rtpengine-ctl"),
    }
}

/// A program of the package `rtpengine`, built now.
fn built(program: &str) -> Result<PathBuf> {
    let (target, release) = target_directory()
        .ok_or_else(|| LabError::NoDaemon("not run from a target directory; set LAB_BUILT".into()))?;
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.args(["build", "--quiet", "--package", "rtpengine", "--bin", program, "--target-dir"]);
    build.arg(&target).args(release.then_some("--release"));
    build.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")));
    let out = build.output().map_err(LabError::io("running cargo"))?;
    if !out.status.success() {
        return Err(LabError::NoDaemon(String::from_utf8_lossy(&out.stderr).trim().to_owned()));
    }
    Ok(target.join(if release { "release" } else { "debug" }).join(program))
}

/// The target directory the running program lies in, and whether it was built for release.
fn target_directory() -> Option<(PathBuf, bool)> {
    let program = std::env::current_exe().ok()?;
    let profile = program.ancestors().find(|dir| dir.ends_with("debug") || dir.ends_with("release"))?;
    Some((profile.parent()?.to_owned(), profile.ends_with("release")))
}
