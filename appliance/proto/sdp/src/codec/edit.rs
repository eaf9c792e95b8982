//! Removing codecs from a list as `codec-strip`, `-except`, `-offer` and `-mask` ask. The order of the result is
//! rtpengine's, asked from outside; where a stream without any codec would be left, nothing is removed at all.

use super::{Codec, CodecSpec};

/// What a request wants done to the codecs of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodecEdits<'s> {
    /// Take out. `all` and `full` mean everything that neither `except` nor `offer` names.
    pub strip: Vec<CodecSpec<'s>>,
    /// As `strip`, but the codec is still understood when it arrives.
    pub mask: Vec<CodecSpec<'s>>,
    /// Keep, and in place, although `strip` or `mask` says `all`. Does not help against being named there.
    pub except: Vec<CodecSpec<'s>>,
    /// Put back whatever `strip` or `mask` took out, in this order.
    pub offer: Vec<CodecSpec<'s>>,
}

/// The codecs of a stream after [`CodecEdits::apply`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edited<'a> {
    /// To be written, in this order.
    pub kept: Vec<Codec<'a>>,
    /// Taken out for good.
    pub stripped: Vec<Codec<'a>>,
    /// Not written but still understood, in the order received.
    pub masked: Vec<Codec<'a>>,
    /// The edits would have left no codec that carries media, so that `kept` is everything received. The flag
    /// `allow-no-codec-media` rejects such a stream instead.
    pub would_be_empty: bool,
}

/// Where a codec went.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    Stripped,
    Masked,
}

