//! The parameters of opus (RFC 7587 §6.1) in rtpengine's order: members it knows in a fixed order, joined by `"; "`.

use crate::{Field, Text};

const FLAGS: [&str; 5] = ["stereo", "sprop-stereo", "useinbandfec", "usedtx", "cbr"];
const NUMBERS: [&str; 4] = ["maxplaybackrate", "maxaveragebitrate", "sprop-maxcapturerate", "minptime"];

/// Puts the parameters in order. A member whose value makes no sense is dropped; of a repeated one the last counts.
/// Members we do not know follow the known ones as received (rtpengine drops them). `None` if nothing is left.
pub(super) fn ordered(fmtp: Field<'_>) -> Option<Field<'_>> {
    let mut known: [Option<u32>; 9] = [None; 9];
    let mut out: Vec<u8> = Vec::with_capacity(fmtp.len() + 16);
    let members = || fmtp.split(|&b| b == b';').map(|m| m.trim_ascii()).filter(|m| !m.is_empty());
    for member in members() {
        if let Some((at, value)) = known_member(member) {
            known[at] = value.or(known[at]);
        }
    }
    for (name, value) in FLAGS.iter().chain(&NUMBERS).zip(known) {
        if let Some(value) = value {
            join(&mut out);
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(format!("={value}").as_bytes());
        }
    }
    for member in members().filter(|m| known_member(m).is_none()) {
        join(&mut out);
        out.extend_from_slice(member);
    }
    if out.is_empty() {
        None
    } else if out == fmtp.as_bytes() {
        Some(fmtp)
    } else {
        Some(out.into())
    }
}

fn join(out: &mut Vec<u8>) {
    if !out.is_empty() {
        out.extend_from_slice(b"; ");
    }
}

/// Position of a known member in the order, and its value if it makes sense.
fn known_member(member: &[u8]) -> Option<(usize, Option<u32>)> {
    let (name, value) = Text::new(member).split_once(b'=')?;
    let (name, value) = (name.trimmed(), value.trimmed().number::<u32>());
    if let Some(at) = FLAGS.iter().position(|f| name == *f) {
        return Some((at, value.filter(|&v| v <= 1)));
    }
    let at = NUMBERS.iter().position(|n| name == *n)?;
    Some((FLAGS.len() + at, value.filter(|&v| v > 0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(text: &str) -> Option<String> {
        ordered(Field::from(text)).map(|f| f.to_string())
    }

    #[test]
    fn known_members_come_in_rtpengines_order() {
        let all = "cbr=1;usedtx=1;useinbandfec=1;sprop-stereo=1;stereo=1;minptime=10;maxaveragebitrate=64000;\
            sprop-maxcapturerate=8000;maxplaybackrate=16000";
        assert_eq!(
            after(all).unwrap(),
            "stereo=1; sprop-stereo=1; useinbandfec=1; usedtx=1; cbr=1; maxplaybackrate=16000; \
            maxaveragebitrate=64000; sprop-maxcapturerate=8000; minptime=10"
        );
        assert_eq!(after("minptime=10;useinbandfec=1").unwrap(), "useinbandfec=1; minptime=10");
        assert_eq!(after("useinbandfec=0;useinbandfec=1").unwrap(), "useinbandfec=1");
        assert_eq!(after("useinbandfec = 1").unwrap(), "useinbandfec=1");
        assert_eq!(after("stereo=0;cbr=0").unwrap(), "stereo=0; cbr=0");
    }

    #[test]
    fn senseless_values_are_dropped() {
        for text in ["stereo=2", "useinbandfec=x", "maxplaybackrate=0", "minptime=abc", ";; ;"] {
            assert_eq!(after(text), None, "{text}");
        }
        assert_eq!(after("useinbandfec=1;useinbandfec=x").unwrap(), "useinbandfec=1");
    }

    #[test]
    fn unknown_members_are_kept_behind() {
        assert_eq!(after("foo=bar; minptime=10;maxptime=60").unwrap(), "minptime=10; foo=bar; maxptime=60");
        assert_eq!(after("foo").unwrap(), "foo");
        assert_eq!(after("STEREO=1").unwrap(), "STEREO=1");
    }
}
