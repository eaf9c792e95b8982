//! Who may name whom. The table of the architecture document as data.

use crate::source::{code, names_crate};
use crate::tree::Source;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Each room (crate) and the rooms it may name outside of tests. `appliance` (package `rtpengine`) names everything.
pub const ROOMS: &[(&str, &[&str])] = &[
    // Floor 1, proto: bytes and meaning. Secured RTP and codecs build on RTP's header, nobody else on anybody.
    ("wire", &[]),
    ("ng", &[]),
    ("sdp", &[]),
    ("rtp", &[]),
    ("srtp", &["rtp"]),
    ("ice", &[]),
    ("dtls", &[]),
    ("codec", &["rtp"]),
    // The landing.
    ("flow", &["srtp"]),
    ("call", &["sdp", "ice", "srtp", "codec", "flow"]),
    ("engine", &["flow", "wire", "rtp", "srtp", "ice", "dtls", "codec"]),
    // Backends.
    ("udp", &["flow", "wire"]),
    ("afxdp", &["flow", "wire"]),
    ("compat-procfs", &["flow", "wire"]),
    // The control surface with a runtime.
    ("web", &[]),
    // The daemon, and what only tests use.
    (
        "rtpengine",
        &[
            "wire",
            "ng",
            "sdp",
            "rtp",
            "srtp",
            "ice",
            "dtls",
            "codec",
            "flow",
            "call",
            "engine",
            "udp",
            "afxdp",
            "compat-procfs",
            "web",
        ],
    ),
    ("lab", &[]),
    ("house", &[]),
    ("demo", &["lab"]),
    ("interop", &["lab"]),
    ("ng-transcripts", &["lab"]),
    ("hostile", &["lab"]),
    ("handshakes-lab", &["lab", "dtls", "srtp"]),
    ("lifecycle", &["lab"]),
    ("watch", &["lab", "srtp"]),
    ("classic", &["lab"]),
    ("parity", &["lab", "flow", "engine"]),
    ("appliance-lab", &["lab"]),
    ("soak", &["lab", "appliance-lab"]),
    ("webrtc-lab", &["lab", "appliance-lab"]),
    ("bench", &["lab", "afxdp", "flow", "udp", "wire"]),
    ("micro", &["afxdp", "call", "engine", "flow", "ng", "sdp", "srtp", "wire"]),
];

/// Crates that do I/O, look at clocks, start threads or log: not for the pure floors.
pub const IMPURE: &[&str] = &[
    "libc",
    "nix",
    "mio",
    "socket2",
    "tokio",
    "tracing",
    "log",
    "signal-hook",
    "crossbeam-queue",
    "getrandom",
];

/// Who has a runtime all the same: the control surface, in a thread of its own.
const RUNTIMES: &[(&str, &str)] = &[("web", "tokio")];

/// Crates nobody may use next to media.
pub const BANNED: &[&str] = &["tokio", "async-std", "smol", "openssl-sys-vendored"];

/// Folders of the daemon that are rooms of their own, and the crates of the house they may name.
pub const FOLDERS: &[(&str, &[&str])] = &[
    ("appliance/src/verbs/", &["ng", "sdp", "call", "flow"]),
    ("appliance/src/handshake/", &["call", "dtls", "ice", "flow"]),
    ("appliance/src/worker/", &["flow", "engine", "udp", "afxdp", "rtp", "wire"]),
    ("appliance/src/config/", &[]),
];

/// What `cargo metadata --no-deps` says about one crate.
#[derive(Debug, Clone, Default)]
pub struct Crate {
    /// Its folder from the root.
    pub folder: String,
    /// Crates it names outside of tests.
    pub names: Vec<String>,
    /// Crates its tests name.
    pub tests_name: Vec<String>,
}

/// The crates of the workspace at `root`, as cargo tells them.
pub fn of_workspace(root: &Path) -> Result<BTreeMap<String, Crate>, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let out = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root)
        .output()
        .map_err(|error| error.to_string())?;
    match out.status.success() {
        true => read(&String::from_utf8_lossy(&out.stdout)),
        false => Err(String::from_utf8_lossy(&out.stderr).into_owned()),
    }
}

