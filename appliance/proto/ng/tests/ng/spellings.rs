//! Keys, words and values in the spellings a running rtpengine 26.0 was seen to know, and in no others.
//!
//! It logs a warning for what it does not know, so it could be asked about every case and separator. The files in
//! `seen/` hold one name a line and after it, behind tabs, its known spellings (none: the name is unknown). Spellings
//! are asked the same way of us. What is newer than that daemon is not in the files.

use std::collections::BTreeSet;

use ng::request::Unknown;
use ng::{Dict, Request, Value};

const KEYS: &str = include_str!("seen/keys");
const WORDS: &str = include_str!("seen/words");
const VALUES: &str = include_str!("seen/values");

/// Ways a client might write a name.
fn spellings(name: &str) -> BTreeSet<String> {
    let mut first = name.to_lowercase();
    first[..1].make_ascii_uppercase();
    let cases = [name.to_owned(), name.to_lowercase(), name.to_uppercase(), first];
    let last_blank = |name: &str| name.rfind('-').map(|at| format!("{} {}", &name[..at], &name[at + 1..]));
    cases
        .iter()
        .flat_map(|name| {
            let all = ["-", " ", "_", ""].map(|separator| name.replace('-', separator));
            all.into_iter().chain(last_blank(name)).chain([name.replace('.', "")])
        })
        .collect()
}

/// Asks `is_known` about all spellings of the names in a file, each with the columns before its spellings.
fn compare(file: &str, columns: usize, is_known: impl Fn(&[&str], &str) -> bool) {
    let mut wrong = Vec::new();
    for line in file.lines() {
        let fields: Vec<_> = line.split('\t').collect();
        let (columns, known) = fields.split_at(columns);
        for spelling in spellings(columns.last().unwrap()) {
            if is_known(columns, &spelling) != known.contains(&spelling.as_str()) {
                wrong.push(format!("{columns:?} as {spelling:?}, seen {known:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn keys_are_known_in_the_spellings_that_were_seen() {
    compare(KEYS, 1, |_, key| {
        let dict = Dict::new().with("command", "offer").with(key.to_owned(), "x");
        let request = Request::parse(&dict).unwrap();
        !request.unknown.iter().any(|unknown| matches!(unknown, Unknown::Key(..)))
    });
}

#[test]
fn words_are_known_in_the_spellings_that_were_seen() {
    compare(WORDS, 1, |_, word| {
        let dict = Dict::new().with("command", "offer").with("flags", vec![Value::from(word)]);
        let request = Request::parse(&dict).unwrap();
        !request.unknown.iter().any(|unknown| matches!(unknown, Unknown::Flag(..)))
    });
}

#[test]
fn values_are_known_in_the_spellings_that_were_seen() {
    compare(VALUES, 2, |columns, value| {
        let dict = Dict::new().with("command", "offer").with(columns[0], value);
        Request::parse(&dict).unwrap().unknown.is_empty()
    });
}

/// Newer than the daemon that was asked, or written by clients although it means nothing any more.
#[test]
fn what_is_documented_besides_is_known_as_documented() {
    for word in ["symmetric", "mix", "unsubscribe", "pause", "explain"] {
        let dict = Dict::new().with("command", "offer").with("flags", vec![Value::from(word)]);
        assert!(Request::parse(&dict).unwrap().unknown.is_empty(), "{word}");
    }
    for (key, value) in [
        ("blob64", "eA=="),
        ("source-tag", "x"),
        ("source-call-id", "x"),
        ("to-call-id", "x"),
        ("codecs", "x"),
        ("calls", "x"),
        ("tags", "x"),
        ("ICE", "trickle"),
        ("ICE", "lite-both"),
        ("ICE", "ice2"),
        ("transport protocol", "accept"),
    ] {
        let dict = Dict::new().with("command", "offer").with(key, value);
        assert!(Request::parse(&dict).unwrap().unknown.is_empty(), "{key}={value}");
    }
}

#[test]
fn names_beyond_the_tables_stay_unknown() {
    for word in ["no-such", "codec-", "codec-strip", "rtcp-mux-perhaps", "t38", "", "x".repeat(1000).as_str()]
    {
        let flags: Value<'_> = [word].into_iter().collect();
        let dict = Dict::new().with("command", "offer").with("flags", flags);
        let unknown = Request::parse(&dict).unwrap().unknown.len();
        assert_eq!(unknown, usize::from(!word.is_empty()), "{word}");
    }
}
