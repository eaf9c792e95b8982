//! JSON into the common tree.

use ng::{Dict, Malformed, Value, json};
use proptest::prelude::*;

fn parse(text: &str) -> Result<Value<'_>, Malformed> {
    json::parse(text.as_bytes())
}

#[test]
fn every_json_value_has_a_place_in_the_tree() {
    let tree =
        parse(r#"{"s":"x\ny","i":-5,"t":true,"f":false,"r":1.5,"n":null,"l":["a",null,2],"d":{}}"#).unwrap();
    let expected = Dict::new()
        .with("s", "x\ny")
        .with("i", -5)
        .with("t", 1)
        .with("f", 0)
        .with("r", "1.5")
        .with("l", Value::List(vec!["a".into(), 2.into()]))
        .with("d", Dict::new());
    assert_eq!(tree, Value::Dict(expected));
}

#[test]
fn numbers_beyond_i64_stay_as_text() {
    assert_eq!(
        parse(r#"{"n":18446744073709551615}"#).unwrap().as_dict().unwrap().text("n"),
        Some("18446744073709551615")
    );
}

#[test]
fn plain_strings_are_borrowed() {
    let Ok(Value::Dict(dict)) = parse(r#"{"plain":"text","esc":"a\u0062"}"#) else { panic!("no dictionary") };
    let borrowed = |key| matches!(dict.get(key), Some(Value::Bytes(std::borrow::Cow::Borrowed(_))));
    assert!(borrowed("plain"));
    assert!(!borrowed("esc"));
}

#[test]
fn trash_and_depth_are_refused() {
    for bad in ["", "{", r#"{"a":1}x"#, r#"{"a":1,}"#, "null", "\u{feff}{}"] {
        assert!(parse(bad).is_err(), "{bad}");
    }
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(3000), "]".repeat(3000));
    assert!(parse(&deep).is_err());
}

#[test]
fn bytes_that_are_no_text_are_replaced_in_json() {
    let mut out = Vec::new();
    json::write_dict(&Dict::new().with("x", vec![b'a', 0xff]), &mut out);
    assert_eq!(out, "{\"x\":\"a\u{fffd}\"}".as_bytes());
}

#[test]
fn braces_inside_strings_do_not_end_a_message() {
    let text = br#"{"a":"}\"}","b":[{}]} {"#;
    assert_eq!(json::Scanner::default().scan(text), Ok(Some(text.len() - 2)));
    let mut scanner = json::Scanner::default();
    for cut in 0..text.len() - 2 {
        assert_eq!(scanner.scan(&text[..cut]), Ok(None));
    }
    assert!(json::Scanner::default().scan(b" {}").is_err());
}

proptest! {
    #[test]
    fn any_text_is_survived(text in "\\PC{0,200}") {
        ng::fuzz::json_request(text.as_bytes());
    }

    #[test]
    fn any_strings_round_trip(key in "\\PC{0,20}", value in any::<String>()) {
        let mut out = Vec::new();
        json::write_dict(&Dict::new().with(key.clone(), value.clone()), &mut out);
        let back = json::parse(&out).unwrap();
        prop_assert_eq!(back.as_dict().unwrap().text(&key), Some(value.as_str()));
        prop_assert_eq!(json::Scanner::default().scan(&out), Ok(Some(out.len())));
    }
}
