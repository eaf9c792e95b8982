use super::api::StatisticsReply;
use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value as Any};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};
use tonic::Status;

/// The deepest nesting that is taken over from a message.
const DEEPEST: usize = 16;

/// The ng request of a message: its fields without those that are empty, and `more` as it is.
pub(super) fn request(
    command: &str,
    message: &impl Serialize,
    more: Option<Struct>,
) -> Result<Vec<u8>, Status> {
    let wrong = |why: serde_json::Error| Status::internal(why.to_string());
    let Value::Object(fields) = serde_json::to_value(message).map_err(wrong)? else {
        return Err(Status::internal("a message is an object"));
    };
    let mut body = Map::new();
    body.insert("command".to_owned(), command.into());
    for (key, value) in fields {
        let value = without_empty(value);
        if !is_empty(&value) {
            body.insert(key, value);
        }
    }
    for (key, value) in more.into_iter().flat_map(|more| more.fields) {
        // What a message is about is said by its fields.
        if key != "command" {
            body.insert(key, plain(value, DEEPEST)?);
        }
    }
    serde_json::to_vec(&body).map_err(wrong)
}

/// The message of an ng reply, and the reply.
pub(super) fn reply<R: DeserializeOwned>(bytes: &[u8]) -> Result<(R, Value), Status> {
    let wrong = |why: serde_json::Error| Status::internal(format!("the reply makes no sense: {why}"));
    let said: Value = serde_json::from_slice(bytes).map_err(wrong)?;
    refused(&said)?;
    let message = serde_json::from_value(kebab(said.clone())).map_err(wrong)?;
    Ok((message, said))
}

/// The message of a reply to `statistics`: typed as far as it is, and all of it beside.
pub(super) fn statistics(said: Value) -> Result<StatisticsReply, Status> {
    let inner = said.get("statistics").cloned().unwrap_or_default();
    let typed: StatisticsReply = serde_json::from_value(kebab(inner.clone()))
        .map_err(|why| Status::internal(format!("the reply makes no sense: {why}")))?;
    Ok(StatisticsReply { all: anything(inner), ..typed })
}

/// What is no `ok` and no `pong` is a status.
fn refused(said: &Value) -> Result<(), Status> {
    let text = |key: &str| said.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    match text("result").as_str() {
        "ok" | "pong" => Ok(()),
        "load limit" => Err(Status::resource_exhausted(match text("message") {
            message if message.is_empty() => "load limit".to_owned(),
            message => message,
        })),
        _ => match text("error-reason") {
            reason if reason == "Unknown call-id" => Err(Status::not_found(reason)),
            reason if reason.ends_with("is not available in this build") => {
                Err(Status::unimplemented(reason))
            }
            reason => Err(Status::failed_precondition(reason)),
        },
    }
}

/// A reply's JSON as a message that holds anything.
fn anything(value: Value) -> Option<Struct> {
    match any(value).kind {
        Some(Kind::StructValue(all)) => Some(all),
        _ => None,
    }
}

fn any(value: Value) -> Any {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(yes) => Kind::BoolValue(yes),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        Value::String(text) => Kind::StringValue(text),
        Value::Array(values) => Kind::ListValue(ListValue { values: values.into_iter().map(any).collect() }),
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, value)| (key, any(value))).collect();
            Kind::StructValue(Struct { fields })
        }
    };
    Any { kind: Some(kind) }
}

fn plain(value: Any, left: usize) -> Result<Value, Status> {
    let Some(left) = left.checked_sub(1) else {
        return Err(Status::invalid_argument("`more` is nested too deeply"));
    };
    Ok(match value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(yes)) => yes.into(),
        Some(Kind::NumberValue(number)) => number_of(number)?,
        Some(Kind::StringValue(text)) => text.into(),
        Some(Kind::ListValue(list)) => {
            list.values.into_iter().map(|value| plain(value, left)).collect::<Result<Vec<_>, _>>()?.into()
        }
        Some(Kind::StructValue(all)) => {
            let fields = all.fields.into_iter().map(|(key, value)| Ok((key, plain(value, left)?)));
            Value::Object(fields.collect::<Result<_, Status>>()?)
        }
    })
}

/// ng knows whole numbers only.
fn number_of(number: f64) -> Result<Value, Status> {
    let whole = number as i64;
    if whole as f64 == number {
        Ok(Value::Number(Number::from(whole)))
    } else {
        Err(Status::invalid_argument(format!("{number} in `more` is no whole number")))
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn without_empty(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().map(|(key, value)| (key, without_empty(value)));
            Value::Object(kept.filter(|(_, value)| !is_empty(value)).collect())
        }
        other => other,
    }
}

/// Keys in small letters with dashes, as fields are named; those of `tags` and `SSRC` are names and stay.
fn kebab(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(key, value)| match (key.as_str(), value) {
                    ("tags" | "SSRC", Value::Object(named)) => {
                        let named = named.into_iter().map(|(name, value)| (name, kebab(value)));
                        (key.to_ascii_lowercase(), Value::Object(named.collect()))
                    }
                    (_, value) => (key.to_ascii_lowercase().replace([' ', '_'], "-"), kebab(value)),
                })
                .collect(),
        ),
        Value::Array(values) => Value::Array(values.into_iter().map(kebab).collect()),
        other => other,
    }
}
