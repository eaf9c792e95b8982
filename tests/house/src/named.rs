//! What documents name in code letters, so that it can be looked up: files, tests, options, command lines, tables.

use crate::docs::blocks;
use crate::tree::Source;

/// A piece of code in a document: an inline span, or a line of a shell block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// `file:line`.
    pub at: String,
    /// The code.
    pub text: String,
}

/// All code of a Markdown file, in this order: spans, then lines of `sh` blocks without their comments.
pub fn mentions(file: &Source) -> Vec<Mention> {
    let mut found = spans(file);
    for block in blocks(&file.text).iter().filter(|block| block.language == "sh") {
        for (nth, line) in block.text.lines().enumerate() {
            let text = line.split(" #").next().unwrap_or_default().trim();
            if !text.is_empty() && !text.starts_with('#') {
                found.push(Mention {
                    at: format!("{}:{}", file.path, block.line + nth + 1),
                    text: text.into(),
                });
            }
        }
    }
    found
}

/// Inline spans between single backticks, outside of fenced blocks. A span may go on in the next line.
fn spans(file: &Source) -> Vec<Mention> {
    let mut found = Vec::new();
    let mut open: Option<Mention> = None;
    let mut fenced = false;
    for (number, line) in file.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            open = None;
            continue;
        }
        if fenced || line.trim().is_empty() {
            // a paragraph's end is a span's end
            open = None;
            continue;
        }
        for (nth, piece) in line.split('`').enumerate() {
            if nth > 0 {
                match open.take() {
                    Some(span) => found.push(span),
                    None => {
                        open = Some(Mention {
                            at: format!("{}:{}", file.path, number + 1),
                            text: String::new(),
                        });
                    }
                }
            }
            if let Some(span) = &mut open {
                span.text.push_str(piece);
            }
        }
        if let Some(span) = &mut open {
            span.text.push(' ');
        }
    }
    found
}

/// Mentions of files that are not there. A mention is a file's if its first part is a folder at the root. `*` stands
/// for any part of a name.
pub fn missing_files(mentions: &[Mention], paths: &[String]) -> Vec<String> {
    let top =
        |name: &str| paths.iter().any(|path| path.split_once('/').is_some_and(|(first, _)| first == name));
    let named = mentions.iter().filter(|mention| {
        let first = mention.text.split_once('/').map(|(first, _)| first);
        first.is_some_and(top) && !mention.text.contains(char::is_whitespace)
    });
    named
        .filter(|mention| !is_there(mention.text.trim_end_matches('/'), paths))
        .map(|mention| format!("{}: there is no {}", mention.at, mention.text))
        .collect()
}

fn is_there(wanted: &str, paths: &[String]) -> bool {
    let wanted: Vec<&str> = wanted.split('/').collect();
    paths.iter().any(|path| {
        let parts: Vec<&str> = path.split('/').collect();
        wanted.len() <= parts.len() && wanted.iter().zip(parts).all(|(wanted, part)| fits(wanted, part))
    })
}

fn fits(wanted: &str, part: &str) -> bool {
    match wanted.split_once('*') {
        None => wanted == part,
        Some((head, tail)) => {
            part.len() >= head.len() + tail.len() && part.starts_with(head) && part.ends_with(tail)
        }
    }
}

/// Mentions of tests (four words or more, joined by underscores) that no Rust file has. Words that begin with
/// `rtpengine_` are metrics, which have a test of their own.
pub fn missing_tests(mentions: &[Mention], sources: &[Source]) -> Vec<String> {
    let words = |text: &str| text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let named = mentions.iter().filter(|mention| {
        let text = &mention.text;
        words(text) && text.matches('_').count() > 2 && !text.starts_with("rtpengine_")
    });
    let there = |mention: &Mention| {
        let function = format!("fn {}(", mention.text);
        sources.iter().any(|source| source.is(".rs") && source.text.contains(&function))
    };
    named
        .filter(|mention| !there(mention))
        .map(|mention| format!("{}: there is no test {}", mention.at, mention.text))
        .collect()
}

/// The arguments of mentions that are command lines of `program`, whatever folder it is called from.
pub fn commands<'a>(mentions: &'a [Mention], program: &str) -> Vec<(&'a Mention, Vec<&'a str>)> {
    let words = |mention: &'a Mention| (mention, mention.text.split_whitespace().collect::<Vec<_>>());
    let calls = |words: &[&str]| words.first().is_some_and(|first| first.rsplit('/').next() == Some(program));
    mentions
        .iter()
        .map(words)
        .filter(|(_, words)| calls(words))
        .map(|(mention, words)| (mention, words[1..].to_vec()))
        .collect()
}

/// The option names that stand alone (`--port-min`, `--port-min=30000`), without hyphens and value.
pub fn options(mentions: &[Mention]) -> Vec<(&Mention, &str)> {
    let mut found = Vec::new();
    for mention in mentions.iter().filter(|mention| mention.text.starts_with("--")) {
        let options = mention.text.split_whitespace().filter_map(|word| word.strip_prefix("--"));
        found.extend(options.map(|option| (mention, option.split('=').next().unwrap_or_default())));
    }
    found
}

/// Keys of the configuration that are mentioned as `section.key`, of the sections given.
pub fn keys<'a>(mentions: &'a [Mention], sections: &[&str]) -> Vec<(&'a Mention, &'a str, &'a str)> {
    let word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let split =
        |mention: &'a Mention| mention.text.split_once('.').map(|(section, key)| (mention, section, key));
    let ours = |section: &str, key: &str| sections.contains(&section) && word(key) && key != "rs";
    mentions.iter().filter_map(split).filter(|(_, section, key)| ours(section, key)).collect()
}

/// The code in the cells of each row of the tables below a heading: `rows(text, "Exact texts")[row][cell]`.
pub fn rows(file: &Source, heading: &str) -> Vec<Vec<Vec<String>>> {
    let below = file.text.lines().skip_while(|line| line.trim_start_matches('#').trim() != heading);
    let section = below.skip(1).take_while(|line| !line.starts_with('#'));
    let cells = |line: &str| -> Vec<Vec<String>> {
        let code = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        line.trim().trim_matches('|').split('|').map(code).collect()
    };
    section.filter(|line| line.starts_with('|')).map(cells).collect()
}

/// Links with an anchor whose heading is not in the file they lead to.
pub fn broken_anchors(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in sources.iter().filter(|source| source.is(".md")) {
        for (at, _) in file.text.match_indices("](") {
            let target = file.text[at + 2..].split([')', ' ']).next().unwrap_or_default();
            let Some((path, anchor)) = target.split_once('#').filter(|_| !target.contains("://")) else {
                continue;
            };
            let link = Source::new(&file.path, &format!("]({path})"));
            let path = crate::docs::links(&link).pop().unwrap_or_else(|| file.path.clone());
            let led_to = sources.iter().find(|source| source.path == path);
            if !led_to.is_some_and(|source| headings(source).any(|heading| heading == anchor)) {
                wrong.push(format!("{}: {path} has no heading #{anchor}", file.path));
            }
        }
    }
    wrong
}

/// Headings as anchors: lower case, hyphens for blanks, no punctuation.
fn headings(file: &Source) -> impl Iterator<Item = String> + '_ {
    let lines = file.text.lines().filter(|line| line.starts_with('#'));
    lines.map(|line| {
        let kept = line.trim_start_matches('#').trim().chars();
        let kept = kept.filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.collect::<String>().to_lowercase().replace(' ', "-")
    })
}

#[cfg(test)]
#[path = "named/tests.rs"]
mod tests;
