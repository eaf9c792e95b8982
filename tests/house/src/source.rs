//! Reading Rust without a compiler: just enough to tell code from comments, texts and tests.

/// The code of a Rust file with comments, string and character literals blanked out (line count kept).
pub fn code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let length = skip_length(rest, out.chars().last());
        if length > 0 {
            let (skipped, after) = rest.split_at(length);
            out.extend(skipped.chars().filter(|&c| c == '\n'));
            out.push(' ');
            rest = after;
        } else {
            out.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    out
}

/// How many bytes at the start of `rest` are a comment or literal.
fn skip_length(rest: &str, before: Option<char>) -> usize {
    let to_end = |found: Option<usize>, plus: usize| found.map_or(rest.len(), |at| at + plus);
    if rest.starts_with("//") {
        return to_end(rest.find('\n'), 0);
    }
    if rest.starts_with("/*") {
        return block_comment(rest);
    }
    if rest.starts_with('"') {
        return quoted(rest);
    }
    let in_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if rest.starts_with('r') && !in_word {
        let hashes = rest[1..].bytes().take_while(|&byte| byte == b'#').count();
        if rest[1 + hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let body = 2 + hashes;
            return to_end(rest[body..].find(&end).map(|at| at + body), end.len());
        }
    }
    if rest.starts_with('\'') {
        return character(rest);
    }
    0
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// A character literal; 0 for a lifetime.
fn character(rest: &str) -> usize {
    if let Some(after) = rest.strip_prefix("'\\") {
        // The escaped character itself may be a quote.
        let first = after.chars().next().map_or(0, char::len_utf8);
        return after[first..].find('\'').map_or(0, |at| 2 + first + at + 1);
    }
    let mut chars = rest.char_indices().skip(2);
    match chars.next() {
        Some((at, '\'')) => at + 1,
        _ => 0,
    }
}

/// Whether `word` stands in `code` as a whole word.
pub fn has_word(code: &str, word: &str) -> bool {
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    code.match_indices(word)
        .any(|(at, _)| !inside(code[..at].chars().last()) && !inside(code[at + word.len()..].chars().next()))
}

/// Whether `code` names the crate `name`: `name::…` not preceded by another path, or `use name`.
pub fn names_crate(code: &str, name: &str) -> bool {
    let path = format!("{name}::");
    let starts = code.match_indices(&path).any(|(at, _)| {
        let before = code[..at].chars().last();
        !before.is_some_and(|c| c.is_alphanumeric() || "_:".contains(c)) || code[..at].ends_with(" ::")
    });
    starts || code.contains(&format!("use {name};")) || code.contains(&format!("use {name} as"))
}

/// The lines of a Rust file up to its unit tests.
pub fn lines_before_tests(text: &str) -> usize {
    text.lines().take_while(|line| line.trim_end() != "#[cfg(test)]").count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_texts_are_not_code() {
        let text = "a(); // unsafe\n/* unsafe /* unsafe */ \n unsafe */ b(\"un\\\"safe unsafe\", r#\"unsafe \" unsafe\"#);\n";
        let code = code(text);
        assert!(!has_word(&code, "unsafe"), "{code}");
        assert!(code.contains("a();") && code.contains("b("));
        assert_eq!(code.lines().count(), text.lines().count());
    }

    #[test]
    fn characters_and_lifetimes() {
        for text in ["fn f<'a>(x: &'a str) { g('\"'); unsafe { h('\\'') } }", "'x'; unsafe", "b'\"'; unsafe"]
        {
            assert!(has_word(&code(text), "unsafe"), "{text}");
        }
    }

    #[test]
    fn words_are_whole() {
        assert!(has_word("unsafe{", "unsafe"));
        assert!(!has_word("forbid(unsafe_code) not_unsafe", "unsafe"));
    }

    #[test]
    fn crates_are_named_by_path_or_use() {
        for yes in ["use ng::Request;", "let x = ng::parse(b)?;", "use ng;", "use ng as n;", "(ng::X)"] {
            assert!(names_crate(yes, "ng"), "{yes}");
        }
        for no in ["use control::ng::Client;", "ring::X", "song::X", "let ng = 3;"] {
            assert!(!names_crate(no, "ng"), "{no}");
        }
    }

    #[test]
    fn tests_do_not_count() {
        assert_eq!(lines_before_tests("a\nb\n#[cfg(test)]\nmod tests {\n}\n"), 2);
    }
}
