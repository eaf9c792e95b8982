use super::calendar::Civil;
use std::fmt::Write;

/// Bytes of a part of a path that are used at most; a file system takes 255, and something comes before and behind.
const LONGEST: usize = 230;
/// Of these, what one fact of a call may take.
const FACT: usize = 180;

/// What a pattern can put into a name.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts<'a> {
    /// The call.
    pub(super) call_id: &'a [u8],
    /// Tag of who called.
    pub(super) tag: &'a [u8],
    /// Label of who called.
    pub(super) label: &'a [u8],
    /// Free text of the call, `KEY:VALUE|KEY:VALUE`.
    pub(super) metadata: &'a [u8],
    /// Sixteen hexadecimal digits that no other recording has.
    pub(super) random: &'a str,
    /// When the recording began, in microseconds since 1970.
    pub(super) wall_us: u64,
}

/// What is wrong with a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It has a sequence that there is not.
    #[error("`%{0}` stands for nothing; there are %c %r %t %l %u %N %Y %m %d %H %M %S %{{KEY}} and %%")]
    Unknown(char),
    /// It ends within a sequence.
    #[error("it ends within a sequence; write %% for a percent sign")]
    CutOff,
    /// Two recordings would have the same name.
    #[error("without %r, two recordings could have the same name")]
    NotUnique,
    /// It names no file.
    #[error("it names no file")]
    NoName,
}

/// Checks a pattern.
///
/// # Errors
/// [`PatternError`].
pub fn check(pattern: &str) -> Result<(), PatternError> {
    let facts = Facts { call_id: b"c", random: "r", ..Facts::default() };
    expand(pattern, &facts)?;
    if !sequences(pattern).any(|one| one == "r") {
        return Err(PatternError::NotUnique);
    }
    Ok(())
}

/// The path of a recording below the folder for recordings, without its extension. What comes from a call is written so
/// that it stays one part of the path.
///
/// # Errors
/// [`PatternError`], never one of a pattern that was checked.
pub(super) fn expand(pattern: &str, facts: &Facts<'_>) -> Result<String, PatternError> {
    let mut out = String::new();
    let mut rest = pattern.chars();
    let at = Civil::of(facts.wall_us);
    while let Some(next) = rest.next() {
        if next != '%' {
            out.push(next);
            continue;
        }
        // Writing to a String cannot fail.
        let _ = match rest.next().ok_or(PatternError::CutOff)? {
            '%' => write!(out, "%25"),
            'c' => write!(out, "{}", escaped(facts.call_id)),
            'r' => write!(out, "{}", facts.random),
            't' => write!(out, "{}", escaped(facts.tag)),
            'l' => write!(out, "{}", escaped(facts.label)),
            'u' => write!(out, "{}", facts.wall_us / 1_000_000),
            'N' => write!(out, "{:06}", facts.wall_us % 1_000_000),
            'Y' => write!(out, "{:04}", at.year),
            'm' => write!(out, "{:02}", at.month),
            'd' => write!(out, "{:02}", at.day),
            'H' => write!(out, "{:02}", at.hour),
            'M' => write!(out, "{:02}", at.minute),
            'S' => write!(out, "{:02}", at.second),
            '{' => {
                let key: String = rest.by_ref().take_while(|c| *c != '}').collect();
                write!(out, "{}", escaped(value(facts.metadata, key.as_bytes())))
            }
            other => return Err(PatternError::Unknown(other)),
        };
    }
    let parts: Vec<String> = out.split('/').filter(|part| !part.is_empty()).map(part).collect();
    if parts.is_empty() { Err(PatternError::NoName) } else { Ok(parts.join("/")) }
}

/// Text of a call as a part of a file name: what is no letter, digit, `-`, `_`, `.` or `~` becomes `%XX`.
pub(super) fn escaped(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text {
        if out.len() + 3 > FACT {
            break;
        }
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(*byte))
            }
            _ => {
                // Writing to a String cannot fail.
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// A part of a path that is neither hidden nor leads elsewhere.
fn part(text: &str) -> String {
    let text = text.replace('\0', "");
    let cut = (0..=text.len().min(LONGEST)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    match text[..cut].strip_prefix('.') {
        Some(rest) => format!("%2E{rest}"),
        None => text[..cut].to_owned(),
    }
}

/// The value of a key in `KEY:VALUE|KEY:VALUE`; empty if there is none.
fn value<'a>(metadata: &'a [u8], key: &[u8]) -> &'a [u8] {
    let mut pairs = metadata.split(|byte| *byte == b'|');
    let of = |pair: &'a [u8]| pair.strip_prefix(key)?.strip_prefix(b":");
    pairs.find_map(of).unwrap_or_default()
}

/// The sequences of a pattern.
fn sequences(pattern: &str) -> impl Iterator<Item = &str> {
    let mut rest = pattern;
    std::iter::from_fn(move || {
        let at = rest.find('%')?;
        let one = rest.get(at + 1..)?;
        let length = one.chars().next().map_or(0, char::len_utf8);
        rest = &one[length..];
        Some(&one[..length])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts<'static> {
        Facts {
            call_id: b"odd call/1@x:y",
            tag: b"../a",
            label: b"",
            metadata: b"who:al/ice|why:test",
            random: "0123456789abcdef",
            wall_us: 1_795_294_568_048_727,
        }
    }

    #[test]
    fn names_are_those_of_rtpengine_by_default() {
        let name = expand("%c-%r", &facts()).unwrap();
        assert_eq!(name, "odd%20call%2F1%40x%3Ay-0123456789abcdef");
    }

    #[test]
    fn every_sequence_stands_for_something() {
        let name = expand("%Y/%m-%d/%H%M%S.%N %u %t [%l] %{who} %{none} 100%%", &facts()).unwrap();
        assert_eq!(name, "2026/11-21/205608.048727 1795294568 ..%2Fa [] al%2Fice  100%25");
    }

    #[test]
    fn no_call_gets_out_of_the_folder() {
        for hostile in [&b".."[..], b"../../etc/passwd", b"/etc", b".", b"a\0b", b"\xff\xfe"] {
            let name = expand("%t/%c", &Facts { call_id: hostile, tag: hostile, ..facts() }).unwrap();
            assert!(!name.starts_with('/') && !name.contains('\0'), "{name}");
            assert!(name.split('/').all(|part| !part.is_empty() && !part.starts_with('.')), "{name}");
        }
        let long = expand("%c-%r", &Facts { call_id: &[b' '; 4000], ..facts() }).unwrap();
        assert!(long.len() <= 200, "{}", long.len());
    }

    #[test]
    fn wrong_patterns_are_refused() {
        assert_eq!(check("%c-%r"), Ok(()));
        assert_eq!(check("%{k}/%r"), Ok(()));
        assert_eq!(check("%c-%Q"), Err(PatternError::Unknown('Q')));
        assert_eq!(check("%c-%"), Err(PatternError::CutOff));
        assert_eq!(check("%c"), Err(PatternError::NotUnique));
        assert_eq!(check("%%r"), Err(PatternError::NotUnique));
        assert_eq!(check("/"), Err(PatternError::NoName));
    }
}