impl CodecEdits<'_> {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.strip.is_empty() && self.mask.is_empty()
    }

    /// Sorts the codecs of one stream.
    pub fn apply<'a>(&self, codecs: Vec<Codec<'a>>) -> Edited<'a> {
        if self.is_empty() {
            return Edited { kept: codecs, ..Edited::default() };
        }
        let mut fates: Vec<Fate> = codecs.iter().map(|c| self.fate(c)).collect();
        let order = self.order(&codecs, &mut fates);
        drop_orphans(&codecs, &mut fates);
        let carries = |at: &usize| fates[*at] == Fate::Kept && !is_companion(&codecs[*at]);
        if !order.iter().any(carries) {
            let would_be_empty = !codecs.is_empty();
            return Edited { kept: codecs, would_be_empty, ..Edited::default() };
        }
        let mut edited = Edited::default();
        let mut slots: Vec<Option<Codec<'a>>> = codecs.into_iter().map(Some).collect();
        for at in order.into_iter().filter(|&at| fates[at] == Fate::Kept) {
            edited.kept.extend(slots[at].take());
        }
        for (codec, fate) in slots.into_iter().zip(fates) {
            match fate {
                Fate::Kept => {}
                Fate::Stripped => edited.stripped.extend(codec),
                Fate::Masked => edited.masked.extend(codec),
            }
        }
        edited
    }

    /// What `strip`, `mask` and `except` say about a codec.
    fn fate(&self, codec: &Codec<'_>) -> Fate {
        let named = |list: &[CodecSpec<'_>]| list.iter().any(|s| s.matches(codec));
        let every = |list: &[CodecSpec<'_>]| list.iter().any(|s| s.is_all() || s.is_full());
        let spared = || named(&self.except);
        if named(&self.strip) {
            Fate::Stripped
        } else if named(&self.mask) {
            Fate::Masked
        } else if every(&self.strip) && !spared() {
            Fate::Stripped
        } else if every(&self.mask) && !spared() {
            Fate::Masked
        } else {
            Fate::Kept
        }
    }

    /// Puts back what `offer` names and gives the order of what is kept, as indexes.
    ///
    /// What is put back goes before the place of the first companion of the received list. If nothing is kept from
    /// there on, it goes to the end, until a companion is put back: that marks the place anew.
    fn order(&self, codecs: &[Codec<'_>], fates: &mut [Fate]) -> Vec<usize> {
        let mut order: Vec<usize> = Vec::with_capacity(codecs.len());
        let mut place = None;
        for (at, codec) in codecs.iter().enumerate() {
            if place.is_none() && is_companion(codec) {
                place = Some(order.len());
            }
            if fates[at] == Fate::Kept {
                order.push(at);
            }
        }
        place = place.filter(|&p| p < order.len());
        for spec in &self.offer {
            for (at, codec) in codecs.iter().enumerate() {
                if fates[at] == Fate::Kept || !spec.matches(codec) {
                    continue;
                }
                fates[at] = Fate::Kept;
                match &mut place {
                    Some(p) => {
                        order.insert(*p, at);
                        *p += 1;
                    }
                    None => {
                        if is_companion(codec) {
                            place = Some(order.len());
                        }
                        order.push(at);
                    }
                }
            }
        }
        order
    }
}

/// A companion goes with the codecs of its clock: when the last of those is taken out, so is the companion.
fn drop_orphans(codecs: &[Codec<'_>], fates: &mut [Fate]) {
    for at in 0..codecs.len() {
        if fates[at] != Fate::Kept || !is_companion(&codecs[at]) {
            continue;
        }
        let same_clock = |i: &usize| codecs[*i].clock == codecs[at].clock && !is_companion(&codecs[*i]);
        let hosts: Vec<Fate> = (0..codecs.len()).filter(same_clock).map(|i| fates[i]).collect();
        if hosts.is_empty() || hosts.contains(&Fate::Kept) {
            continue;
        }
        fates[at] = if hosts.contains(&Fate::Masked) { Fate::Masked } else { Fate::Stripped };
    }
}

/// Codecs that are of no use alone.
fn is_companion(codec: &Codec<'_>) -> bool {
    codec.is_dtmf() || codec.is_comfort_noise() || codec.is("red")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> Vec<Codec<'static>> {
        vec![
            Codec::new(96, "opus", 48000, 2),
            Codec::new(9, "G722", 8000, 1),
            Codec::new(0, "PCMU", 8000, 1),
            Codec::new(8, "PCMA", 8000, 1),
            Codec::new(18, "G729", 8000, 1),
            Codec::new(97, "L16", 44100, 2),
            Codec::new(101, "telephone-event", 8000, 1),
            Codec::new(102, "telephone-event", 48000, 1),
            Codec::new(104, "", 0, 1),
            Codec::new(13, "CN", 8000, 1),
        ]
    }

    fn browser() -> Vec<Codec<'static>> {
        vec![
            Codec::new(111, "opus", 48000, 2),
            Codec::new(63, "red", 48000, 2),
            Codec::new(9, "G722", 8000, 1),
            Codec::new(0, "PCMU", 8000, 1),
            Codec::new(8, "PCMA", 8000, 1),
            Codec::new(13, "CN", 8000, 1),
            Codec::new(110, "telephone-event", 48000, 1),
            Codec::new(126, "telephone-event", 8000, 1),
        ]
    }

    fn kept(codecs: Vec<Codec<'static>>, edits: &[(&str, &str)]) -> String {
        let mut e = CodecEdits::default();
        for (what, spec) in edits {
            let spec = CodecSpec::parse(*spec);
            match *what {
                "strip" => e.strip.push(spec),
                "mask" => e.mask.push(spec),
                "except" => e.except.push(spec),
                "offer" => e.offer.push(spec),
                other => panic!("no list {other}"),
            }
        }
        let total = codecs.len();
        let edited = e.apply(codecs);
        assert_eq!(edited.kept.len() + edited.stripped.len() + edited.masked.len(), total);
        edited.kept.iter().map(|c| c.pt.to_string()).collect::<Vec<_>>().join(" ")
    }

    const ALL: &str = "96 9 0 8 18 97 101 102 104 13";

    #[test]
    fn strip_takes_name_or_name_with_clock_and_channels() {
        for (spec, left) in [
            ("opus", "9 0 8 18 97 101 104 13"),
            ("OPUS/48000/2", "9 0 8 18 97 101 104 13"),
            ("opus/48000", ALL),
            ("opus/48000/1", ALL),
            ("opus/8000", ALL),
            ("L16/44100/2", "96 9 0 8 18 101 102 104 13"),
            ("L16/44100", ALL),
            ("PCMU/8000/1", "96 9 8 18 97 101 102 104 13"),
            ("telephone-event", "96 9 0 8 18 97 104 13"),
            ("telephone-event/48000", "96 9 0 8 18 97 101 104 13"),
            ("CN", "96 9 0 8 18 97 101 102 104"),
            ("", "96 9 0 8 18 97 101 102 13"),
            ("/8000", ALL),
            ("96", ALL),
            ("x", ALL),
        ] {
            assert_eq!(kept(list(), &[("strip", spec)]), left, "strip {spec}");
        }
    }

    #[test]
    fn strip_all_keeps_only_what_except_and_offer_name() {
        for (all, how) in [("all", "strip"), ("full", "strip"), ("all", "mask"), ("full", "mask")] {
            assert_eq!(kept(list(), &[(how, all), ("offer", "PCMA")]), "8");
            assert_eq!(kept(list(), &[(how, all), ("offer", "PCMA"), ("offer", "opus")]), "8 96");
            assert_eq!(kept(list(), &[(how, all), ("except", "PCMA"), ("except", "opus")]), "96 8");
            assert_eq!(kept(list(), &[(how, all), ("except", "PCMA"), ("offer", "opus")]), "8 96");
        }
        assert_eq!(kept(list(), &[("strip", "ALL"), ("offer", "PCMA")]), ALL, "the word has its case");
    }

    #[test]
    fn strip_that_would_leave_nothing_is_ignored() {
        for edits in [
            &[("strip", "all")][..],
            &[("mask", "full")],
            &[("strip", "all"), ("offer", "nonsuch")],
            &[("strip", "all"), ("offer", "PCMA/16000")],
            &[("strip", "all"), ("offer", "all")],
            &[("strip", "all"), ("except", "all")],
            &[("strip", "all"), ("offer", "telephone-event")],
            &[("strip", "all"), ("except", "telephone-event")],
            &[("strip", "all"), ("offer", "CN")],
        ] {
            assert_eq!(kept(list(), edits), ALL, "{edits:?}");
        }
        let edits = CodecEdits { strip: vec![CodecSpec::parse("all")], ..CodecEdits::default() };
        assert!(edits.apply(list()).would_be_empty);
        assert!(!edits.apply(Vec::new()).would_be_empty);
    }

    #[test]
    fn except_does_not_help_a_codec_that_is_named() {
        assert_eq!(kept(list(), &[("strip", "PCMA"), ("except", "PCMA")]), "96 9 0 18 97 101 102 104 13");
        let both = [("strip", "all"), ("strip", "PCMA"), ("except", "PCMA"), ("except", "opus")];
        assert_eq!(kept(list(), &both), "96");
        assert_eq!(kept(list(), &[("strip", "all"), ("strip", "PCMA"), ("offer", "PCMA")]), "8");
    }

    #[test]
    fn offer_alone_changes_nothing() {
        for edits in [&[("offer", "PCMA"), ("offer", "opus")][..], &[("except", "PCMA")], &[("offer", "all")]]
        {
            assert_eq!(kept(list(), edits), ALL);
        }
    }

    #[test]
    fn what_offer_puts_back_stands_before_the_first_companion() {
        assert_eq!(kept(list(), &[("strip", "PCMA"), ("offer", "PCMA")]), "96 9 0 18 97 8 101 102 104 13");
        let again = [("strip", "all"), ("offer", "telephone-event"), ("offer", "PCMA"), ("offer", "opus")];
        assert_eq!(kept(list(), &again), "102 8 96 101");
        let again = [("strip", "all"), ("offer", "PCMA"), ("offer", "telephone-event"), ("offer", "opus")];
        assert_eq!(kept(list(), &again), "8 102 96 101");
        let short = |pts: &[u8]| -> Vec<Codec<'static>> {
            pts.iter().filter_map(|pt| list().into_iter().find(|c| c.pt == *pt)).collect()
        };
        let dtmf = [("strip", "telephone-event"), ("offer", "telephone-event")];
        let noise = [("strip", "CN"), ("offer", "CN")];
        assert_eq!(kept(short(&[8, 101, 0, 13]), &dtmf), "8 101 0 13");
        assert_eq!(kept(short(&[8, 101, 0, 13]), &noise), "8 13 101 0");
        assert_eq!(kept(short(&[8, 13, 0, 101]), &dtmf), "8 101 13 0");
        assert_eq!(kept(short(&[101, 8, 13]), &noise), "13 101 8");
    }

    #[test]
    fn a_browsers_list() {
        let strip_all = |offers: &[&'static str]| -> Vec<(&'static str, &'static str)> {
            [("strip", "all")].into_iter().chain(offers.iter().map(|o| ("offer", *o))).collect()
        };
        assert_eq!(kept(browser(), &strip_all(&["opus", "PCMA", "telephone-event"])), "111 8 126 110");
        assert_eq!(kept(browser(), &strip_all(&["PCMA", "telephone-event"])), "8 126");
        assert_eq!(kept(browser(), &strip_all(&["PCMA", "PCMU", "telephone-event"])), "8 0 126");
        assert_eq!(kept(browser(), &[("strip", "opus")]), "9 0 8 13 126");
        let except =
            [("strip", "all"), ("except", "opus"), ("except", "PCMA"), ("except", "telephone-event")];
        assert_eq!(kept(browser(), &except), "111 8 110 126");
    }

    #[test]
    fn mask_hides_and_strip_removes() {
        let spec = |s: &'static str| vec![CodecSpec::parse(s)];
        let edits = CodecEdits { mask: spec("opus"), strip: spec("PCMU"), ..CodecEdits::default() };
        let edited = edits.apply(list());
        let pts = |codecs: &[Codec<'_>]| codecs.iter().map(|c| c.pt).collect::<Vec<_>>();
        assert_eq!(pts(&edited.kept), [9, 8, 18, 97, 101, 104, 13]);
        assert_eq!(pts(&edited.masked), [96, 102], "the companion of a masked codec is masked");
        assert_eq!(pts(&edited.stripped), [0]);
    }
}
