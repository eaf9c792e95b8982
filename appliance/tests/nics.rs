//! NICs laid out for mode appliance on a real (veth) device: queues, the lock, a crash, and everything put back.
#![cfg(feature = "appliance")]
#![allow(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

use lab::{Namespace, Topology, need_root, need_tool};
use rtpengine::config::checked::Config;
use rtpengine::config::host::Host;
use rtpengine::config::load::{DEFAULT_SECTION, FileChoice, Sources, load_checked};
use rtpengine::nic::{Error, check, prepare};
use std::path::Path;
use std::process::{Output, Stdio};

fn configuration(folder: &Path, more: &str) -> Config {
    let state = folder.join("state");
    let text = format!(
        "[control]\nlisten-ng = [\"127.0.0.1:2223\"]\n\
         [threads]\nmedia = 2\n\
         [appliance]\nbusy-poll = {{ microseconds = 20, packets = 64 }}\nstate-folder = \"{}\"\n\
         [[interface]]\naddress = [\"198.51.100.1\", \"2001:db8:100::1\"]\nmode = \"appliance\"\n{more}",
        state.display()
    );
    let file = folder.join("x.toml");
    std::fs::write(&file, text).unwrap();
    let sources =
        Sources { file: FileChoice::Named(file), section: DEFAULT_SECTION.to_owned(), options: Vec::new() };
    load_checked(&sources, &Host::now().unwrap()).unwrap().config
}

/// Not a test by itself: the parts of the next one that must see the namespace's own devices.
#[test]
fn inside_the_namespace() {
    let (Ok(part), Ok(folder)) = (std::env::var("NICS_PART"), std::env::var("NICS_FOLDER")) else { return };
    let config = configuration(Path::new(&folder), "");
    match part.as_str() {
        "check" => {
            assert_eq!(check(&config), []);
            for (more, why) in [
                ("share = \"media\"\n", "caller (veth) has no receive rules"),
                ("queues = \"0-3\"\n", "caller: 4 queues are asked for, but there are 2 packet threads"),
                ("device = \"lo\"\n", "lo is not an Ethernet device"),
            ] {
                let findings = check(&configuration(Path::new(&folder), more));
                let told: Vec<String> = findings.iter().map(ToString::to_string).collect();
                assert!(matches!(told.as_slice(), [one] if one.starts_with(why)), "{told:?}");
            }
        }
        "crash" => {
            let nics = prepare(&config).unwrap();
            let [nic] = nics.as_slice() else { panic!("{nics:?}") };
            assert_eq!((nic.name.as_str(), nic.queues), ("caller", 2));
            assert_eq!(nic.addresses.len(), 2);
            assert!(matches!(prepare(&config), Err(Error::InUse { .. })), "one process per NIC");
            let told: Vec<String> = check(&config).iter().map(ToString::to_string).collect();
            assert!(told[0].starts_with("caller is used by process"), "{told:?}");
            // As kill -9 would: nothing is put back.
            std::process::exit(9);
        }
        _ => {
            for nic in prepare(&config).unwrap() {
                assert_eq!(nic.queues, 2);
                nic.restore();
            }
        }
    }
    println!("{part} is done");
}

fn run(namespace: &Namespace, part: &str, folder: &Path) -> Output {
    let me = std::env::current_exe().unwrap();
    let mut command = namespace.command(me.to_str().unwrap());
    command.args(["inside_the_namespace", "--exact", "--nocapture"]);
    command.env("NICS_PART", part).env("NICS_FOLDER", folder).stdin(Stdio::null()).output().unwrap()
}

fn done(out: &Output) -> bool {
    String::from_utf8_lossy(&out.stdout).contains(" is done")
}

/// Receive queues, `napi_defer_hard_irqs`, `gro_flush_timeout`.
fn state(namespace: &Namespace) -> (String, String, String) {
    let channels = namespace.run(&["ethtool", "-l", "caller"]).unwrap();
    let current = channels.split("Current").nth(1).unwrap();
    let queues = current.lines().find_map(|line| line.strip_prefix("RX:")).unwrap().trim().to_owned();
    let number = |file: &str| {
        let path = format!("/sys/class/net/caller/{file}");
        namespace.run(&["cat", &path]).unwrap().trim().to_owned()
    };
    (queues, number("napi_defer_hard_irqs"), number("gro_flush_timeout"))
}

#[test]
fn a_nic_is_laid_out_and_put_back_even_after_a_crash() {
    need_root!();
    need_tool!("ethtool");
    let net = Topology::spec().queues(4).build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let was = state(&net.relay);
    assert_eq!(was.0, "4");

    let out = run(&net.relay, "check", folder.path());
    assert!(done(&out), "{out:?}");
    assert_eq!(state(&net.relay), was, "a check changes nothing");

    let out = run(&net.relay, "crash", folder.path());
    assert_eq!(out.status.code(), Some(9), "{out:?}");
    let ours = ("2".to_owned(), "2".to_owned(), "200000".to_owned());
    assert_eq!(state(&net.relay), ours);

    let out = run(&net.relay, "again", folder.path());
    assert!(done(&out), "{out:?}");
    assert_eq!(state(&net.relay), was, "what was before the crash, not what the crash has left");
    let left: Vec<_> = std::fs::read_dir(folder.path().join("state")).unwrap().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
}
