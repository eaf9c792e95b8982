//! What the packages are made of, as far as that can be looked at without building them (`make test-packages` does).
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rtpengine::config::checked::Mode;
use rtpengine::config::host::Host;
use rtpengine::config::load::{FileChoice, Sources, load_checked};

fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(home().join(path)).unwrap_or_else(|wrong| panic!("{path}: {wrong}"))
}

fn manifest() -> toml::Table {
    read("appliance/Cargo.toml").parse().unwrap()
}

/// The sources of a list of assets, but for what a build makes.
fn sources(assets: &toml::Value) -> Vec<String> {
    let source = |asset: &toml::Value| match asset {
        toml::Value::Array(parts) => parts[0].as_str().unwrap().trim_start_matches("../").to_owned(),
        table => table["source"].as_str().unwrap().to_owned(),
    };
    let all = assets.as_array().unwrap().iter().map(source);
    all.filter(|source| !source.starts_with("target/") && !source.contains("/generated/")).collect()
}

fn assert_there(source: &str) {
    let path = home().join(source);
    let found = match source.split_once('*') {
        None => path.exists(),
        Some((before, after)) => {
            let before = home().join(before);
            let (folder, start) = match before.is_dir() {
                true => (before, String::new()),
                false => {
                    let start = before.file_name().unwrap().to_string_lossy().into_owned();
                    (before.parent().unwrap().to_owned(), start)
                }
            };
            let fits = |name: &str| name.starts_with(&start) && name.ends_with(after);
            fs::read_dir(folder).unwrap().any(|entry| fits(&entry.unwrap().file_name().to_string_lossy()))
        }
    };
    assert!(found, "a package wants {source}, which is not there");
}

#[test]
fn every_file_that_a_package_wants_is_there() {
    let manifest = manifest();
    let metadata = &manifest["package"]["metadata"];
    let module: toml::Table = read("packaging/rpm/dkms.toml").parse().unwrap();
    let plugin: toml::Table = read("packaging/rpm/iptables.toml").parse().unwrap();
    let mut wanted = sources(&metadata["deb"]["assets"]);
    wanted.extend(sources(&metadata["generate-rpm"]["assets"]));
    wanted.extend(sources(&module["assets"]));
    wanted.extend(sources(&plugin["assets"]));
    for script in ["post_install_script", "pre_uninstall_script", "post_uninstall_script"] {
        wanted.push(metadata["generate-rpm"][script].as_str().unwrap().to_owned());
    }
    assert!(wanted.len() > 20, "{wanted:?}");
    wanted.iter().for_each(|source| assert_there(source));
}

#[test]
fn versions_agree_everywhere() {
    let version = env!("CARGO_PKG_VERSION");
    assert!(read("packaging/deb/changelog").starts_with(&format!("rtpengine-appliance ({version}-")));
    assert!(read("kmod/dkms.conf").contains(&format!("PACKAGE_VERSION=\"{version}\"")));
    assert!(read("kmod/Makefile").contains(&format!("RTPE_VERSION ?= {version}\n")));
}

#[test]
fn the_configuration_of_the_packages_loads_without_a_warning() {
    let file = FileChoice::Named(home().join("packaging/config/rtpengine.toml"));
    let sources = Sources { file, section: "rtpengine".to_owned(), options: Vec::new() };
    // An address of its own: a host without network has none that media could come to.
    let mut text = read("packaging/config/rtpengine.toml");
    let built = match load_checked(&sources, &Host::now().unwrap()) {
        Ok(built) => built,
        Err(_) => {
            text = text.replace("\"any\"", "\"127.0.0.1\"");
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("rtpengine.toml");
            fs::write(&path, text).unwrap();
            let sources = Sources { file: FileChoice::Named(path), ..sources };
            load_checked(&sources, &Host::now().unwrap()).unwrap()
        }
    };
    assert!(built.warnings.is_empty(), "{:?}", built.warnings);
    assert_eq!(built.config.control.ng_udp, ["127.0.0.1:2223".parse().unwrap()]);
    assert!(built.config.interfaces.addresses().all(|(_, local)| local.mode == Mode::Userspace));
}

#[test]
fn scripts_are_good_shell() {
    for (shell, scripts) in [
        ("bash", &["packaging/build", "packaging/completions/rtpengine-ctl", "tests/packages/run"][..]),
        (
            "sh",
            &[
                "packaging/deb/scripts/postinst",
                "packaging/deb/scripts/prerm",
                "packaging/deb/scripts/postrm",
                "packaging/deb/kernel/rtpengine-appliance-dkms.postinst",
                "packaging/deb/kernel/rtpengine-appliance-dkms.postrm",
                "packaging/rpm/post",
                "packaging/rpm/preun",
                "packaging/rpm/postun",
                "packaging/rpm/dkms-post",
                "packaging/rpm/dkms-preun",
                "packaging/rpm/dkms-postun",
            ],
        ),
    ] {
        for script in scripts {
            let checked = Command::new(shell).arg("-n").arg(home().join(script)).output().unwrap();
            assert!(checked.status.success(), "{script}: {}", String::from_utf8_lossy(&checked.stderr));
        }
    }
}

/// The units with a program that is there, for a look by systemd.
fn units(folder: &Path) -> Vec<PathBuf> {
    let program = env!("CARGO_BIN_EXE_rtpengine");
    let copy = |name: &str, as_name: &str| {
        let text = read(&format!("packaging/systemd/{name}"));
        let path = folder.join(as_name);
        fs::write(&path, text.replace("/usr/bin/rtpengine", program)).unwrap();
        path
    };
    vec![copy("rtpengine.service", "rtpengine.service"), copy("rtpengine@.service", "rtpengine@a.service")]
}

#[test]
fn units_are_good_and_hardened() {
    lab::need_tool!("systemd-analyze");
    let folder = tempfile::tempdir().unwrap();
    for unit in units(folder.path()) {
        let looked =
            Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&unit).output().unwrap();
        // It looks at units of this machine too, which may have their faults.
        let said = String::from_utf8_lossy(&looked.stderr);
        let ours: Vec<&str> = said.lines().filter(|line| line.contains("rtpengine")).collect();
        assert!(ours.is_empty(), "{}: {ours:?}", unit.display());
        // appliance/docs/packages.md says how much; the scale is 0 (closed) to 100 (open)
        let exposed = Command::new("systemd-analyze")
            .args(["security", "--offline=true", "--no-pager", "--threshold=30"])
            .arg(&unit)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&exposed.stdout);
        assert!(exposed.status.success(), "{}: {said}", unit.display());
    }
}

#[test]
fn units_do_not_close_what_the_daemon_needs() {
    for name in ["rtpengine.service", "rtpengine@.service"] {
        let unit = read(&format!("packaging/systemd/{name}"));
        let value = |key: &str| -> Vec<&str> {
            unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
        };
        assert_eq!(value("Type"), ["notify"]);
        let families = value("RestrictAddressFamilies")[0];
        for family in ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK", "AF_XDP"] {
            assert!(families.split(' ').any(|open| open == family), "{name}: {family}");
        }
        let bounding = value("CapabilityBoundingSet")[0];
        assert_eq!(value("AmbientCapabilities")[0], bounding);
        for capability in ["CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_BPF"] {
            assert!(bounding.split(' ').any(|open| open == capability), "{name}: {capability}");
        }
        assert!(value("SystemCallFilter").contains(&"bpf"), "{name}");
        assert_eq!(value("LimitMEMLOCK"), ["infinity"]);
        assert_eq!(value("ExecReload"), ["/bin/kill -HUP $MAINPID"]);
    }
}
