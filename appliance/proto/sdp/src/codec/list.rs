//! From the lines of a section to its codecs, in one pass over the attributes.

use super::{Codec, opus};
use crate::media::payload_type;
use crate::typed::{Feedback, Fmtp, Rtpmap};
use crate::{Attribute, Media, Name};

/// Marks a payload type that `m=` does not list, or lists without that line.
const NONE: u16 = u16::MAX;

pub(crate) fn of_media<'a>(media: &Media<'a>) -> Vec<Codec<'a>> {
    if !media.profile.is_rtp() {
        return Vec::new();
    }
    let pts = media.formats.words().filter_map(payload_type);
    let mut codecs: Vec<Codec<'a>> = Vec::with_capacity(16);
    // Where each payload type stands first, so that a format listed many times costs no search.
    let mut first = [NONE; 128];
    for pt in pts {
        let at = codecs.len() as u16;
        let slot = &mut first[usize::from(pt)];
        if *slot == NONE {
            *slot = at;
        }
        codecs.push(Codec::from_static(pt).unwrap_or_else(|| Codec::new(pt, "", 0, 1)));
    }
    for a in &media.attributes {
        take(a, &mut codecs, &first);
    }
    for codec in &mut codecs {
        if let Some(fmtp) = codec.fmtp.take() {
            codec.fmtp = if codec.is("opus") { opus::ordered(fmtp) } else { Some(fmtp) };
        }
    }
    repeat(&mut codecs, &first);
    codecs
}

/// Later rtpmap and fmtp lines replace earlier ones; those of unlisted payload types vanish.
fn take<'a>(attribute: &Attribute<'a>, codecs: &mut [Codec<'a>], first: &[u16; 128]) {
    let value = attribute.value();
    match attribute.name {
        Name::Rtpmap => {
            let Some(map) = Rtpmap::parse(value) else { return };
            let Some(codec) = codecs.get_mut(usize::from(first[usize::from(map.pt)])) else { return };
            codec.name = map.name.into();
            codec.clock = map.clock;
            codec.channels = map.channels;
        }
        Name::Fmtp => {
            let Some(fmtp) = Fmtp::parse(value) else { return };
            let Some(codec) = codecs.get_mut(usize::from(first[usize::from(fmtp.pt)])) else { return };
            codec.fmtp = Some(fmtp.parameters.into());
        }
        Name::RtcpFb => {
            let Some(Feedback { pt: Some(pt), what }) = Feedback::parse(value) else { return };
            let Some(codec) = codecs.get_mut(usize::from(first[usize::from(pt)])) else { return };
            codec.feedback.push(what.into());
        }
        _ => {}
    }
}

/// Copies what the first mention of a payload type has to the later ones, feedback excepted.
fn repeat(codecs: &mut [Codec<'_>], first: &[u16; 128]) {
    for at in 0..codecs.len() {
        let origin = usize::from(first[usize::from(codecs[at].pt)]);
        if origin < at {
            let (before, rest) = codecs.split_at_mut(at);
            let source = &before[origin];
            rest[0].name = source.name.clone();
            rest[0].clock = source.clock;
            rest[0].channels = source.channels;
            rest[0].fmtp = source.fmtp.clone();
        }
    }
}
