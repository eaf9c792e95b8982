//! A reader for GLib key files, written from their documented format: `[group]` lines, `key=value` lines, comments
//! that fill a line, lists separated by `;`, and the escapes `\s \n \t \r \\` in values.

use std::fmt;

/// A file as groups of entries, in the order of the file. Groups of the same name are one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyFile {
    /// The groups.
    pub groups: Vec<Group>,
}

/// One group (section).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The name between the brackets.
    pub name: String,
    /// Line of the first header with this name, from 1.
    pub line: usize,
    /// Its entries. Of entries with the same key only the last counts and is kept.
    pub entries: Vec<Entry>,
}

/// One `key = value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key, without blanks around it.
    pub key: String,
    /// The value as written, without blanks around it; escapes are still there.
    pub value: String,
    /// Line, from 1.
    pub line: usize,
}

/// What is wrong with a key file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct KeyFileError {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for KeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl KeyFile {
    /// Reads a whole file.
    ///
    /// # Errors
    /// At the first line that is no group, entry or comment, or is not UTF-8.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyFileError> {
        let mut file = Self::default();
        let mut current = None;
        for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let wrong = |message: String| KeyFileError { line: index + 1, message };
            let text =
                std::str::from_utf8(line).map_err(|_| wrong("the line is not UTF-8 text".to_owned()))?;
            // a byte order mark is not part of the first line
            let text = if index == 0 { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text }.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            if let Some(rest) = text.strip_prefix('[') {
                let name =
                    rest.strip_suffix(']').filter(|name| !name.is_empty() && !name.contains(['[', ']']));
                let name = name.ok_or_else(|| wrong(format!("`{text}` is not a section; write [NAME]")))?;
                current = Some(file.group_index(name, index + 1));
                continue;
            }
            let Some((key, value)) = text.split_once('=') else {
                return Err(wrong(format!("`{text}` is neither KEY = VALUE, a [SECTION] nor a # comment")));
            };
            let key = key.trim();
            if key.is_empty() {
                return Err(wrong("there is no key before the `=`".to_owned()));
            }
            let Some(group) = current else {
                return Err(wrong(format!("`{key}` stands before the first [SECTION]")));
            };
            let entries: &mut Vec<Entry> = &mut file.groups[group].entries;
            entries.retain(|entry| entry.key != key);
            entries.push(Entry { key: key.to_owned(), value: value.trim().to_owned(), line: index + 1 });
        }
        Ok(file)
    }

    fn group_index(&mut self, name: &str, line: usize) -> usize {
        if let Some(index) = self.groups.iter().position(|group| group.name == name) {
            return index;
        }
        self.groups.push(Group { name: name.to_owned(), line, entries: Vec::new() });
        self.groups.len() - 1
    }

    /// The group of this name.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }
}

impl Group {
    /// The entry with this key.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}

/// The text that a written value stands for.
///
/// # Errors
/// A sentence about the first escape that does not exist.
pub fn text(written: &str) -> Result<String, String> {
    let mut parts = split(written, None)?;
    Ok(parts.pop().unwrap_or_default())
}

/// The elements of a written list. A `;` at the end ends the last element and does not start another one.
///
/// # Errors
/// A sentence about the first escape that does not exist.
pub fn list(written: &str) -> Result<Vec<String>, String> {
    let mut parts = split(written, Some(';'))?;
    if parts.last().is_some_and(String::is_empty) {
        parts.pop();
    }
    Ok(parts)
}

/// Undoes escapes and cuts at separators that are not escaped. Always at least one part.
fn split(written: &str, separator: Option<char>) -> Result<Vec<String>, String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut chars = written.chars();
    while let Some(next) = chars.next() {
        match next {
            '\\' => part.push(match chars.next() {
                Some('s') => ' ',
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                Some('\\') => '\\',
                Some(';') if separator == Some(';') => ';',
                Some(other) => {
                    return Err(format!("`\\{other}` is not an escape; write `\\\\` for a backslash"));
                }
                None => {
                    return Err("the value ends within an escape; write `\\\\` for a backslash".to_owned());
                }
            }),
            next if Some(next) == separator => parts.push(std::mem::take(&mut part)),
            next => part.push(next),
        }
    }
    parts.push(part);
    Ok(parts)
}
