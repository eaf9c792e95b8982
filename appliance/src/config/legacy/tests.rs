//! Key files, from their lines to interfaces.

use proptest::prelude::*;

use super::{InterfaceSpec, KeyFile, interface_spec, list, text};

fn parsed(file: &str) -> KeyFile {
    KeyFile::parse(file.as_bytes()).unwrap()
}

fn value(file: &KeyFile, group: &str, key: &str) -> Option<String> {
    file.group(group)?.entry(key).map(|entry| entry.value.clone())
}

#[test]
fn lines_are_groups_entries_comments_or_nothing() {
    let file = parsed(
        "\u{feff}# comment\r\n\r\n  # also\r\n[a]\r\nkey = some value \r\nother=x=y # no comment\r\n[b]\r\nkey=\r\n",
    );
    assert_eq!(value(&file, "a", "key").as_deref(), Some("some value"));
    assert_eq!(value(&file, "a", "other").as_deref(), Some("x=y # no comment"));
    assert_eq!(value(&file, "b", "key").as_deref(), Some(""));
    assert_eq!(file.group("b").unwrap().line, 7);
    assert_eq!(file.group("a").unwrap().entry("other").unwrap().line, 6);
    assert!(file.group("c").is_none());
}

#[test]
fn the_last_entry_of_a_name_counts_and_groups_of_a_name_are_one() {
    let file = parsed("[a]\nx=1\nx=2\n[b]\nx=3\n[a]\ny=4\nx=5\n");
    assert_eq!(value(&file, "a", "x").as_deref(), Some("5"));
    assert_eq!(value(&file, "a", "y").as_deref(), Some("4"));
    assert_eq!(file.groups.len(), 2);
}

#[test]
fn wrong_lines_are_named_with_their_number() {
    for (file, want) in [
        ("x=1", "line 1: `x` stands before the first [SECTION]"),
        ("[a]\nfoo", "line 2: `foo` is neither KEY = VALUE, a [SECTION] nor a # comment"),
        ("[a]\n=1", "line 2: there is no key before the `=`"),
        ("\n[a", "line 2: `[a` is not a section; write [NAME]"),
        ("[]", "line 1: `[]` is not a section; write [NAME]"),
    ] {
        assert_eq!(KeyFile::parse(file.as_bytes()).unwrap_err().to_string(), want);
    }
    assert_eq!(KeyFile::parse(b"[a]\nb=\xff").unwrap_err().to_string(), "line 2: the line is not UTF-8 text");
}

#[test]
fn escapes_and_lists_are_decoded() {
    assert_eq!(text(r"a\sb\tc\nd\\e").unwrap(), "a b\tc\nd\\e");
    assert_eq!(text("a;b").unwrap(), "a;b");
    assert_eq!(list("a;b;").unwrap(), ["a", "b"]);
    assert_eq!(list(r"a\;b; c").unwrap(), ["a;b", " c"]);
    assert_eq!(list("").unwrap(), Vec::<String>::new());
    assert_eq!(list("a;;b").unwrap(), ["a", "", "b"]);
    assert_eq!(text(r"\q").unwrap_err(), r"`\q` is not an escape; write `\\` for a backslash");
    assert_eq!(text("\\").unwrap_err(), r"the value ends within an escape; write `\\` for a backslash");
    assert!(text(r"\;").is_err());
}

#[test]
fn interfaces_have_a_short_form() {
    let address = |name: &str, address: &str, advertise: Option<&str>| InterfaceSpec::Address {
        name: name.to_owned(),
        address: address.to_owned(),
        advertise: advertise.map(str::to_owned),
    };
    for (text, want) in [
        ("192.0.2.1", address("default", "192.0.2.1", None)),
        ("any", address("default", "any", None)),
        (" int/eth0 ", address("int", "eth0", None)),
        ("ext/192.0.2.1!198.51.100.1", address("ext", "192.0.2.1", Some("198.51.100.1"))),
        ("2001:db8::1!2001:db8::2", address("default", "2001:db8::1", Some("2001:db8::2"))),
        ("v6/[2001:db8::1]", address("v6", "2001:db8::1", None)),
        ("rr:1/192.0.2.1", address("rr:1", "192.0.2.1", None)),
        ("a=b", InterfaceSpec::Alias { alias: "a".to_owned(), name: "b".to_owned() }),
    ] {
        assert_eq!(interface_spec(text), Ok(want), "{text}");
    }
    for text in ["", "/192.0.2.1", "a/", "a/192.0.2.1!", "=b", "a="] {
        assert!(interface_spec(text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn what_is_escaped_comes_back(parts in proptest::collection::vec("[ -~äß\n\t]{1,20}", 1..6)) {
        let escaped: Vec<String> = parts.iter().map(|part| {
            part.replace('\\', "\\\\").replace(' ', "\\s").replace('\n', "\\n").replace('\t', "\\t").replace(';', "\\;")
        }).collect();
        let file = format!("[group]\nkey = {}\n", escaped.join(";"));
        let file = KeyFile::parse(file.as_bytes()).unwrap();
        let entry = file.group("group").unwrap().entry("key").unwrap().clone();
        prop_assert_eq!(list(&entry.value).unwrap(), parts);
        prop_assert_eq!(entry.line, 2);
    }

    #[test]
    fn any_pairs_come_back(pairs in proptest::collection::btree_map("[a-z-]{1,12}", "[!-~]{0,20}", 0..10)) {
        let mut file = "[group]\n".to_owned();
        for (key, value) in &pairs {
            file.push_str(&format!("# {value}\n  {key}  =  {value}  \n"));
        }
        let file = KeyFile::parse(file.as_bytes()).unwrap();
        let group = file.group("group").unwrap();
        prop_assert_eq!(group.entries.len(), pairs.len());
        for (key, value) in &pairs {
            prop_assert_eq!(&group.entry(key).unwrap().value, value);
        }
    }
}
