use crate::desk::Desk;
use ng::{Dict, Value};

/// `list jsonstats`.
pub(super) fn jsonstats(desk: &mut Desk) -> String {
    let census = desk.census().flows.into_iter().map(|((path, reason), streams)| {
        let streams = i64::try_from(streams).unwrap_or(i64::MAX);
        let entry = Dict::new().with("path", path.code()).with("reason", reason.code());
        Value::Dict(entry.with("streams", Value::Int(streams)))
    });
    let census = Value::List(census.collect());
    let handshakes = desk.handshakes.tally().rows().fold(Dict::new(), |dict, (name, times)| {
        dict.with(name, Value::Int(i64::try_from(times).unwrap_or(i64::MAX)))
    });
    let statistics = crate::export::statistics(desk)
        .with("paths", census)
        .with("handshakes", Value::Dict(handshakes))
        .with("oneway", Value::Dict(desk.watch.statistics()));
    let mut out = String::with_capacity(16 * 1024);
    write(&Value::Dict(statistics), &mut out);
    out.push('\n');
    out
}

/// JSON in which decimals are numbers, which ng has none of.
fn write(value: &Value<'_>, out: &mut String) {
    match value {
        Value::Int(number) => out.push_str(&number.to_string()),
        Value::List(list) => {
            out.push('[');
            for (nth, item) in list.iter().enumerate() {
                if nth > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Dict(dict) => {
            out.push('{');
            for (nth, (key, item)) in dict.iter().enumerate() {
                if nth > 0 {
                    out.push(',');
                }
                string(&String::from_utf8_lossy(key), out);
                out.push(':');
                match item.as_text().filter(|text| key == b"uptime" || is_decimal(text)) {
                    Some(number) => out.push_str(number),
                    None => write(item, out),
                }
            }
            out.push('}');
        }
        text => match text.as_text() {
            Some(text) => string(text, out),
            None => string(&String::from_utf8_lossy(text.as_bytes().unwrap_or_default()), out),
        },
    }
}

fn string(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

/// Digits, a point, digits.
fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    unsigned.split_once('.').is_some_and(|(whole, rest)| digits(whole) && digits(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_numbers_and_the_rest_is_as_ng_has_it() {
        let list = Value::List(vec![Value::Int(-1), Value::from("a\"b")]);
        let dict = Dict::new().with("uptime", "7").with("average", "0.500000").with("address", "192.0.2.1");
        let mut out = String::new();
        write(&Value::Dict(dict.with("list", list)), &mut out);
        let want = r#"{"uptime":7,"average":0.500000,"address":"192.0.2.1","list":[-1,"a\"b"]}"#;
        assert_eq!(out, want);
        assert!(serde_json::from_str::<serde_json::Value>(&out).is_ok());
    }
}
