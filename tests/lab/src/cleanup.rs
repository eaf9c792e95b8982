//! What must not outlive the lab: namespaces and processes, also after Ctrl-C.

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

/// A thing to take down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    /// A process we started, by id.
    Process(i32),
    /// A named network namespace.
    Namespace(String),
}

type Hook = Box<dyn FnOnce() + Send>;

static ITEMS: Mutex<Vec<Item>> = Mutex::new(Vec::new());
static HOOKS: Mutex<Vec<Hook>> = Mutex::new(Vec::new());
static WATCH: Once = Once::new();

fn items() -> MutexGuard<'static, Vec<Item>> {
    // A poisoned list is still a list, and cleaning up matters more than the panic.
    ITEMS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes `item` for the case that we are interrupted.
pub(crate) fn register(item: Item) {
    WATCH.call_once(watch_signals);
    items().push(item);
}

/// Forgets `item`: it was taken down the ordinary way.
pub(crate) fn forget(item: &Item) {
    items().retain(|known| known != item);
}

/// Runs `hook` when the program is interrupted (SIGINT, SIGTERM, SIGHUP), before namespaces and processes of the
/// lab are removed and the program exits with 128 + signal.
pub fn on_interrupt(hook: impl FnOnce() + Send + 'static) {
    WATCH.call_once(watch_signals);
    HOOKS.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(hook));
}

fn watch_signals() {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) else { return };
    // Without this thread the lab still works; leftovers are then swept by the next run.
    let _ = std::thread::Builder::new().name("lab-signals".into()).spawn(move || {
        if let Some(signal) = signals.forever().next() {
            for hook in HOOKS.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
                hook();
            }
            let mut list = items();
            for item in list.drain(..).rev() {
                take_down(&item);
            }
            std::process::exit(128 + signal);
        }
    });
}

fn take_down(item: &Item) {
    match item {
        Item::Process(pid) => {
            let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
            // Not every init process buries orphans.
            let _ = waitpid(Pid::from_raw(*pid), None);
        }
        Item::Namespace(name) => delete_namespace(name),
    }
}

/// Removes a namespace and the processes still inside it.
pub(crate) fn delete_namespace(name: &str) {
    if let Ok(out) = Command::new("ip").args(["netns", "pids", name]).output() {
        for pid in String::from_utf8_lossy(&out.stdout).lines().filter_map(|line| line.trim().parse().ok()) {
            // Threads of our own that entered the namespace are listed as our process.
            if pid != std::process::id() as i32 {
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            }
        }
    }
    let _ =
        Command::new("ip").args(["netns", "del", name]).stdout(Stdio::null()).stderr(Stdio::null()).status();
}

/// Removes namespaces of labs whose process is gone, and those a former process with our id left behind.
/// Names are `lab<pid>-<number>-<role>`.
pub(crate) fn sweep_leftovers() {
    let Ok(entries) = std::fs::read_dir("/run/netns") else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(pid) = owner(&name)
            && (pid == std::process::id() || !std::path::Path::new(&format!("/proc/{pid}")).exists())
        {
            delete_namespace(&name);
        }
    }
}

fn owner(namespace: &str) -> Option<u32> {
    namespace.strip_prefix("lab")?.split('-').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lab_names_have_an_owner() {
        assert_eq!(owner("lab123-1-relay"), Some(123));
        assert_eq!(owner("label-1"), None);
        assert_eq!(owner("lab"), None);
        assert_eq!(owner("rtpe-oracle"), None);
    }

    #[test]
    fn forgetting_removes_only_the_named_item() {
        let (one, two) = (Item::Namespace("lab0-a".into()), Item::Namespace("lab0-b".into()));
        items().extend([one.clone(), two.clone()]);
        forget(&one);
        assert!(!items().contains(&one));
        assert!(items().contains(&two));
        forget(&two);
    }
}
