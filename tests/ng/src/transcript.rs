//! What came of a script: a title and lines for each step. As text, and compared.

use crate::{Error, Result};
use std::fmt::Write;

/// How many equal lines stand around differing ones in a report.
const CONTEXT: usize = 2;

/// The outcome of a play, or a stored one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transcript {
    /// The script's sentence about itself.
    pub about: String,
    /// Steps in order.
    pub entries: Vec<Entry>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The step's name and what it asked, from the script.
    pub title: String,
    /// What came of it. Never empty lines; each indented by at least two blanks.
    pub lines: Vec<String>,
}

impl Transcript {
    /// As a file.
    pub fn text(&self) -> String {
        let mut out = format!("# {}\n", self.about);
        for entry in &self.entries {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "\n== {}", entry.title);
            for line in &entry.lines {
                let _ = writeln!(out, "{line}");
            }
        }
        out
    }

    /// Reads a file; `name` is for errors.
    ///
    /// # Errors
    /// Lines that belong to no step.
    pub fn parse(name: &str, text: &str) -> Result<Transcript> {
        let mut transcript = Transcript::default();
        for (number, line) in text.lines().enumerate() {
            if let Some(title) = line.strip_prefix("== ") {
                transcript.entries.push(Entry { title: title.to_owned(), lines: Vec::new() });
            } else if let Some(about) = line.strip_prefix("# ").filter(|_| number == 0) {
                transcript.about = about.to_owned();
            } else if !line.is_empty() {
                let Some(entry) = transcript.entries.last_mut().filter(|_| line.starts_with("  ")) else {
                    return Err(Error::malformed(name, format!("line {} belongs to no step", number + 1)));
                };
                entry.lines.push(line.to_owned());
            }
        }
        Ok(transcript)
    }
}

/// Where two transcripts differ, step by step: `-` expected, `+` got. Empty if they are equal.
pub fn differences(expected: &Transcript, got: &Transcript) -> Vec<Difference> {
    let none = Entry { title: "(no such step)".into(), lines: Vec::new() };
    let count = expected.entries.len().max(got.entries.len());
    let pair =
        |index| (expected.entries.get(index).unwrap_or(&none), got.entries.get(index).unwrap_or(&none));
    let mut found = Vec::new();
    for (expected, got) in (0..count).map(pair).filter(|(expected, got)| expected != got) {
        let mut lines = diff(&expected.lines, &got.lines);
        if expected.title != got.title {
            lines.insert(0, format!("+== {}", got.title));
        }
        found.push(Difference { title: expected.title.clone(), lines });
    }
    found
}

/// One step that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The step's title in the expected transcript.
    pub title: String,
    /// A unified diff with a little context.
    pub lines: Vec<String>,
}

/// A diff by longest common subsequence; steps have a few hundred lines at most.
fn diff(expected: &[String], got: &[String]) -> Vec<String> {
    let width = got.len() + 1;
    let mut common = vec![0_u32; (expected.len() + 1) * width];
    for i in (0..expected.len()).rev() {
        for j in (0..got.len()).rev() {
            common[i * width + j] = match expected[i] == got[j] {
                true => common[(i + 1) * width + j + 1] + 1,
                false => common[(i + 1) * width + j].max(common[i * width + j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut all: Vec<(char, &str)> = Vec::new();
    while i < expected.len() || j < got.len() {
        if i < expected.len() && j < got.len() && expected[i] == got[j] {
            all.push((' ', &expected[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < expected.len()
            && (j == got.len() || common[(i + 1) * width + j] >= common[i * width + j + 1])
        {
            all.push(('-', &expected[i]));
            i += 1;
        } else {
            all.push(('+', &got[j]));
            j += 1;
        }
    }
    let near = |index: usize| {
        let around = index.saturating_sub(CONTEXT)..(index + CONTEXT + 1).min(all.len());
        all[around].iter().any(|(mark, _)| *mark != ' ')
    };
    let shown = all.iter().enumerate().filter(|(index, _)| near(*index));
    shown.map(|(_, (mark, line))| format!("{mark}{line}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(title: &str, lines: &[&str]) -> Entry {
        Entry { title: title.into(), lines: lines.iter().map(|line| format!("  {line}")).collect() }
    }

    #[test]
    fn a_transcript_survives_its_file() {
        let transcript = Transcript {
            about: "x".into(),
            entries: vec![entry("offer1: a", &["result: ok", "  v=0"]), entry("sleep1", &[])],
        };
        assert_eq!(Transcript::parse("t", &transcript.text()).unwrap(), transcript);
        assert!(Transcript::parse("t", "# x\n  stray\n").is_err());
        assert!(Transcript::parse("t", "== a\nnot indented\n").is_err());
    }

    #[test]
    fn differences_are_found_with_context() {
        let one = |lines: &[&str]| Transcript { about: String::new(), entries: vec![entry("a", lines)] };
        let (left, right) = (one(&["1", "2", "3", "4", "5", "6"]), one(&["1", "2", "3", "x", "5", "6"]));
        assert!(differences(&left, &left).is_empty());
        let found = differences(&left, &right);
        assert_eq!(found[0].lines, ["   2", "   3", "-  4", "+  x", "   5", "   6"]);
        let longer =
            Transcript { entries: vec![left.entries[0].clone(), entry("b", &["y"])], ..left.clone() };
        assert_eq!(differences(&left, &longer)[0].lines, ["+== b", "+  y"]);
        assert_eq!(differences(&longer, &left).len(), 1);
    }
}
