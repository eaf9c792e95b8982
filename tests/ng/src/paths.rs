//! Parts of a reply named by paths, and kinds of values in place of values.

use crate::script::{Options, Shape};
use lab::Value;

/// What of a reply is compared, as the step's options want it: `_drop` and `_only` take away, before names are given.
pub fn choose(reply: &Value, options: &Options) -> Value {
    let mut chosen = reply.clone();
    for path in &options.drop {
        at(&mut chosen, path, &mut |entries, key| {
            entries.retain(|(name, _)| key != "*" && name != key.as_bytes())
        });
    }
    if let (Some(only), Value::Dict(entries)) = (&options.only, &mut chosen) {
        entries.retain(|(name, _)| only.iter().any(|key| key.as_bytes() == name));
    }
    chosen
}

/// Values replaced by their kinds where `_shape` says so, after names are given.
pub fn reshape(reply: &Value, options: &Options) -> Value {
    match &options.shape {
        Shape::Nowhere => reply.clone(),
        Shape::Whole => shape(reply),
        Shape::At(paths) => {
            let mut reply = reply.clone();
            for path in paths {
                at(&mut reply, path, &mut |entries, key| {
                    for (_, value) in
                        entries.iter_mut().filter(|(name, _)| key == "*" || name == key.as_bytes())
                    {
                        *value = shape(value);
                    }
                });
            }
            reply
        }
    }
}

/// Calls `act` with every dictionary the path leads to and the path's last key. `*` is any key or list position.
fn at(value: &mut Value, path: &str, act: &mut impl FnMut(&mut Vec<(Vec<u8>, Value)>, &str)) {
    let (first, rest) = match path.split_once('/') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    match (value, rest) {
        (Value::Dict(entries), None) => act(entries, first),
        (Value::Dict(entries), Some(rest)) => {
            for (_, value) in entries.iter_mut().filter(|(name, _)| first == "*" || name == first.as_bytes())
            {
                at(value, rest, act);
            }
        }
        // A list in the way of a path that does not name its positions is passed through.
        (Value::List(items), rest) => {
            let below = if first == "*" { rest.unwrap_or("*") } else { path };
            items.iter_mut().for_each(|item| at(item, below, act));
        }
        _ => {}
    }
}

/// Keys and kinds: what a reply looks like, whatever its values are.
pub fn shape(value: &Value) -> Value {
    match value {
        Value::Dict(entries) => {
            Value::Dict(entries.iter().map(|(key, value)| (key.clone(), shape(value))).collect())
        }
        Value::List(items) => {
            let mut kinds: Vec<Value> = Vec::new();
            for kind in items.iter().map(shape) {
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
            Value::List(kinds)
        }
        Value::Int(_) => "<integer>".into(),
        Value::Bytes(_) => kind_of_text(value.as_str().unwrap_or_default()).into(),
    }
}

/// Names stand for numbers; numbers written as text are another kind than numbers.
fn kind_of_text(text: &str) -> &'static str {
    let named = text.starts_with("port") && text[4..].starts_with(|c: char| c.is_ascii_digit());
    if text == "TIME" || named {
        "<integer>"
    } else if text.parse::<f64>().is_ok() {
        "<number as text>"
    } else {
        "<text>"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lab::Value;

    fn value(text: &str) -> Value {
        Value::from_json(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn paths_drop_and_keep() {
        let reply = value(r#"{"a":{"x":1,"y":2},"l":[{"x":1,"y":2},{"x":3}],"z":0}"#);
        let drop = |paths: &[&str]| {
            choose(
                &reply,
                &Options { drop: paths.iter().map(|p| p.to_string()).collect(), ..Options::default() },
            )
        };
        assert_eq!(drop(&["a/x", "l/*/x"]), value(r#"{"a":{"y":2},"l":[{"y":2},{}],"z":0}"#));
        assert_eq!(drop(&["*/x"]), value(r#"{"a":{"y":2},"l":[{"y":2},{}],"z":0}"#));
        assert_eq!(drop(&["a", "nothing/here"]), value(r#"{"l":[{"x":1,"y":2},{"x":3}],"z":0}"#));
        let only = Options { only: Some(vec!["z".into(), "q".into()]), ..Options::default() };
        assert_eq!(choose(&reply, &only), value(r#"{"z":0}"#));
    }

    #[test]
    fn kinds_replace_values() {
        let reply = value(r#"{"n":1,"t":"x","d":"1.5","l":[1,2,"x"],"p":"TIME"}"#);
        let whole = Options { shape: Shape::Whole, ..Options::default() };
        let wanted = r#"{"n":"<integer>","t":"<text>","d":"<number as text>","l":["<integer>","<text>"],"p":"<integer>"}"#;
        assert_eq!(reshape(&reply, &whole), value(wanted));
        let at = Options { shape: Shape::At(vec!["l".into()]), ..Options::default() };
        assert_eq!(reshape(&reply, &at).get("l").unwrap().items().len(), 2);
        assert_eq!(reshape(&reply, &at).int("n"), Some(1));
    }
}