/// Reads the output of `cargo metadata --no-deps --format-version 1`.
pub fn read(metadata: &str) -> Result<BTreeMap<String, Crate>, String> {
    let json: Value = serde_json::from_str(metadata).map_err(|error| error.to_string())?;
    let root = json["workspace_root"].as_str().ok_or("no workspace_root")?;
    let packages = json["packages"].as_array().ok_or("no packages")?;
    let mut crates = BTreeMap::new();
    for package in packages {
        let name = package["name"].as_str().ok_or("a package without a name")?;
        let manifest = package["manifest_path"].as_str().ok_or("a package without a manifest")?;
        let folder =
            manifest.trim_start_matches(root).trim_start_matches('/').trim_end_matches("/Cargo.toml");
        let mut one = Crate { folder: folder.to_owned(), ..Crate::default() };
        for dependency in package["dependencies"].as_array().ok_or("a package without dependencies")? {
            let named = dependency["name"].as_str().unwrap_or_default().to_owned();
            match dependency["kind"].as_str() {
                Some("dev") => one.tests_name.push(named),
                _ => one.names.push(named),
            }
        }
        crates.insert(name.to_owned(), one);
    }
    Ok(crates)
}

/// Everything in which `crates` differs from the table.
pub fn check(crates: &BTreeMap<String, Crate>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, one) in crates {
        let Some((_, allowed)) = ROOMS.iter().find(|(room, _)| room == name) else {
            wrong.push(format!("crate {name} ({}) is not in the table of rooms", one.folder));
            continue;
        };
        let pure = one.folder.contains("/proto/") || one.folder.contains("/model/");
        for named in &one.names {
            let room = ROOMS.iter().any(|(room, _)| room == named);
            if room && !allowed.contains(&named.as_str()) {
                wrong.push(format!("{name} may not name {named}"));
            }
            if pure && IMPURE.contains(&named.as_str()) {
                wrong.push(format!("{name} is on a pure floor and names {named}"));
            }
        }
        for named in one.names.iter().chain(&one.tests_name) {
            let allowed = RUNTIMES.contains(&(name.as_str(), named.as_str()));
            if BANNED.contains(&named.as_str()) && !allowed {
                wrong.push(format!("{name} names {named}, which is banned"));
            }
        }
    }
    wrong
}

/// Files of the daemon's own rooms that name a crate they may not.
pub fn check_folders(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources.iter().filter(|source| source.is(".rs") && !source.is_test()) {
        let Some((folder, allowed)) = FOLDERS.iter().find(|(folder, _)| source.path.starts_with(folder))
        else {
            continue;
        };
        let code = code(&source.text);
        for (room, _) in ROOMS.iter().filter(|(room, _)| *room != "rtpengine" && !allowed.contains(room)) {
            if names_crate(&code, &room.replace('-', "_")) {
                wrong.push(format!("{}: {folder} may not name {room}", source.path));
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, folder: &str, names: &[&str]) -> BTreeMap<String, Crate> {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        BTreeMap::from([(name.to_owned(), Crate { folder: folder.into(), names, tests_name: Vec::new() })])
    }

    #[test]
    fn good_names_pass_and_bad_ones_are_told() {
        assert_eq!(check(&one("call", "appliance/model/call", &["sdp", "flow", "smallvec"])), [""; 0]);
        for (name, folder, names) in [
            ("call", "appliance/model/call", "engine"),
            ("call", "appliance/model/call", "mio"),
            ("udp", "appliance/io/udp", "call"),
            ("udp", "appliance/io/udp", "tokio"),
            ("udp", "appliance/io/udp", "lab"),
            ("extra", "extra", "serde"),
        ] {
            assert_eq!(check(&one(name, folder, &[names])).len(), 1, "{name} → {names}");
        }
    }

    #[test]
    fn metadata_is_read() {
        let text = r#"{"workspace_root":"/h","packages":[{"name":"call","manifest_path":"/h/appliance/model/call/Cargo.toml",
            "dependencies":[{"name":"engine","kind":null},{"name":"lab","kind":"dev"}]}]}"#;
        let crates = read(text).unwrap();
        assert_eq!(crates["call"].folder, "appliance/model/call");
        assert_eq!(check(&crates), ["call may not name engine"]);
        assert!(read("{}").is_err());
    }

    #[test]
    fn folders_are_rooms_too() {
        let file = |text| [Source::new("appliance/src/verbs/offer.rs", text)];
        assert_eq!(check_folders(&file("use ng::Request; // engine::x")), [""; 0]);
        assert_eq!(check_folders(&file("use engine::Table;")).len(), 1);
    }
}
