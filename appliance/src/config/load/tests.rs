//! Files and command lines together, and what is said about wrong ones.

use std::ffi::OsString;
use std::path::PathBuf;

use super::{Loaded, load};
use crate::config::cli::{Invocation, parse};
use crate::config::finding::Finding;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Findings without the folder's name.
    fn lines(&self, findings: &[Finding]) -> Vec<String> {
        let folder = format!("{}/", self.0.path().display());
        findings.iter().map(|finding| finding.to_string().replace(&folder, "")).collect()
    }

    /// Loads `text` as file `name` under the given options.
    fn load(&self, name: &str, text: &str, options: &[&str]) -> Result<Loaded, Vec<String>> {
        let file = format!("--config-file={}", self.file(name, text).display());
        let arguments = ["rtpengine", &file].iter().chain(options).map(OsString::from).collect::<Vec<_>>();
        let sources = match parse(arguments) {
            Ok(Invocation::Run(sources)) => sources,
            other => panic!("{other:?}"),
        };
        load(&sources).map_err(|findings| self.lines(&findings))
    }

    fn wrong(&self, name: &str, text: &str) -> Vec<String> {
        self.load(name, text, &[]).unwrap_err()
    }
}

#[test]
fn the_command_line_wins_over_a_classic_file() {
    let folder = Folder::new();
    let file = "[rtpengine]\ntos = 184\ntimeout = 10\ninterface = a/192.0.2.1;b/192.0.2.2\nport-max = 30999\n\
                no-fallback = true\nmax-sessions = 5\nlog-level = 7\n";
    let loaded = folder
        .load(
            "r.conf",
            file,
            &["--tos=0", "-i", "c/192.0.2.3", "--max-sessions=-1", "-m", "30100", "--no-fallback=false"],
        )
        .unwrap();
    let raw = loaded.raw;
    assert_eq!((raw.media.tos, raw.timeouts.media, raw.log.level), (0, 10, 7));
    assert_eq!(raw.media.ports, "30100-30999");
    assert_eq!((raw.interface.len(), raw.interface[0].name.as_str()), (1, "c"));
    assert_eq!((raw.limits.sessions, raw.kernel.fallback), (None, true));
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
}

#[test]
fn the_command_line_wins_over_a_toml_file() {
    let folder = Folder::new();
    let file = "[media]\ntos = 184\nports = \"20000-20999\"\n[limits]\nsessions = 4\n[[interface]]\naddress = \"any\"\n[aliases]\nx = \"default\"\n";
    let loaded = folder
        .load("r.toml", file, &["--tos", "8", "-M", "20499", "-i", "z/192.0.2.3", "--max-sessions", "-1"])
        .unwrap();
    assert_eq!((loaded.raw.media.tos, loaded.raw.media.ports.as_str()), (8, "20000-20499"));
    assert_eq!((loaded.raw.interface[0].name.as_str(), loaded.raw.aliases.len()), ("z", 0));
    assert_eq!(loaded.raw.limits.sessions, None);
    assert_eq!(loaded.places.find("media.tos").to_string(), "--tos: ");
}

#[test]
fn the_content_tells_where_the_name_does_not() {
    let folder = Folder::new();
    assert_eq!(folder.load("a", "[media]\ntos = 8\n", &[]).unwrap().raw.media.tos, 8);
    assert_eq!(
        folder.load("b", "[rtpengine]\ntos = 8\nlisten-ng = localhost:1\n", &[]).unwrap().raw.media.tos,
        8
    );
    assert_eq!(folder.load("c.toml", "", &["--config", "none"]).unwrap().file, None);
}

#[test]
fn sections_make_interfaces_templates_and_profiles() {
    let folder = Folder::new();
    let file = "[rtpengine]\ninterfaces-config = if\ntemplates = t\ninterface = old/192.0.2.9\n\
                [if-one]\naddress = any\nport-min = 20000\nexclude-ports = 20001 ; 20003\n\
                [if-two]\nname = zwei\naddress = 192.0.2.2\nadvertised = 192.0.2.3\n\
                [if-alias]\nalias = zwei\n\
                [t]\nWebRTC = ICE=force rtcp-mux=[offer require]\n\
                [testing]\ntos = 3\n";
    let raw = folder.load("r.conf", file, &[]).unwrap().raw;
    let names: Vec<&str> = raw.interface.iter().map(|interface| interface.name.as_str()).collect();
    assert_eq!(names, ["old", "one", "zwei"]);
    assert_eq!(raw.interface[1].ports.as_deref(), Some("20000-39999"));
    assert_eq!(raw.interface[1].exclude_ports.0, [20001, 20003]);
    assert_eq!(raw.interface[2].advertise.0, ["192.0.2.3"]);
    assert_eq!(raw.aliases.get("alias").map(String::as_str), Some("zwei"));
    assert_eq!(raw.templates["WebRTC"], "ICE=force rtcp-mux=[offer require]");
    assert_eq!(folder.load("r.conf", file, &["--config-section=testing"]).unwrap().raw.media.tos, 3);
}

