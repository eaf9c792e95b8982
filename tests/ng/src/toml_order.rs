//! TOML as an ng value, with the keys of every table in the order they stand in the file.
//!
//! The order of keys in a request is part of a script: clients do not sort them.

use lab::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Reads a whole file. Numbers stay numbers, truth values become `yes` and `no`, fractions and dates become text.
///
/// # Errors
/// What the TOML reader says, or a number of more than 64 bits.
pub fn read(text: &str) -> Result<Value, String> {
    let table = DeTable::parse(text).map_err(|error| error.to_string())?;
    from_table(table.get_ref())
}

fn from_table(table: &DeTable<'_>) -> Result<Value, String> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let entries =
        entries.into_iter().map(|(key, value)| Ok((key.get_ref().as_bytes().to_vec(), from_value(value)?)));
    entries.collect::<Result<_, String>>().map(Value::Dict)
}

fn from_value(value: &Spanned<DeValue<'_>>) -> Result<Value, String> {
    Ok(match value.get_ref() {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Integer(number) => {
            let digits = number.as_str();
            let value = i64::from_str_radix(digits, number.radix());
            Value::Int(value.map_err(|_| format!("{digits} is too large"))?)
        }
        DeValue::Float(number) => Value::from(number.as_str()),
        DeValue::Boolean(flag) => Value::from(if *flag { "yes" } else { "no" }),
        DeValue::Datetime(date) => Value::from(date.to_string()),
        DeValue::Array(items) => Value::List(items.iter().map(from_value).collect::<Result<_, _>>()?),
        DeValue::Table(table) => from_table(table)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_order() {
        let value = read("z = 1\na = 0x11\n[[step]]\nq = [\"x\", 2]\nb = { y = true, c = 1.5 }\n").unwrap();
        let keys = |value: &Value| -> Vec<String> {
            value.entries().iter().map(|(key, _)| String::from_utf8(key.clone()).unwrap()).collect()
        };
        assert_eq!(keys(&value), ["z", "a", "step"]);
        assert_eq!(value.int("a"), Some(17));
        let step = value.get("step/0").unwrap();
        assert_eq!(keys(step), ["q", "b"]);
        assert_eq!(keys(step.get("b").unwrap()), ["y", "c"]);
        assert_eq!(step.text("b/y"), Some("yes"));
        assert_eq!(step.text("b/c"), Some("1.5"));
    }

    #[test]
    fn broken_files_are_errors() {
        assert!(read("a = ").is_err());
        assert!(read("a = 99999999999999999999").is_err());
    }
}
