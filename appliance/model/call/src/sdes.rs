use crate::wish::SdesWish;
use crate::{Secrets, keying::Chosen, keying::Keying};
use flow::srtp::{MasterKey, Mki, Options, Setup, Suite};
use sdp::{Crypto, Field, Section};
use std::sync::Arc;

/// The most lines of a section that are looked at.
const MOST_LINES: usize = 32;
/// The highest tag (RFC 4568 §9.1: up to nine digits).
const MOST_TAG: u32 = 999_999_999;

/// One `a=crypto` line, received or written. `Debug` does not show the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) tag: u32,
    pub(crate) key: MasterKey,
    pub(crate) options: Options,
    /// Master key identifier as SDP spells it, and its length on the wire.
    mki: Option<(Box<[u8]>, u8)>,
    /// We made the key; the others come from the other side.
    pub(crate) own: bool,
}

impl Line {
    pub(crate) fn suite(&self) -> Suite {
        self.key.suite()
    }

    /// Reads a line; `None` for one that we cannot use: another suite or method, a malformed key, parameters we do not
    /// know or cannot do.
    fn read(crypto: &Crypto<'_>) -> Option<Line> {
        let suite = Suite::parse(&crypto.suite)?;
        // Of several keys the first is the one in use until the peer says otherwise in packets; we hear one only.
        let inline = crypto.keys().next()?;
        let words = crypto.session_words().map(sdp::Text::as_bytes);
        let options = Options { window_hint: None, ..Options::parse(suite, words).ok()? };
        if let Some((value, len)) = inline.mki {
            Mki::parse(&value, usize::from(len)).ok()?;
        }
        Some(Line {
            tag: crypto.tag,
            key: MasterKey::parse_inline(suite, &inline.key).ok()?,
            options,
            mki: inline.mki.map(|(value, len)| (value.as_bytes().into(), len)),
            own: false,
        })
    }

    /// The lines of a section that we can use. A tag that comes again is not believed (RFC 4568 §4.1).
    pub(crate) fn read_all(section: &Section<'_, '_>) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        for line in section.cryptos().take(MOST_LINES).filter_map(|crypto| Line::read(&crypto)) {
            if lines.iter().all(|before| before.tag != line.tag) {
                lines.push(line);
            }
        }
        lines
    }

    fn new(tag: u32, suite: Suite, options: Options, secrets: &mut dyn Secrets) -> Line {
        let key = MasterKey::generate(suite, |bytes| secrets.fill(bytes));
        Line { tag, key, options, mki: None, own: true }
    }

    /// What packets under this line are opened or sealed with.
    pub(crate) fn setup(&self) -> Arc<Setup> {
        let mki = self.mki.as_ref().and_then(|(value, len)| Mki::parse(value, usize::from(*len)).ok());
        let bare = Setup::new(self.key.clone());
        Arc::new(Setup { mki: mki.unwrap_or_default(), options: self.options, ..bare })
    }

    /// The line as it is written.
    pub(crate) fn write(&self, wish: &SdesWish) -> Crypto<'static> {
        let mut key = String::from("inline:");
        key.push_str(&self.key.expose_inline(wish.pad));
        if wish.lifetime {
            key.push_str("|2^31");
        }
        if let Some((value, len)) = &self.mki {
            key.push('|');
            // Digits only, else it would not have been read.
            key.push_str(&String::from_utf8_lossy(value));
            key.push_str(&format!(":{len}"));
        }
        let words = [
            (self.options.clear_rtp, "UNENCRYPTED_SRTP"),
            (self.options.clear_rtcp, "UNENCRYPTED_SRTCP"),
            (self.options.unauthenticated_rtp, "UNAUTHENTICATED_SRTP"),
        ];
        let words: Vec<&str> = words.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
        Crypto {
            tag: self.tag,
            suite: Field::fixed(self.suite().name()),
            key_params: Field::from(key),
            session_params: Field::from(words.join(" ")),
        }
    }
}

impl Keying {
    /// Takes in the lines of an offer: those that the request lets us answer, or all if it lets none.
    pub(crate) fn hear_offer(&mut self, section: &Section<'_, '_>, wish: &SdesWish) {
        self.said = Line::read_all(section);
        if !wish.nonew && self.said.iter().any(|line| wish.allows(line.suite())) {
            self.said.retain(|line| wish.allows(line.suite()));
        }
        self.secure = section.profile.is_secure();
        self.speaks_sdes = !self.said.is_empty();
        self.preferred.clone_from(&wish.sender);
        self.prefer_sdes = wish.prefer;
    }

