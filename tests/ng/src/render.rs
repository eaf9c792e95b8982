//! Values as lines a person can read and a diff can compare.

use lab::Value;

/// Longest dictionary or list that is written on one line, characters.
const ONE_LINE: usize = 100;
/// Longest text of a request that is shown whole in a step's title, characters.
const TITLE: usize = 60;

/// A reply: keys sorted, since their order means nothing; lists in their order.
pub(crate) fn lines(value: &Value) -> Vec<String> {
    let mut out = Vec::new();
    for (key, value) in sorted(value) {
        entry(&key, value, 1, &mut out);
    }
    if out.is_empty() {
        out.push(format!("  {}", scalar(value)));
    }
    out
}

/// A value on one line, for titles of steps. Long texts are cut.
pub(crate) fn short(value: &Value) -> String {
    match value {
        Value::Bytes(bytes) => {
            let text = String::from_utf8_lossy(bytes).replace('\r', "").replace('\n', "\\n");
            match text.char_indices().nth(TITLE) {
                Some((end, _)) => format!("{}…", &text[..end]),
                None => text,
            }
        }
        Value::Int(number) => number.to_string(),
        Value::List(items) => format!("[{}]", items.iter().map(short).collect::<Vec<_>>().join(", ")),
        Value::Dict(entries) => {
            let pairs = entries
                .iter()
                .map(|(key, value)| format!("{}={}", String::from_utf8_lossy(key), short(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(" "))
        }
    }
}

fn sorted(value: &Value) -> Vec<(String, &Value)> {
    let entries = value.entries().iter();
    let mut entries: Vec<_> =
        entries.map(|(key, value)| (String::from_utf8_lossy(key).into_owned(), value)).collect();
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    entries
}

/// One key and what is below it, at this depth.
fn entry(key: &str, value: &Value, depth: usize, out: &mut Vec<String>) {
    let pad = "  ".repeat(depth);
    if let Some(text) = one_line(value) {
        out.push(format!("{pad}{key}: {text}"));
        return;
    }
    match value {
        Value::Bytes(_) => {
            let text = value.as_str().unwrap_or_default();
            out.push(format!("{pad}{key}: {}", line_ends(text)));
            out.extend(text.lines().map(|line| format!("{pad}  {}", line.escape_debug())));
        }
        Value::Dict(_) => {
            out.push(format!("{pad}{key}:"));
            for (key, value) in sorted(value) {
                entry(&key, value, depth + 1, out);
            }
        }
        _ => {
            out.push(format!("{pad}{key}:"));
            for item in value.items() {
                let mut below = Vec::new();
                match one_line(item) {
                    Some(text) => below.push(format!("{pad}    {text}")),
                    None if item.items().is_empty() => {
                        sorted(item)
                            .into_iter()
                            .for_each(|(key, value)| entry(&key, value, depth + 2, &mut below));
                    }
                    None => entry("list", item, depth + 2, &mut below),
                }
                // The dash stands where the first line of the item is indented.
                if let Some(first) = below.first_mut() {
                    first.replace_range(pad.len()..pad.len() + 4, "  - ");
                }
                out.append(&mut below);
            }
        }
    }
}

/// The value on one line if it is short and simple enough.
fn one_line(value: &Value) -> Option<String> {
    let simple = |value: &Value| one_line(value).filter(|_| !matches!(value, Value::Dict(_)));
    let text = match value {
        Value::Bytes(_) if value.as_str().is_some_and(|text| text.contains('\n')) => return None,
        Value::Bytes(_) | Value::Int(_) => return Some(scalar(value)),
        Value::List(items) => {
            let parts = items.iter().map(simple).collect::<Option<Vec<_>>>()?;
            format!("[{}]", parts.join(", "))
        }
        Value::Dict(_) => {
            let entries = sorted(value).into_iter();
            let parts = entries.map(|(key, value)| Some(format!("{key}: {}", simple(value)?)));
            format!("{{{}}}", parts.collect::<Option<Vec<_>>>()?.join(", "))
        }
    };
    (text.chars().count() <= ONE_LINE).then_some(text)
}

/// Numbers bare, texts bare too unless they could be taken for something else: then quoted.
fn scalar(value: &Value) -> String {
    match value {
        Value::Int(number) => number.to_string(),
        Value::Bytes(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            let doubtful = text.is_empty()
                || text.parse::<f64>().is_ok()
                || text.trim() != text
                || text.starts_with(['"', '[', '{', '(']);
            let text = text.escape_debug().to_string().replace("\\'", "'").replace("\\\"", "\"");
            if doubtful { format!("\"{text}\"") } else { text }
        }
        Value::List(_) => "[]".into(),
        Value::Dict(_) => "{}".into(),
    }
}

fn line_ends(text: &str) -> &'static str {
    match (text.matches("\r\n").count(), text.matches('\n').count()) {
        (crlf, all) if crlf == all => "(CRLF)",
        (0, _) => "(LF)",
        _ => "(mixed line ends)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_readable() {
        let json = r#"{"result":"ok","n":5,"s":"5","e":"","sdp":"v=0\r\nm=x\r\n",
            "tags":{"b":{"x":[{"long":"LONG","in":{"y":1}},{"z":2}]}},"none":{},"list":["a",1]}"#
            .replace("LONG", &"l".repeat(101));
        let value = Value::from_json(&serde_json::from_str(&json).unwrap());
        let wanted = "  e: \"\"\n  list: [a, 1]\n  n: 5\n  none: {}\n  result: ok\n  s: \"5\"\n  sdp: (CRLF)\n    v=0\n    m=x\n  \
            tags:\n    b:\n      x:\n        - in: {y: 1}\n          long: LONG\n        - {z: 2}"
            .replace("LONG", &"l".repeat(101));
        assert_eq!(lines(&value).join("\n"), wanted);
    }

    #[test]
    fn titles_are_short() {
        let value = Value::list(["a\nb".to_owned(), "x".repeat(70)]);
        assert_eq!(short(&value), format!("[a\\nb, {}…]", "x".repeat(60)));
    }
}
