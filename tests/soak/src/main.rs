//! `soak SECONDS`: see the library.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "talking to a person is what this program is for"
)]

use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let Some(seconds) = std::env::args().nth(1).and_then(|text| text.parse().ok()) else {
        eprintln!("usage: soak SECONDS");
        return ExitCode::from(2);
    };
    if let Some(why) = lab::missing_root() {
        eprintln!("soak {why}");
        return ExitCode::from(2);
    }
    match soak::soak(Duration::from_secs(seconds), |progress| eprintln!("{progress}")) {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}
