//! The syntax of `rtpp-flags` and of templates.
//!
//! Words are separated by blanks. `key=value` is a dictionary pair, every other word a flag; `key=` is the flag
//! `key`. A value in brackets is a list of words, or a dictionary if its first word has a `=` in front of
//! anything else; brackets nest. A bracket closes only at the end of a word; the end of the text closes all.

use crate::{Dict, Value};

/// How deep brackets may nest; deeper ones are plain text.
const MAX_DEPTH: usize = 16;

/// Turns a flag text into a dictionary: flags in lists under `flags`, pairs under their own keys, all in the order
/// they were written; a key said twice is there twice. Never fails: every text means something.
pub fn parse(text: &str) -> Dict<'_> {
    read(Reader { text, at: 0, is_blank: |byte| byte == b' ' })
}

/// The same for a text from a configuration file, where lines and tabs separate words too.
pub(crate) fn parse_template(text: &str) -> Dict<'_> {
    read(Reader { text, at: 0, is_blank: |byte| byte.is_ascii_whitespace() })
}

fn read(mut reader: Reader<'_>) -> Dict<'_> {
    let mut dict = Dict::new();
    let mut flags = Vec::new();
    while let Some(item) = reader.item(0, true) {
        match item {
            Item::Word(word) => flags.push(word),
            Item::Pair(key, value) => {
                // A run of flags is one list, so that flags and pairs keep their order.
                if !flags.is_empty() {
                    dict.push("flags", std::mem::take(&mut flags));
                }
                dict.push(key, value);
            }
        }
    }
    if !flags.is_empty() {
        dict.push("flags", flags);
    }
    dict
}

enum Item<'a> {
    Word(Value<'a>),
    Pair(&'a str, Value<'a>),
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    is_blank: fn(u8) -> bool,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// True if no more of a word follows this byte.
    fn word_ends_behind(&self) -> bool {
        self.text.as_bytes().get(self.at + 1).is_none_or(|byte| *byte == b']' || (self.is_blank)(*byte))
    }

    /// The next item of the current bracket (of the whole text at depth 0), or `None` past its end. Without
    /// `pairs` an equals sign is nothing special.
    fn item(&mut self, depth: usize, pairs: bool) -> Option<Item<'a>> {
        while self.peek().is_some_and(self.is_blank) {
            self.at += 1;
        }
        match self.peek()? {
            b']' if depth > 0 && self.word_ends_behind() => {
                self.at += 1;
                return None;
            }
            b'[' if depth > 0 && depth < MAX_DEPTH => return Some(Item::Word(self.bracket(depth))),
            _ => {}
        }
        let start = self.at;
        let mut equals = None;
        while let Some(byte) = self.peek() {
            match byte {
                b']' if depth > 0 && self.word_ends_behind() => break,
                b'=' if pairs && equals.is_none() && self.at > start => {
                    equals = Some(self.at);
                    if self.text[self.at + 1..].starts_with('[') && depth < MAX_DEPTH {
                        let key = &self.text[start..self.at];
                        self.at += 1;
                        return Some(Item::Pair(key, self.bracket(depth)));
                    }
                }
                _ if (self.is_blank)(byte) => break,
                _ => {}
            }
            self.at += 1;
        }
        let word = |from: usize, to: usize| &self.text[from..to];
        Some(match equals {
            None => Item::Word(word(start, self.at).into()),
            Some(equals) if equals + 1 == self.at => Item::Word(word(start, equals).into()),
            Some(equals) => Item::Pair(word(start, equals), word(equals + 1, self.at).into()),
        })
    }

    /// A value in brackets, from its opening bracket on.
    fn bracket(&mut self, depth: usize) -> Value<'a> {
        self.at += 1;
        match self.item(depth + 1, true) {
            None => Value::list(),
            Some(Item::Pair(key, value)) => {
                let mut dict = Dict::new().with(key, value);
                while let Some(item) = self.item(depth + 1, true) {
                    match item {
                        Item::Pair(key, value) => dict.push(key, value),
                        Item::Word(Value::Bytes(word)) => dict.push_bytes(word, ""),
                        Item::Word(_) => {}
                    }
                }
                Value::Dict(dict)
            }
            Some(Item::Word(first)) => {
                let mut list = vec![first];
                while let Some(item) = self.item(depth + 1, false) {
                    if let Item::Word(word) = item {
                        list.push(word);
                    }
                }
                Value::List(list)
            }
        }
    }
}
