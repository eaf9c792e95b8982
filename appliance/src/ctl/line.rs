use super::Place;
use std::io::{self, Write};
use std::time::Duration;

/// Between two looks whether a daemon that drains is empty.
const LOOK: Duration = Duration::from_millis(500);

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The reply was printed.
    Printed,
    /// No call is left, or the daemon has ended.
    Empty,
}

/// Says a line and prints the reply; with `wait`, prints how many calls are left until none is.
///
/// # Errors
/// In words for a person.
pub fn say(place: &Place, line: &str, wait: bool) -> Result<Said, String> {
    place.ask(line, |piece| match io::stdout().write_all(piece) {
        // A closed pipe is the reader's choice.
        Err(wrong) if wrong.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    })?;
    if !wait {
        return Ok(Said::Printed);
    }
    let mut last = String::new();
    loop {
        let Ok(text) = place.ask_text("list drain") else {
            // It has ended, which is what was waited for.
            return Ok(Said::Empty);
        };
        if text != last {
            io::stdout().write_all(text.as_bytes()).map_err(|wrong| wrong.to_string())?;
        }
        if text.trim_end().ends_with(": 0") {
            return Ok(Said::Empty);
        }
        last = text;
        std::thread::park_timeout(LOOK);
    }
}
