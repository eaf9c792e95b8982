//! Builds a lab and keeps it until Ctrl-C, to look around in: `cargo run -p lab --bin stand [DAEMON ARGUMENTS]`.
//! With arguments (possibly just `--log-level=7`) the daemon runs in the middle.
#![allow(clippy::print_stdout, reason = "a program for people")]

use lab::{Daemon, Topology};

fn main() -> lab::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let net = Topology::new()?;
    let daemon = match arguments.is_empty() {
        true => None,
        false => {
            Some(arguments.into_iter().fold(Daemon::on(&net), |spec, argument| spec.arg(argument)).start()?)
        }
    };
    for (role, namespace) in [("caller", &net.caller.ns), ("relay", &net.relay), ("callee", &net.callee.ns)] {
        println!("{role}: ip netns exec {} bash", namespace.name());
    }
    if let Some(daemon) = &daemon {
        println!("ng: {} in the relay's namespace", daemon.control());
    }
    println!("Ctrl-C removes everything");
    // The lab's own signal handler cleans up and exits.
    loop {
        std::thread::park();
    }
}
