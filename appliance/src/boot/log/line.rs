//! The text of a log line. Call-ids and SDP are strangers' text: nothing in it may steer a terminal or fake a line.

use std::time::Duration;

use tracing::Level;

use crate::config::checked::Subsystem;

/// What a line is made of.
pub(super) struct Line<'a> {
    pub(super) level: Level,
    pub(super) subsystem: Subsystem,
    pub(super) call: Option<&'a str>,
    pub(super) text: &'a str,
}

impl Line<'_> {
    /// The line, or several if line ends split it; each without a line end and, prefix apart, at most `max` bytes.
    pub(super) fn render(&self, split: bool, max: usize) -> Vec<String> {
        let level = match self.level {
            Level::ERROR => "ERR",
            Level::WARN => "WARNING",
            Level::INFO => "INFO",
            Level::DEBUG | Level::TRACE => "DEBUG",
        };
        let prefix = match self.call {
            Some(call) => format!("{level}: [{}]: [{}] ", clean(call), self.subsystem.name()),
            None => format!("{level}: [{}] ", self.subsystem.name()),
        };
        let parts: Vec<&str> = match split {
            true => self.text.lines().filter(|part| !part.is_empty()).collect(),
            false => vec![self.text],
        };
        parts.iter().map(|part| format!("{prefix}{}", cut(&clean(part), max))).collect()
    }
}

/// Line ends become blanks, other control characters a replacement character.
fn clean(text: &str) -> String {
    text.trim_end()
        .chars()
        .filter(|c| *c != '\r')
        .map(|c| match c {
            '\n' | '\t' => ' ',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

fn cut(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Seconds and microseconds since 1970, as put before lines on standard error.
pub(super) fn stamp(since_1970: Duration) -> String {
    format!("[{}.{:06}] ", since_1970.as_secs(), since_1970.subsec_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line<'a>(call: Option<&'a str>, text: &'a str) -> Line<'a> {
        Line { level: Level::INFO, subsystem: Subsystem::Core, call, text }
    }

    #[test]
    fn the_call_stands_before_the_subsystem() {
        assert_eq!(line(None, "hello").render(false, 100), ["INFO: [core] hello"]);
        assert_eq!(line(Some("abc@host"), "hello").render(false, 100), ["INFO: [abc@host]: [core] hello"]);
    }

    #[test]
    fn a_hostile_call_id_cannot_fake_a_line() {
        let rendered = line(Some("a\nERR: [core] \u{1b}[31m"), "x\u{7}y\r\n").render(false, 100);
        assert_eq!(rendered, ["INFO: [a ERR: [core] \u{fffd}[31m]: [core] x\u{fffd}y"]);
    }

    #[test]
    fn lines_are_split_and_cut_on_request() {
        assert_eq!(line(None, "a\r\nb\n").render(false, 100), ["INFO: [core] a b"]);
        assert_eq!(line(None, "a\r\n\r\nb\n").render(true, 100), ["INFO: [core] a", "INFO: [core] b"]);
        assert_eq!(line(None, "äöü").render(false, 3), ["INFO: [core] ä"]);
    }

    #[test]
    fn stamps_have_microseconds() {
        assert_eq!(stamp(Duration::new(12, 34_000)), "[12.000034] ");
    }
}
