//! Fuzz bodies: each takes any bytes and panics only if a promise of this crate is broken.

use crate::message::Scan;
use crate::request::parse_rtpp_flags;
use crate::{Command, Dict, Incoming, Malformed, Reply, Request, Value, bencode, find_end, json};

/// What is read can be written and read again; the scanner and the reader agree where a value ends.
pub fn bencode(data: &[u8]) {
    let scanned = bencode::Scanner::default().scan(data);
    let parsed = bencode::parse(data);
    if let Ok((value, used)) = &parsed {
        assert!(*used <= data.len());
        match scanned {
            Ok(Some(end)) => assert_eq!(*used, end, "reader and scanner disagree"),
            // The reader forgives containers that the end of the input closes, and nothing else.
            Ok(None) => assert_eq!(*used, data.len()),
            Err(error) => panic!("read what the scanner refuses: {error}"),
        }
        round_trip(value);
    }
    if let (Ok(Some(end)), Ok((_, used))) = (scanned, bencode::parse(data)) {
        assert_eq!(end, used);
    }
    let depth = |result: &Result<_, Malformed>| matches!(result, Err(Malformed::TooDeep));
    if depth(&parsed.map(|_| ())) {
        assert!(data.iter().filter(|byte| matches!(byte, b'l' | b'd')).count() > bencode::MAX_DEPTH);
    }
}

fn round_trip(value: &Value<'_>) {
    let mut written = Vec::new();
    bencode::write(value, &mut written);
    let (again, used) = bencode::parse(&written).expect("our own writing can be read");
    assert_eq!(used, written.len());
    assert_eq!(&again, value);
    // Byte by byte, as a slow connection delivers it.
    let mut scanner = bencode::Scanner::default();
    let step = 1 + written.len() / 64;
    for cut in (0..written.len()).step_by(step) {
        assert_eq!(scanner.scan(&written[..cut]), Ok(None));
    }
    assert_eq!(scanner.scan(&written), Ok(Some(written.len())));
}

/// A JSON body: the tree survives writing, and a request comes out whatever it says.
pub fn json_request(data: &[u8]) {
    let Ok(Value::Dict(dict)) = json::parse(data) else { return };
    let mut written = Vec::new();
    json::write_dict(&dict, &mut written);
    assert_eq!(json::parse(&written), Ok(Value::Dict(dict.clone())));
    assert_eq!(json::Scanner::default().scan(&written), Ok(Some(written.len())));
    read_request(&dict, data.len());
}

/// A whole message, cookie and all.
pub fn request(data: &[u8]) {
    let Ok(incoming) = Incoming::parse(data) else {
        let reply_goes_out = Incoming::split(data).is_ok();
        assert!(reply_goes_out || Incoming::parse(data) == Err(Malformed::NoCookie));
        return;
    };
    if let Ok(Some(end)) = find_end(&mut Scan::default(), data) {
        let cut = Incoming::parse(&data[..end]).expect("what follows a message does not matter to it");
        assert_eq!(cut, incoming);
    }
    read_request(&incoming.dict, data.len());
    let mut reply = Vec::new();
    Reply::ok().encode(incoming.cookie, incoming.encoding, &mut reply);
    let reply = Incoming::parse(&reply).expect("a reply is framed like a request");
    assert_eq!((reply.cookie, reply.encoding), (incoming.cookie, incoming.encoding));
    assert_eq!(reply.dict.text("result"), Some("ok"));
}

/// A flag text: it is bounded by its length, words without brackets are all found, and it can be a request's.
pub fn rtpp_flags(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let dict = parse_rtpp_flags(&text);
    let (words, nodes) = count(&dict);
    assert!(nodes <= 2 * text.len());
    if !text.contains(['[', ']']) {
        assert_eq!(words, text.split(' ').filter(|word| !word.is_empty()).count());
    }
    let whole = Dict::new().with("command", Command::Offer.as_str()).with("rtpp-flags", text.as_ref());
    read_request(&whole, text.len());
}

/// Flags and pairs at the top, and values everywhere.
fn count(dict: &Dict<'_>) -> (usize, usize) {
    fn nodes(value: &Value<'_>) -> usize {
        1 + match value {
            Value::Int(_) | Value::Bytes(_) => 0,
            Value::List(list) => list.iter().map(nodes).sum(),
            Value::Dict(dict) => dict.iter().map(|(_, value)| 1 + nodes(value)).sum(),
        }
    }
    dict.iter().fold((0, 0), |(words, total), (key, value)| {
        let here = match (key, value) {
            (b"flags", Value::List(list)) => list.len(),
            _ => 1,
        };
        (words + here, total + nodes(value))
    })
}

/// Nothing a client writes may panic, multiply or disappear in a log line.
fn read_request(dict: &Dict<'_>, bytes: usize) {
    let template = |name: &str| (name == "default").then_some("template=default trust-address");
    let Ok(request) = Request::parse_with(dict, template) else { return };
    // Every complaint is about something that took at least a byte, but for the nine our template earns.
    assert!(request.unknown.len() <= bytes + 9);
    for unknown in &request.unknown {
        assert!(!unknown.to_string().contains(char::is_control));
    }
}