#[test]
fn wrong_classic_files_are_explained() {
    let folder = Folder::new();
    for (file, want) in [
        (
            "[rtpengine]\n\ntiemout = 60\n",
            "r.conf:3:1: unknown key `tiemout` in section [rtpengine] (did you mean `timeout`?)",
        ),
        (
            "[rtpengine]\ntos = lots\n",
            "r.conf:2:1: `tos`: `lots` is not a whole number (a whole number from 0 to 255)",
        ),
        ("[rtpengine]\ntos\n", "r.conf:2:1: `tos` is neither KEY = VALUE, a [SECTION] nor a # comment"),
        (
            "[rtpengine]\nforeground = maybe\n",
            "r.conf:2:1: `foreground`: `maybe` is neither true nor false (write true or false)",
        ),
        (
            "[rtpengine]\nlog-name = \\q\n",
            "r.conf:2:1: `log-name`: `\\q` is not an escape; write `\\\\` for a backslash",
        ),
        (
            "[rtpengine]\ninterface = a/\n",
            "r.conf:2:1: `a/` is not an interface: it has no address; write NAME/ADDRESS or ADDRESS",
        ),
        (
            "[rtpengine]\ntemplates = tt\n[tmpl]\n",
            "r.conf:2:1: `templates` names a section [tt], but there is none (did you mean [tmpl]?)",
        ),
        (
            "[rtpengine]\ninterfaces-config = i\n[i-a]\nadress = any\n",
            "r.conf:4:1: unknown key `adress` in section [i-a] (did you mean `address`?)",
        ),
        ("[other]\n", "r.conf: there is no section [rtpengine] (choose one with --config-section: [other])"),
        (
            "[rtpengine]\nnftables-stop = true\n",
            "r.conf:2:1: `nftables-stop`: this acts and exits, so it belongs on the command line only (rtpengine --nftables-stop)",
        ),
    ] {
        assert_eq!(folder.wrong("r.conf", file), [want], "{file}");
    }
}

#[test]
fn wrong_toml_files_are_explained() {
    let folder = Folder::new();
    for (file, want) in [
        ("[media]\n  toos = 1\n", "r.toml:2:3: unknown key `toos` in section `media` (did you mean `tos`?)"),
        ("[medai]\ntos = 1\n", "r.toml:1:2: unknown section `medai` (did you mean `media`?)"),
        ("tos = 1\n", "r.toml:1:1: unknown key `tos` (the option `tos` is written `media.tos` here)"),
        (
            "[media]\nsilent-timeout = 1\n",
            "r.toml:2:1: unknown key `silent-timeout` in section `media` (the option `silent-timeout` is written `timeouts.silent` here)",
        ),
        (
            "[media]\nsessions = 1\n",
            "r.toml:2:1: unknown key `sessions` in section `media` (`sessions` belongs into [limits])",
        ),
        (
            "[media]\nmqtt-host = \"x\"\n",
            "r.toml:2:1: unknown key `mqtt-host` in section `media` (not available in this build: sending figures over MQTT)",
        ),
        (
            "[interface]\naddress = \"any\"\n",
            "r.toml:1:2: `interface` can stand several times (write [[interface]] with two brackets on each side)",
        ),
        (
            "[[interface]]\nmode = \"kernle\"\n",
            "r.toml:2:8: unknown variant `kernle`, expected one of `appliance`, `kernel`, `userspace` (did you mean `kernel`?)",
        ),
        ("[media]\ntos = 300\n", "r.toml:2:7: invalid value: integer `300`, expected u8"),
        ("[media]\ntos = \"many\"\n", "r.toml:2:7: invalid type: string \"many\", expected u8"),
        ("[threads]\ncores = \"3-1\"\n", "r.toml:2:9: the range 3-1 runs backwards"),
        ("[media\n", "r.toml:1:7: unclosed table, expected `]`"),
        ("[media]\ntos = 1\ntos = 2\n", "r.toml:3:1: duplicate key"),
    ] {
        assert_eq!(folder.wrong("r.toml", file), [want], "{file}");
    }
}

#[test]
fn all_unknown_keys_are_told_at_once() {
    let folder = Folder::new();
    assert_eq!(folder.wrong("r.toml", "[media]\na = 1\nb = 2\n[x]\n").len(), 3);
    assert_eq!(folder.wrong("r.conf", "[rtpengine]\na = 1\nb = 2\ntos = x\n").len(), 3);
}

#[test]
fn a_missing_named_file_is_an_error() {
    let wrong = match parse(["rtpengine", "--config-file=/nonexistent/x.conf"].map(OsString::from)) {
        Ok(Invocation::Run(sources)) => load(&sources).unwrap_err(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        wrong[0].to_string(),
        "/nonexistent/x.conf: cannot be read: No such file or directory (os error 2) (check the path given with --config-file)"
    );
}

#[test]
fn absent_features_are_warned_about_once_and_only_if_asked_for() {
    let folder = Folder::new();
    let told = |name: &str, text: &str, options: &[&str]| {
        folder.lines(&folder.load(name, text, options).unwrap().warnings)
    };
    assert_eq!(
        told(
            "r.conf",
            "[rtpengine]\nredis = localhost:6379/1\ntable = -1\nno-fallback = false\npoller-size = 9\n",
            &[]
        ),
        [
            "r.conf:2:1: `redis` is not available in this build: keeping calls in Redis",
            "r.conf:5:1: `poller-size` has no effect: packet threads have one poller each and size it themselves",
        ]
    );
    assert_eq!(
        told("r.conf", "[rtpengine]\n", &["-t", "3", "-F", "--iptables-chain=x"]),
        [
            "--iptables-chain: `iptables-chain` is not available in this build: an accept rule for each open port"
        ]
    );
}
