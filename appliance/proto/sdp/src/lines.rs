//! The lines of a body with their place in it. LF and CRLF end a line, the last one needs no end.

use crate::Text;
use std::ops::Range;

/// One line as it stands in the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Counted from 1.
    pub number: u32,
    /// Bytes of the body, line end included: the ranges of all lines together are the whole body.
    pub span: Range<usize>,
    /// Without its line end.
    pub text: Text<'a>,
}

impl<'a> Line<'a> {
    /// Type letter and value, if the line is of the form `letter=value`.
    pub fn split(&self) -> Option<(u8, Text<'a>)> {
        match self.text.as_bytes() {
            [kind, b'=', value @ ..] => Some((*kind, Text::new(value))),
            _ => None,
        }
    }
}

/// All lines of a body, in order.
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    body: &'a [u8],
    at: usize,
    number: u32,
}

impl<'a> Lines<'a> {
    /// The lines of `body`, whatever it holds.
    pub fn new(body: &'a [u8]) -> Self {
        Lines { body, at: 0, number: 0 }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let start = self.at;
        let rest = self.body.get(start..).filter(|r| !r.is_empty())?;
        let (text, len) = match rest.iter().position(|&b| b == b'\n') {
            Some(at) => (&rest[..at], at + 1),
            None => (rest, rest.len()),
        };
        self.at = start + len;
        self.number += 1;
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        Some(Line { number: self.number, span: start..self.at, text: Text::new(text) })
    }
}
