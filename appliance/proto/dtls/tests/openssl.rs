//! The `openssl` program as the other side, in both roles, over the loopback interface.
#![allow(clippy::unwrap_used, reason = "a test")]

use dtls::{
    Context, Endpoint, Event, Fingerprint, Gate, Identity, IdentityOptions, KeyKind, Keys, Peer, Profile,
    Role, Settings,
};
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// More than any of this takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// The other side's process; it ends with the test.
struct Other(Child);

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "the other side's clock is the real one")]
fn now() -> Instant {
    Instant::now()
}

fn openssl(folder: &Path, args: &[&str]) -> Option<String> {
    let output = Command::new("openssl").args(args).current_dir(folder).output().ok()?;
    assert!(output.status.success(), "openssl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

/// A certificate made by `openssl`, in `cert` and `key`; `None` if there is no such program.
fn their_certificate(folder: &Path, rsa: bool) -> Option<Fingerprint> {
    let kind: &[&str] = if rsa { &["rsa:2048"] } else { &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] };
    let make = [
        "req",
        "-x509",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=other",
        "-keyout",
        "key",
        "-out",
        "cert",
        "-newkey",
    ];
    openssl(folder, &[&make, kind].concat())?;
    let printed = openssl(folder, &["x509", "-in", "cert", "-noout", "-fingerprint", "-sha256"])?;
    let digits = printed.trim().split('=').nth(1).unwrap();
    Some(Fingerprint::parse(format!("sha-256 {digits}").as_bytes()).unwrap())
}

/// Starts `openssl` with what both roles need, and gives the keying material that it exports, in hex.
fn start(folder: &Path, args: &[&str], profile: Profile) -> (Other, mpsc::Receiver<String>) {
    let len = (2 * (profile.key_len() + profile.salt_len())).to_string();
    let exporter = ["-keymatexport", "EXTRACTOR-dtls_srtp", "-keymatexportlen", &len];
    let mut child = Command::new("openssl")
        .args(args)
        .args(["-dtls1_2", "-cert", "cert", "-key", "key", "-use_srtp", profile.as_str()])
        .args(exporter)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if let Some((_, hex)) = line.split_once("Keying material: ") {
                let _ = sender.send(hex.trim().to_lowercase());
            }
        }
    });
    (Other(child), receiver)
}

/// Does what the daemon does with an endpoint and a socket, until there are keys.
fn run(endpoint: &mut Endpoint, socket: &UdpSocket, remote: Option<SocketAddr>) -> Keys {
    let begin = now();
    let mut bytes = [0; 2048];
    socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    if let Some(remote) = remote {
        endpoint.connect(remote, 0).unwrap();
    }
    while begin.elapsed() < PATIENCE {
        while let Some(transmit) = endpoint.poll_transmit() {
            // Refused as long as nobody listens there; what is lost is sent again.
            let _ = socket.send_to(&transmit.payload, transmit.remote);
        }
        match endpoint.poll_event() {
            Some(Event::Connected { keys, .. }) => return keys,
            Some(other) => panic!("{other:?}"),
            None => {}
        }
        let received = socket.recv_from(&mut bytes);
        let now_us = u64::try_from(begin.elapsed().as_micros()).unwrap();
        if let Ok((len, source)) = received {
            endpoint.handle(source, &bytes[..len], now_us).unwrap();
        }
        if endpoint.next_timeout().is_some_and(|at| at <= now_us) {
            endpoint.on_timeout(now_us);
        }
    }
    panic!("no keys");
}

fn assert_same(keys: &Keys, role: Role, exported: &str) {
    let [client, server] = match role {
        Role::Client => [&keys.local, &keys.remote],
        Role::Server => [&keys.remote, &keys.local],
    };
    let ours = [client.key(), server.key(), client.salt(), server.salt()].concat();
    let ours: String = ours.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(ours, exported);
}

#[test]
fn openssl_agrees_in_both_roles() {
    let gate = Arc::new(Gate::new().unwrap());
    let identities = [KeyKind::EcdsaP256, KeyKind::Rsa(2048)].map(|key| {
        Arc::new(
            Identity::generate(&IdentityOptions { key, ..IdentityOptions::default() }, 1_700_000_000)
                .unwrap(),
        )
    });
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    for (nth, profile) in Profile::ALL.into_iter().enumerate() {
        // Their kind of certificate changes with each profile, ours with every other.
        let folder = folders[nth % 2].path();
        let Some(theirs) = their_certificate(folder, nth % 2 == 1) else {
            println!("skipped: there is no program openssl");
            return;
        };
        let ours = Context::new(identities[nth / 2].clone(), &Settings::default()).unwrap();
        let peer = Peer { fingerprints: vec![theirs], tls_id: None };
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap().to_string();

        let mut endpoint = Endpoint::new(ours.clone(), gate.clone(), Role::Server, peer.clone());
        let (other, exported) = start(folder, &["s_client", "-connect", &address], profile);
        let keys = run(&mut endpoint, &socket, None);
        // The last flight leaves after the keys are there.
        while let Some(transmit) = endpoint.poll_transmit() {
            socket.send_to(&transmit.payload, transmit.remote).unwrap();
        }
        assert_eq!((keys.profile, keys.fingerprint), (profile, theirs));
        assert_same(&keys, Role::Server, &exported.recv_timeout(PATIENCE).unwrap());
        drop(other);

        let free = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut endpoint = Endpoint::new(ours, gate.clone(), Role::Client, peer);
        let accept = free.to_string();
        // Every second one asks for a cookie first.
        let listen: &[&str] = if nth % 2 == 0 { &["-listen"] } else { &[] };
        let args = [&["s_server", "-accept", &accept, "-Verify", "1"], listen].concat();
        let (other, exported) = start(folder, &args, profile);
        let keys = run(&mut endpoint, &socket, Some(free));
        assert_eq!((keys.profile, keys.fingerprint), (profile, theirs));
        assert_same(&keys, Role::Client, &exported.recv_timeout(PATIENCE).unwrap());
        drop(other);
    }
}