    /// Writes the lines the party is offered: those of the other side with tags and keys as they are, then what it was
    /// told before and we can go on with, then every suite that is missing. Keys that were agreed on go on whatever the
    /// request allows: they are nothing new.
    pub(crate) fn offer_lines(&mut self, theirs: &[Line], wish: &SdesWish, secrets: &mut dyn Secrets) {
        let before = std::mem::take(&mut self.told);
        // What was offered without an answer is offered again.
        let (agreed, carried): (Option<Suite>, Vec<Line>) = match self.chosen {
            Chosen::Open => (None, before),
            Chosen::Line(at) => {
                let line = before.into_iter().nth(at);
                (line.as_ref().map(Line::suite), line.into_iter().collect())
            }
            Chosen::Mismatch => (None, Vec::new()),
        };
        self.chosen = Chosen::Open;
        self.speaks_sdes = false;
        if wish.off && agreed.is_none() {
            return;
        }
        let allowed = |suite: Suite| wish.allows(suite) || agreed == Some(suite);
        let mut lines: Vec<Line> = theirs
            .iter()
            .filter(|line| wish.nonew || allowed(line.suite()))
            .map(|line| Line { options: wish.offered(line.suite(), line.options), ..line.clone() })
            .collect();
        let mut top = lines.iter().map(|line| line.tag).max().unwrap_or(0);
        let has = |lines: &[Line], suite| lines.iter().any(|line| line.suite() == suite);
        let goes_on = |line: &Line| line.own && (agreed.is_some() || (!wish.nonew && allowed(line.suite())));
        for line in carried.into_iter().filter(goes_on) {
            if has(&lines, line.suite()) || top >= MOST_TAG {
                continue;
            }
            top = if line.tag > top { line.tag } else { top + 1 };
            let options = wish.offered(line.suite(), Options::default());
            lines.push(Line { tag: top, options, ..line });
        }
        if !wish.nonew {
            for suite in Suite::ALL.into_iter().filter(|suite| wish.allows(*suite)) {
                if has(&lines, suite) || top >= MOST_TAG {
                    continue;
                }
                top += 1;
                lines.push(Line::new(top, suite, wish.offered(suite, Options::default()), secrets));
            }
        }
        let place = |line: &Line| {
            wish.order.iter().position(|suite| *suite == line.suite()).unwrap_or(wish.order.len())
        };
        lines.sort_by_key(place);
        self.speaks_sdes = !lines.is_empty();
        self.told = lines;
    }

    /// Finds what the party's answer chose among the lines it was told (RFC 4568 §5.1.3): tag and suite must be of one
    /// of them. Gives the keys of what it sends and of what we send.
    pub(crate) fn hear_answer(&mut self, section: &Section<'_, '_>) -> Option<(Arc<Setup>, Arc<Setup>)> {
        self.said = Line::read_all(section);
        self.secure = section.profile.is_secure();
        self.speaks_sdes |= !self.said.is_empty();
        let told = &self.told;
        let found = self.said.iter().enumerate().find_map(|(nth, said)| {
            let same = |line: &Line| line.tag == said.tag && line.suite() == said.suite();
            told.iter().position(same).map(|at| (nth, at))
        });
        let Some((nth, at)) = found else {
            self.chosen = if self.said.is_empty() { Chosen::Open } else { Chosen::Mismatch };
            return None;
        };
        self.said.swap(0, nth);
        self.said.truncate(1);
        self.chosen = Chosen::Line(at);
        Some((self.said[0].setup(), told[at].setup()))
    }

    /// Writes the one line that answers what the party offered. `other` is the other side's keying, if it has agreed
    /// on keys by SDES: when both can have the same ones, they get them. Gives the keys of what the party sends and of
    /// what we send it.
    pub(crate) fn answer_line(
        &mut self,
        other: Option<&Keying>,
        wish: &SdesWish,
        secrets: &mut dyn Secrets,
    ) -> Option<(Arc<Setup>, Arc<Setup>)> {
        let with = |suite: Suite| self.said.iter().position(|line| line.suite() == suite);
        let theirs = other.and_then(|o| Some((o.said.first()?, o.line_in_use()?)));
        let standing = self.line_in_use().filter(|_| wish.keep && self.settled).map(Line::suite);
        let at = standing
            .and_then(with)
            .or_else(|| self.preferred.iter().copied().find_map(with))
            .or_else(|| theirs.and_then(|(said, _)| with(said.suite())))
            .or((!self.said.is_empty()).then_some(0))?;
        let offered = &self.said[at];
        let passes = theirs.filter(|(said, told)| said.suite() == offered.suite() && told.key == offered.key);
        let line = match passes {
            Some((said, _)) => {
                Line { tag: offered.tag, options: wish.answered(said.options), ..said.clone() }
            }
            None => {
                let same =
                    |line: &&Line| line.own && line.tag == offered.tag && line.suite() == offered.suite();
                let options = wish.answered(offered.options);
                match self.told.iter().find(same) {
                    Some(before) => Line { options, ..before.clone() },
                    None => Line::new(offered.tag, offered.suite(), options, secrets),
                }
            }
        };
        let keys = (offered.setup(), line.setup());
        self.told = vec![line];
        self.chosen = Chosen::Line(0);
        self.speaks_sdes = true;
        Some(keys)
    }

    /// The party's answer has no keys: it offered none, or DTLS is spoken.
    pub(crate) fn answer_nothing(&mut self) {
        self.told.clear();
        self.chosen = Chosen::Open;
        self.speaks_sdes = false;
    }
}
