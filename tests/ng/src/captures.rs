//! `${…}` in scripts: what earlier replies said.

use lab::Value;
use lab::sdp::{self, Media};
use std::collections::HashMap;

/// What a script has learnt so far.
#[derive(Debug, Default)]
pub struct Captures {
    texts: HashMap<String, String>,
    replies: HashMap<String, Value>,
}

impl Captures {
    /// Nothing but the call-id that `${call}` stands for.
    pub fn new(call: &str) -> Captures {
        Captures { texts: HashMap::from([("call".to_owned(), call.to_owned())]), replies: HashMap::new() }
    }

    /// Keeps a step's reply as `${NAME.…}`.
    pub fn keep(&mut self, name: &str, reply: &Value) {
        self.replies.insert(name.to_owned(), reply.clone());
    }

    /// Replaces every `${…}` in texts, lists and dictionaries (values, not keys). What is not known is replaced by
    /// `<no …>`, so that a script goes on and the transcript shows it.
    pub fn fill(&self, value: &Value) -> Value {
        match value {
            Value::Bytes(_) => {
                value.as_str().map_or_else(|| value.clone(), |text| Value::from(self.fill_text(text)))
            }
            Value::Int(_) => value.clone(),
            Value::List(items) => Value::List(items.iter().map(|item| self.fill(item)).collect()),
            Value::Dict(entries) => {
                Value::Dict(entries.iter().map(|(key, value)| (key.clone(), self.fill(value))).collect())
            }
        }
    }

    /// The same for one text.
    pub fn fill_text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, after)) = after.split_once('}') else { break };
            out.push_str(before);
            out.push_str(&self.look_up(name).unwrap_or_else(|| format!("<no {name}>")));
            rest = after;
        }
        out.push_str(rest);
        out
    }

    /// `call`, `offer1.sdp`, `offer1.m1.rtp_at`, `offer1.m1.a.ice-ufrag`, or a path into the reply: `query1.totals.RTP.bytes`.
    fn look_up(&self, name: &str) -> Option<String> {
        if let Some(text) = self.texts.get(name) {
            return Some(text.clone());
        }
        let (step, path) = name.split_once('.')?;
        let reply = self.replies.get(step)?;
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        if let Some(number) = first.strip_prefix('m').and_then(|digits| digits.parse::<usize>().ok()) {
            let sections = sdp::read(reply.text("sdp")?);
            return section(sections.get(number.checked_sub(1)?)?, rest);
        }
        match reply.get(&path.replace('.', "/"))? {
            Value::Int(number) => Some(number.to_string()),
            value => value.as_str().map(str::to_owned),
        }
    }
}

fn section(media: &Media, what: &str) -> Option<String> {
    let rtp = media.rtp();
    match what {
        "port" => Some(media.port.to_string()),
        "addr" => media.address.map(|address| address.to_string()),
        "rtp_at" => rtp.map(|at| at.to_string()),
        "rtcp_at" => {
            let mut at = rtp?;
            // What a=rtcp says even next to a=rtcp-mux: a script wants the port that is there to be tried.
            let said = media.attribute("rtcp").and_then(|value| value.split(' ').next()?.parse().ok());
            at.set_port(said.or_else(|| media.port.checked_add(1))?);
            Some(at.to_string())
        }
        _ => media.attribute(what.strip_prefix("a.")?).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captures() -> Captures {
        let mut captures = Captures::new("c-1");
        let mut reply = Value::dict();
        reply.set(
            "sdp",
            "v=0\r\nc=IN IP6 2001:db8::1\r\nm=audio 30000 RTP/AVP 8\r\na=rtcp:30005\r\n\
             m=video 30010 RTP/AVP 96\r\nc=IN IP4 192.0.2.1\r\na=mid:v\r\n",
        );
        reply.set("created", 5);
        captures.keep("offer1", &reply);
        captures
    }

    #[test]
    fn sections_are_taken_apart() {
        let captures = captures();
        for (name, value) in [
            ("${call}", "c-1"),
            ("x${call}-2y", "xc-1-2y"),
            ("${offer1.m1.rtp_at}", "[2001:db8::1]:30000"),
            ("${offer1.m1.rtcp_at}", "[2001:db8::1]:30005"),
            ("${offer1.m2.rtcp_at}", "192.0.2.1:30011"),
            ("${offer1.m2.a.mid}", "v"),
            ("${offer1.created}", "5"),
            ("${offer1.m3.port}", "<no offer1.m3.port>"),
            ("${offer9.sdp}", "<no offer9.sdp>"),
            ("${offer1", "${offer1"),
        ] {
            assert_eq!(captures.fill_text(name), value);
        }
    }

    #[test]
    fn values_are_filled_and_keys_are_not() {
        let mut value = Value::dict();
        value.set("${call}", Value::list(["${call}", "x"]));
        value.set("n", 3);
        let filled = captures().fill(&value);
        assert_eq!(filled.key("${call}").unwrap().items()[0].as_str(), Some("c-1"));
        assert_eq!(filled.int("n"), Some(3));
    }
}
