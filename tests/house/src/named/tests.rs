use super::*;

const SAMPLE: &str = "\
# The per-packet law, twice
See `tests/run` and `tests/*/Cargo.toml`, not `tests/gone`; `a/b c` and `x` are no files.
Held by `nobody_calls_the_allocator`. A span `over two
lines` ends. `--port-min=1 --port-max` and `timeouts.media`, `timeouts.rs`.
```sh
# nothing
make demo   # shows
out/rtpengine check FILE
```
## Texts
| text | when |
|---|---|
| `No \"x\"` | `offer` `answer` |
";

fn sample() -> Vec<Mention> {
    mentions(&Source::new("a.md", SAMPLE))
}

#[test]
fn spans_and_shell_lines_are_mentions() {
    let found = sample();
    let has = |text: &str, at: &str| found.iter().any(|m| m.text == text && m.at == at);
    assert!(has("tests/run", "a.md:2"), "{found:?}");
    assert!(has("over two lines", "a.md:3"), "{found:?}");
    assert!(has("make demo", "a.md:7"), "{found:?}");
    assert!(!found.iter().any(|m| m.text.contains("nothing") || m.text.contains("shows")), "{found:?}");
}

#[test]
fn missing_files_are_noticed() {
    let paths = ["tests/run".to_owned(), "tests/lab/Cargo.toml".to_owned()];
    assert_eq!(missing_files(&sample(), &paths), ["a.md:2: there is no tests/gone"]);
    assert_eq!(missing_files(&sample(), &paths[..1]).len(), 2, "the pattern fits nothing");
}

#[test]
fn missing_tests_are_noticed() {
    let there = Source::new("a.rs", "fn nobody_calls_the_allocator() {}");
    assert_eq!(missing_tests(&sample(), &[there]), [""; 0]);
    assert_eq!(missing_tests(&sample(), &[]), ["a.md:3: there is no test nobody_calls_the_allocator"]);
}

#[test]
fn command_lines_options_and_keys_are_found() {
    let found = sample();
    let words = |program| commands(&found, program).into_iter().map(|(_, words)| words).collect::<Vec<_>>();
    assert_eq!(words("rtpengine"), [["check", "FILE"]]);
    assert_eq!(words("make"), [["demo"]]);
    assert_eq!(
        options(&found).into_iter().map(|(_, name)| name).collect::<Vec<_>>(),
        ["port-min", "port-max"]
    );
    let keys = keys(&found, &["timeouts"]);
    assert_eq!(
        keys.iter().map(|(_, section, key)| (*section, *key)).collect::<Vec<_>>(),
        [("timeouts", "media")]
    );
}

#[test]
fn tables_are_read_by_heading() {
    let rows = rows(&Source::new("a.md", SAMPLE), "Texts");
    assert_eq!(rows[2], [vec!["No \"x\"".to_owned()], vec!["offer".to_owned(), "answer".to_owned()]]);
    assert!(super::rows(&Source::new("a.md", SAMPLE), "Text").is_empty());
}

#[test]
fn anchors_to_nowhere_are_noticed() {
    let page = Source::new("docs/b.md", SAMPLE);
    let good = "[x](b.md#the-per-packet-law-twice) [y](#own) [z](https://example.org/#a)\n# Own\n";
    assert_eq!(broken_anchors(&[page.clone(), Source::new("docs/a.md", good)]), [""; 0]);
    let bad = broken_anchors(&[page, Source::new("docs/a.md", "[x](b.md#law)")]);
    assert_eq!(bad, ["docs/a.md: docs/b.md has no heading #law"]);
}
