//! The real binaries: what they print, how they end, what they leave behind.
#![allow(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

fn daemon(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtpengine"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn output(arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = daemon(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// A loopback address that no other test and no other run of the tests uses.
fn own_address() -> String {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    format!("127.{high}.{low}.{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Waits for something that must happen soon, looking again every few milliseconds.
fn soon(what: &str, mut happened: impl FnMut() -> bool) {
    let start = Instant::now();
    while !happened() {
        assert!(start.elapsed() < Duration::from_secs(10), "not within ten seconds: {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// A daemon in the foreground, killed if a test fails.
struct Running {
    child: Child,
    log: BufReader<std::process::ChildStderr>,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child = daemon(arguments).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        Self { child, log }
    }

    /// Reads the log up to a line that contains the text.
    fn log_until(&mut self, text: &str) -> String {
        let mut seen = String::new();
        loop {
            let mut line = String::new();
            assert_ne!(self.log.read_line(&mut line).unwrap(), 0, "the log ended without `{text}`:\n{seen}");
            if line.contains(text) {
                return line;
            }
            seen.push_str(&line);
        }
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    /// Status and the rest of the log.
    fn end(&mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // it has ended already unless the test failed
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn foreground(pidfile: &Path) -> Vec<String> {
    let addr = own_address();
    vec![
        "--config-file=none".to_owned(),
        format!("--interface={addr}"),
        format!("--listen-ng={addr}:2223"),
        "-f".to_owned(),
        "-E".to_owned(),
        format!("--pidfile={}", pidfile.display()),
    ]
}

fn borrowed(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

#[test]
fn wrong_command_lines_end_with_255_and_one_line() {
    for (arguments, want) in [
        (&["--tiemout=1"][..], "rtpengine: unknown option --tiemout (did you mean --timeout?)\n"),
        (
            &["--config-file=none", "-n", "2223"],
            "rtpengine: fatal error: no interface: there is no address to take media on (add [[interface]] with address = \"any\", or --interface=any)\n",
        ),
        (
            &["--config-file=none", "-i", "127.0.0.1"],
            "rtpengine: fatal error: nothing to listen on: no signalling server could reach the daemon (set listen-ng, for example listen-ng = [\"127.0.0.1:2223\"] or --listen-ng=127.0.0.1:2223)\n",
        ),
        (
            &["--config-file=/nonexistent"],
            "rtpengine: fatal error: /nonexistent: cannot be read: No such file or directory (os error 2) (check the path given with --config-file)\n",
        ),
        (
            &["--config-file=none", "-i", "127.0.0.1", "-n", "2223", "-m", "40000"],
            "rtpengine: fatal error: --port-min: the port range 40000-39999 runs backwards (write 39999-40000)\n",
        ),
    ] {
        assert_eq!(output(arguments), (255, String::new(), want.to_owned()), "{arguments:?}");
    }
}

#[test]
fn version_help_and_default_are_printed() {
    let (status, version, _) = output(&["--version"]);
    assert_eq!((status, version.trim()), (0, concat!("Version: ", env!("CARGO_PKG_VERSION"))));
    let (status, help, _) = output(&["--help"]);
    assert!(status == 0 && help.contains("--listen-tcp-ng"));
    let shipped =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/default.toml")).unwrap();
    for arguments in [&["config", "default"][..], &["--print-default-config"]] {
        assert_eq!(output(arguments), (0, shipped.clone(), String::new()));
    }
}

#[test]
fn actions_of_later_features_do_not_start_anything() {
    let (status, _, told) = output(&["--codecs"]);
    assert_eq!(status, 1);
    assert!(told.starts_with("rtpengine: --codecs: not available in this build: "), "{told}");
}

#[test]
fn actions_on_rules_want_a_table() {
    for option in ["--nftables-start", "--nftables-stop", "--nftables-status"] {
        let (status, _, told) = output(&[option, "--config-file=none"]);
        assert_eq!(status, 255, "{option}");
        assert!(
            told.contains("no table of the kernel module is named (set kernel.table, or --table)"),
            "{told}"
        );
    }
}

#[test]
fn check_tells_by_its_status() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("r.toml");
    fs::write(&file, "[media]\ntoos = 1\n").unwrap();
    let path = file.to_str().unwrap();
    let (status, report, _) = output(&["check", path]);
    assert_eq!(status, 2);
    assert_eq!(
        report,
        format!(
            "error: {path}:2:1: unknown key `toos` in section `media` (did you mean `tos`?)\nresult: not usable\n"
        )
    );
    let addr = own_address();
    fs::write(&file, format!("[control]\nlisten-ng = [\"{addr}:2223\"]\n[[interface]]\naddress = \"{addr}\"\nports = \"40001-40003\"\n")).unwrap();
    let (status, report, _) = output(&["check", path]);
    assert_eq!(status, 1, "{report}");
    assert!(
        report.contains(&format!("warning: {path}:5:9: the range 40001-40003 starts odd or ends even")),
        "{report}"
    );
    assert!(report.contains("1 streams"), "{report}");
}

#[test]
fn convert_prints_a_file_that_check_understands() {
    let folder = tempfile::tempdir().unwrap();
    let classic = folder.path().join("rtpengine.conf");
    fs::write(&classic, "[rtpengine]\ninterface = 127.0.0.1\nlisten-ng = 127.0.0.1:2223\ntimeout = 45\nmqtt-host = 192.0.2.1\n").unwrap();
    let (status, toml, lost) = output(&["convert", classic.to_str().unwrap()]);
    assert_eq!(status, 0);
    assert!(toml.contains("\nmedia = 45\n") && toml.contains("\naddress = \"127.0.0.1\"\n"), "{toml}");
    assert_eq!(
        lost,
        format!(
            "not carried over: {}:5:1: `mqtt-host` is not carried over (not available in this build: sending figures over MQTT)\n",
            classic.display()
        )
    );
    let converted = folder.path().join("rtpengine.toml");
    fs::write(&converted, toml).unwrap();
    let (_, report, _) = output(&["check", converted.to_str().unwrap()]);
    assert!(!report.contains("error: ") || report.contains("cannot be bound"), "{report}");
    let (status, _, wrong) = output(&["convert", classic.to_str().unwrap(), "--section=nope"]);
    assert!(status == 2 && wrong.contains("there is no section [nope]"), "{wrong}");
}

#[test]
fn signals_end_it_in_order_and_change_the_log() {
    let folder = tempfile::tempdir().unwrap();
    for stop in [Signal::SIGTERM, Signal::SIGINT] {
        let pidfile = folder.path().join("pid");
        let mut running = Running::start(&borrowed(&foreground(&pidfile)));
        soon("the pid file is written", || {
            fs::read_to_string(&pidfile).is_ok_and(|text| text.ends_with('\n'))
        });
        assert_eq!(fs::read_to_string(&pidfile).unwrap().trim(), running.child.id().to_string());
        running.signal(Signal::SIGHUP);
        let line = running.log_until("was read again");
        assert!(line.contains("[core]"), "{line}");
        let start = Instant::now();
        running.signal(stop);
        let (status, _) = running.end();
        assert_eq!(status, Some(0));
        assert!(start.elapsed() < Duration::from_secs(2), "took {:?} to end", start.elapsed());
        assert!(!pidfile.exists());
    }
}

#[test]
fn a_second_daemon_with_the_same_pid_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let pidfile = folder.path().join("pid");
    let running = Running::start(&borrowed(&foreground(&pidfile)));
    soon("the pid file is written", || fs::read_to_string(&pidfile).is_ok_and(|text| text.ends_with('\n')));
    let (status, _, told) = output(&borrowed(&foreground(&pidfile)));
    assert_eq!(status, 255);
    assert!(
        told.contains(&format!("another rtpengine is running: process {} holds ", running.child.id())),
        "{told}"
    );
}

#[test]
fn warnings_about_later_features_do_not_keep_it_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let pidfile = folder.path().join("pid");
    let mut arguments = foreground(&pidfile);
    arguments.extend([
        "--table=0".to_owned(),
        "--redis=127.0.0.1:6379/1".to_owned(),
        "--no-log-timestamps".to_owned(),
    ]);
    let mut running = Running::start(&borrowed(&arguments));
    let line = running.log_until("--redis");
    assert_eq!(
        line,
        "WARNING: [core] --redis: `redis` is not available in this build: keeping calls in Redis\n"
    );
    soon("it is up", || fs::read_to_string(&pidfile).is_ok_and(|text| text.ends_with('\n')));
    running.signal(Signal::SIGTERM);
    assert_eq!(running.end().0, Some(0));
}

#[test]
fn in_the_background_the_starter_returns_once_it_is_up() {
    let folder = tempfile::tempdir().unwrap();
    let pidfile = folder.path().join("pid");
    let mut arguments = foreground(&pidfile);
    // without -E the log goes to the system log, or to standard error where there is none
    arguments.retain(|argument| argument != "-f" && argument != "-E");
    let status = daemon(&borrowed(&arguments)).stderr(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(0));
    let pid = Pid::from_raw(fs::read_to_string(&pidfile).unwrap().trim().parse().unwrap());
    kill(pid, Signal::SIGTERM).unwrap();
    soon("it ends and removes its pid file", || !pidfile.exists());
}

#[test]
fn in_the_background_a_failed_start_is_told_to_the_starter() {
    let mut arguments = foreground(Path::new("/nonexistent/pid"));
    arguments.retain(|argument| argument != "-f");
    let (status, _, told) = output(&borrowed(&arguments));
    assert_eq!(status, 255);
    assert_eq!(
        told,
        "rtpengine: fatal error: pid file /nonexistent/pid: No such file or directory (os error 2)\n"
    );
}

#[test]
fn ctl_sends_a_line_and_prints_the_reply() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap().to_string();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut line = String::new();
        BufReader::new(stream.try_clone().unwrap()).read_line(&mut line).unwrap();
        stream.write_all(b"Current sessions: 0\n").unwrap();
        line
    });
    let reply =
        Command::new(env!("CARGO_BIN_EXE_rtpengine-ctl")).args(["-ip", &at, "list", "numsessions"]).output();
    let reply = reply.unwrap();
    assert_eq!(String::from_utf8(reply.stdout).unwrap(), "Current sessions: 0\n");
    assert_eq!(reply.status.code(), Some(0));
    assert_eq!(server.join().unwrap(), "list numsessions\n");
}

#[test]
fn ctl_says_when_nobody_listens() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let reply =
        Command::new(env!("CARGO_BIN_EXE_rtpengine-ctl")).args([&format!("-ip={closed}"), "ping"]).output();
    let reply = reply.unwrap();
    assert_eq!(reply.status.code(), Some(1));
    let told = String::from_utf8(reply.stderr).unwrap();
    assert!(told.contains(&format!("cannot connect to {closed}")), "{told}");
}
