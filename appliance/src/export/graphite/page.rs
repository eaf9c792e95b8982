use std::fmt::{Display, Write};

/// Lines of Graphite's plaintext protocol, `NAME VALUE SECONDS`, all of one second.
#[derive(Debug)]
pub(super) struct Page<'a> {
    prefix: &'a str,
    second: u64,
    text: String,
}

impl<'a> Page<'a> {
    /// A page without lines. `second` counts from 1970.
    pub(super) fn new(prefix: &'a str, second: u64) -> Page<'a> {
        Page { prefix, second, text: String::with_capacity(16 * 1024) }
    }

    /// Adds a line. What would end a name early (spaces, line ends) becomes `_`.
    pub(super) fn line(&mut self, name: &str, value: impl Display) {
        let plain = |c: char| if c.is_whitespace() || c.is_control() { '_' } else { c };
        self.text.push_str(self.prefix);
        self.text.extend(name.chars().map(plain));
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, " {value} {}", self.second);
    }

    /// Adds a line with six decimals.
    pub(super) fn decimal(&mut self, name: &str, value: f64) {
        self.line(name, format_args!("{value:.6}"));
    }

    /// All lines.
    pub(super) fn text(self) -> String {
        self.text
    }
}
