//! Whole replies with made-up values named.

use super::{Names, Role};
use lab::Value;
use std::net::IpAddr;

/// Keys whose values are times or counts of time, in any unit.
const TIMES: &[&str] = &[
    "created",
    "created_us",
    "created_ts",
    "last signal",
    "last redis update",
    "last packet",
    "last user packet",
    "last kernel packet",
    "last RTP packet",
    "uptime",
    "reported at",
];
/// Keys whose numbers may be large without being times.
const NO_TIMES: &[&str] = &["last RTP timestamp", "last RTP seq", "bytes", "packets"];
/// Keys whose values are ports.
const PORTS: &[&str] = &["port", "local port"];
/// Keys whose values are tags.
const TAGS: &[&str] = &["tag", "to-tag", "from-tag", "label"];
/// Numbers above this are moments since 1970, in seconds or smaller.
const SURELY_A_MOMENT: i64 = 1_500_000_000;

/// What a port stands next to.
#[derive(Debug, Clone, Copy)]
struct Place {
    role: Role,
    address: Option<IpAddr>,
}

impl Names {
    /// A reply with everything random replaced.
    pub fn reply(&mut self, reply: &Value) -> Value {
        self.walk(reply, "", Place { role: Role::Rtp, address: None })
    }

    /// `key` is the nearest key above, list positions aside.
    fn walk(&mut self, value: &Value, key: &str, place: Place) -> Value {
        match value {
            Value::Dict(entries) => {
                let address = value.text("local address").or_else(|| value.text("address"));
                let place = Place { address: address.and_then(|address| address.parse().ok()), ..place };
                let entries = entries.iter().map(|(name, value)| {
                    let name = String::from_utf8_lossy(name);
                    let below = self.walk(value, &name, place);
                    (self.key(&name, key).into_bytes(), below)
                });
                Value::Dict(entries.collect())
            }
            Value::List(items) => {
                let place_of = |index| match key == "streams" && index == 1 {
                    true => Place { role: Role::Rtcp, ..place },
                    false => place,
                };
                let items = items.iter().enumerate();
                Value::List(items.map(|(index, item)| self.walk(item, key, place_of(index))).collect())
            }
            Value::Int(number) => self.number(*number, key, place),
            Value::Bytes(bytes) => Value::from(self.text(&String::from_utf8_lossy(bytes), key)),
        }
    }

    /// A key below `above`: tags and SSRCs are keys, too.
    fn key(&mut self, name: &str, above: &str) -> String {
        match above {
            "SSRC" => name.parse().map_or_else(|_| name.to_owned(), |ssrc| self.ssrc(ssrc)),
            "tags" => self.tag(name),
            _ => self.plain(name),
        }
    }

    fn number(&mut self, number: i64, key: &str, place: Place) -> Value {
        if TIMES.contains(&key) {
            return if number == 0 { Value::Int(0) } else { Value::from("TIME") };
        }
        if PORTS.contains(&key)
            && let Ok(port) = u16::try_from(number)
        {
            let name = self.port(place.address, port, place.role);
            return name.parse().map_or_else(|_| Value::from(name.as_str()), Value::Int);
        }
        if key == "SSRC"
            && let Ok(ssrc) = u32::try_from(number)
        {
            let name = self.ssrc(ssrc);
            return name.parse().map_or_else(|_| Value::from(name.as_str()), Value::Int);
        }
        match number > SURELY_A_MOMENT && !NO_TIMES.contains(&key) {
            true => Value::from("TIME"),
            false => Value::Int(number),
        }
    }

    fn text(&mut self, text: &str, key: &str) -> String {
        if TAGS.contains(&key) {
            return self.tag(text);
        }
        if text.starts_with("v=0") || text.contains("\nm=") {
            return self.sdp(text);
        }
        self.plain(text)
    }

    /// Tags of the script stay, as does `<untagged 1>`.
    fn tag(&mut self, tag: &str) -> String {
        let tag = self.plain(tag);
        if tag.is_empty() || tag.starts_with('<') { tag } else { self.made_up("TAG", &tag) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_times_tags_and_ssrcs_are_named() {
        let json = r#"{"created":1700000000,"last redis update":0,"SSRC":{"17":{"bytes":1600000000},"18":{}},
            "tags":{"a":{"tag":"a","medias":[{"streams":[
                {"local port":31000,"SSRC":17,"endpoint":{"port":4000}},{"local port":31001}]}]},
            "made":{"tag":"made"},"<untagged 1>":{"tag":""}}}"#;
        let given = Value::from_json(&serde_json_value(json));
        let mut names = Names::new("tag = \"a\" ssrc = 17", "call-1");
        let named = names.reply(&given);
        let wanted = r#"{"created":"TIME","last redis update":0,"SSRC":{"17":{"bytes":1600000000},"SSRC1":{}},
            "tags":{"a":{"tag":"a","medias":[{"streams":[
                {"local port":"port1","SSRC":17,"endpoint":{"port":4000}},{"local port":"port1+1"}]}]},
            "TAG1":{"tag":"TAG1"},"<untagged 1>":{"tag":""}}}"#;
        assert_eq!(named, Value::from_json(&serde_json_value(wanted)));
    }

    fn serde_json_value(text: &str) -> serde_json::Value {
        serde_json::from_str(text).unwrap()
    }
}
