//! Chromium without a screen, with a tone for a microphone.

use crate::{Door, STRANGER_TONE, Stranger, wav};
use lab::{LabError, Namespace, Process, Result};

/// Names the program has in distributions.
const NAMES: [&str; 2] = ["chromium", "google-chrome"];

const PAGE: &str = include_str!("../page/call.html");

/// Why there is no browser, if there is none.
pub fn missing_browser() -> Option<String> {
    let missing: Vec<String> = NAMES.iter().filter_map(|name| lab::missing_tool(name)).collect();
    (missing.len() == NAMES.len()).then(|| "needs a browser (package chromium)".to_owned())
}

/// Starts a browser in `namespace`; its page asks the test what to do.
pub fn browser(namespace: &Namespace) -> Result<Stranger> {
    start(namespace, "")
}

/// The same with sound and a picture, in one bundle.
pub fn browser_with_picture(namespace: &Namespace) -> Result<Stranger> {
    start(namespace, "#picture")
}

fn start(namespace: &Namespace, with: &str) -> Result<Stranger> {
    let name = NAMES.into_iter().find(|name| lab::missing_tool(name).is_none()).unwrap_or(NAMES[0]);
    let folder = tempfile::tempdir().map_err(LabError::io("making a folder"))?;
    let microphone = folder.path().join("microphone.wav");
    std::fs::write(&microphone, wav(STRANGER_TONE, 5)).map_err(LabError::io("writing a WAV file"))?;
    let door = Door::open(namespace, PAGE)?;

    let mut command = namespace.command(name);
    // Nothing of the user who runs the test, nothing of what a desktop would have.
    command.env("HOME", folder.path()).env_remove("DISPLAY").env_remove("DBUS_SESSION_BUS_ADDRESS");
    command.args(["--headless=new", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"]);
    // Namespaces take root, and root has no sandbox. The only page it sees is ours.
    command.arg("--no-sandbox");
    command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    command.args(["--disable-extensions", "--disable-breakpad", "--password-store=basic"]);
    command.arg("--autoplay-policy=no-user-gesture-required");
    command.args(["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]);
    command.arg(format!("--use-file-for-fake-audio-capture={}", microphone.display()));
    // Candidates with addresses: the relay does not resolve names of mDNS.
    command.arg("--disable-features=WebRtcHideLocalIpsWithMdns");
    command.arg(format!("--user-data-dir={}", folder.path().join("profile").display()));
    command.args(["--enable-logging=stderr", "--log-level=0"]);
    command.arg(door.url() + "/" + with);
    let process = Process::start("the browser", command)?;
    Ok(Stranger::new(door, process, folder))
}
