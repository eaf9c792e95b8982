//! `soak SECONDS`, `soak crowd CALLS FLOWING`: see the library.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "talking to a person is what this program is for"
)]

use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(why) = lab::missing_root() {
        eprintln!("soak {why}");
        return ExitCode::from(2);
    }
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse::<u32>().ok());
    match (arguments.first().map(String::as_str), number(0), number(1), number(2)) {
        (Some("crowd"), _, Some(calls), Some(flowing)) => gather(calls, flowing.min(calls)),
        (_, Some(seconds), ..) => soak(seconds.into()),
        _ => {
            eprintln!("usage: soak SECONDS | soak crowd CALLS FLOWING");
            ExitCode::from(2)
        }
    }
}

fn gather(calls: u32, flowing: u32) -> ExitCode {
    let crowd = soak::Crowd { calls, flowing, packets: 50, wait: true };
    match crowd.gather() {
        Ok(found) => {
            println!("{found}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}

fn soak(seconds: u64) -> ExitCode {
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
