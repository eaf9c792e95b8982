//! A request as the client typed it.
//!
//! [`Request::parse`] reads every key and flag rtpengine documents, in the spellings a running rtpengine was seen to
//! take and in no others, from wherever it may stand: a dictionary key, a word in `flags`, a prefixed word
//! (`codec-strip-PCMU`), or the raw text of `rtpp-flags`. What is newer than that daemon is taken as documented. What
//! nobody knows lands in [`Request::unknown`] and is never an error. A key that comes twice counts as it did last.

pub mod codec;
pub mod command;
mod fill;
mod flag;
mod keys;
pub mod member;
mod nested;
pub mod options;
mod parts;
mod rtpp_flags;
mod unknown;
mod words;

use std::borrow::Cow;
use std::net::IpAddr;

use crate::{Command, Dict, Error};

pub use codec::Codecs;
pub use flag::Flag;
pub use member::Set;
pub use parts::{
    AttributeChange, AttributeEdit, Dtmf, Fax, Ice, Music, Network, Parties, Playback, Recording, Rtcp,
    SdpEdit, Security, Trees,
};
pub use rtpp_flags::parse as parse_rtpp_flags;
pub use unknown::Unknown;

/// A text of the message; owned only if it had escapes.
pub type Text<'a> = Cow<'a, str>;

/// Bytes of the message that need not be text, such as tags; owned only if they had escapes.
pub type Octets<'a> = Cow<'a, [u8]>;

/// Everything a client can say, in one struct. A field that was not mentioned is `None`, empty or unset.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// What to do.
    pub command: Command,
    /// `call-id`.
    pub call_id: Option<Octets<'a>>,
    /// `from-tag`: the sender of this message, whichever way the dialogue was set up.
    pub from_tag: Option<Octets<'a>>,
    /// `to-tag`: its receiver.
    pub to_tag: Option<Octets<'a>>,
    /// `via-branch`: tells forked legs apart before their tag is known.
    pub via_branch: Option<Octets<'a>>,
    /// `sdp`. Bytes: SDP need not be UTF-8.
    pub sdp: Option<Octets<'a>>,
    /// Everything that is either said or not said.
    pub flags: Set<Flag>,
    /// Other ways to say who is meant.
    pub parties: Parties<'a>,
    /// Addresses and logical interfaces.
    pub network: Network<'a>,
    /// `transport protocol`.
    pub transport: options::Transport,
    /// ICE.
    pub ice: Ice,
    /// SDES, DTLS, OSRTP.
    pub security: Security<'a>,
    /// RTCP and bundling.
    pub rtcp: Rtcp,
    /// `codec`, ptime.
    pub codecs: Codecs<'a>,
    /// Rewriting of the SDP text.
    pub edit: SdpEdit<'a>,
    /// Media path: learning, echo, delay, TOS.
    pub path: options::Path,
    /// T.38.
    pub fax: Fax,
    /// DTMF security and injection.
    pub dtmf: Dtmf<'a>,
    /// `play media` and everything else that names a sound.
    pub playback: Playback<'a>,
    /// Recording.
    pub recording: Recording<'a>,
    /// `moh`.
    pub music: Option<Music<'a>>,
    /// `delete delay` in seconds.
    pub delete_delay: Option<i64>,
    /// `limit` of `list`.
    pub limit: Option<i64>,
    /// `body` of `cli`.
    pub body: Option<Text<'a>>,
    /// `supports`.
    pub supports: Vec<Text<'a>>,
    /// `SIP message type`, as typed.
    pub sip_message_type: Option<Text<'a>>,
    /// `SIP code`.
    pub sip_code: Option<i64>,
    /// `xmlrpc-callback`.
    pub xmlrpc_callback: Option<IpAddr>,
    /// `instance`: loop guard of `transform`.
    pub instance: Option<Text<'a>>,
    /// Nested arguments of single commands, untouched.
    pub trees: Trees<'a>,
    /// What nobody knows.
    pub unknown: Vec<Unknown<'a>>,
    /// Names of templates that are still to be applied.
    wanted_templates: Vec<Text<'a>>,
}

/// How many templates one request may pull in, so that templates naming each other come to an end.
const MAX_TEMPLATES: usize = 8;

/// Keys of the commands that take no flags; `flags` is our own, for `explain`.
const PLAIN_KEYS: &[&str] = &["call-id", "from-tag", "to-tag", "limit", "body", "flags"];

impl<'a> Request<'a> {
    /// A request that says nothing but its command.
    pub fn new(command: Command) -> Self {
        Request {
            command,
            call_id: None,
            from_tag: None,
            to_tag: None,
            via_branch: None,
            sdp: None,
            flags: Set::default(),
            parties: Parties::default(),
            network: Network::default(),
            transport: options::Transport::default(),
            ice: Ice::default(),
            security: Security::default(),
            rtcp: Rtcp::default(),
            codecs: Codecs::default(),
            edit: SdpEdit::default(),
            path: options::Path::default(),
            fax: Fax::default(),
            dtmf: Dtmf::default(),
            playback: Playback::default(),
            recording: Recording::default(),
            music: None,
            delete_delay: None,
            limit: None,
            body: None,
            supports: Vec::new(),
            sip_message_type: None,
            sip_code: None,
            xmlrpc_callback: None,
            instance: None,
            trees: Trees::default(),
            unknown: Vec::new(),
            wanted_templates: Vec::new(),
        }
    }

    /// Reads a request; there are no templates. It borrows from the message, not from `dict`.
    ///
    /// # Errors
    /// [`Error::NoCommand`], [`Error::UnknownCommand`].
    pub fn parse(dict: &Dict<'a>) -> Result<Self, Error> {
        Self::parse_with(dict, |_| None)
    }

    /// Reads a request. `template` gives the flag text of a configured template; those named `default` and like
    /// the command apply first, one named by the key `template` where it stands.
    ///
    /// # Errors
    /// [`Error::NoCommand`], [`Error::UnknownCommand`].
    pub fn parse_with(dict: &Dict<'a>, template: impl Fn(&str) -> Option<&'a str>) -> Result<Self, Error> {
        let name = dict.text("command").ok_or(Error::NoCommand)?;
        let mut request = Request::new(Command::parse(name).ok_or(Error::UnknownCommand)?);
        if !request.command.takes_flags() {
            request.read_plain(dict);
            return Ok(request);
        }
        for text in [template("default"), template(request.command.as_str())].into_iter().flatten() {
            words::apply_template(&mut request, text);
        }
        let mut allowed = MAX_TEMPLATES;
        request.apply_templates(&template, &mut allowed);
        for (key, value) in dict.pairs() {
            if key.as_ref() != b"command" {
                keys::apply(&mut request, key, value);
                request.apply_templates(&template, &mut allowed);
            }
        }
        if !request.command.offers() {
            request.codecs.keep_for_an_answer();
        }
        Ok(request)
    }

    /// Reads the few keys of a command without flags. Here the first of several counts.
    fn read_plain(&mut self, dict: &Dict<'a>) {
        for key in PLAIN_KEYS {
            if let Some(value) = dict.get(key) {
                keys::apply(self, &Cow::Borrowed(key.as_bytes()), value);
            }
        }
    }

    /// Applies the templates that were named since the last time, also those they name in turn.
    fn apply_templates(&mut self, template: &impl Fn(&str) -> Option<&'a str>, allowed: &mut usize) {
        while let Some(name) = self.wanted_templates.pop() {
            match template(&name).filter(|_| *allowed > 0) {
                Some(text) => {
                    *allowed -= 1;
                    words::apply_template(self, text);
                }
                None => self.unknown.push(Unknown::value("template", &name.into())),
            }
        }
    }

    /// True if `flag` was said.
    pub fn has(&self, flag: Flag) -> bool {
        self.flags.has(flag)
    }

    /// The Call-ID of a command that needs one.
    ///
    /// # Errors
    /// [`Error::NoCallId`].
    pub fn need_call_id(&self) -> Result<&[u8], Error> {
        self.call_id.as_deref().ok_or(Error::NoCallId)
    }

    /// The From-tag of a command that needs one.
    ///
    /// # Errors
    /// [`Error::NoFromTag`].
    pub fn need_from_tag(&self) -> Result<&[u8], Error> {
        self.from_tag.as_deref().ok_or(Error::NoFromTag)
    }

    /// The To-tag of a command that needs one.
    ///
    /// # Errors
    /// [`Error::NoToTag`].
    pub fn need_to_tag(&self) -> Result<&[u8], Error> {
        self.to_tag.as_deref().ok_or(Error::NoToTag)
    }

    /// The SDP of a command that needs one.
    ///
    /// # Errors
    /// [`Error::NoSdp`].
    pub fn need_sdp(&self) -> Result<&[u8], Error> {
        self.sdp.as_deref().ok_or(Error::NoSdp)
    }

    /// The Call-ID for a log; what is not UTF-8 is replaced.
    pub fn shown_call_id(&self) -> Cow<'_, str> {
        self.call_id.as_deref().map_or(Cow::Borrowed(""), String::from_utf8_lossy)
    }

    /// True if the client can be told `load limit`.
    pub fn supports_load_limit(&self) -> bool {
        self.supports.iter().any(|name| name == "load limit")
    }
}

/// Cuts a text into pieces without copying if it is borrowed. Blanks around a piece and empty pieces go.
fn split_text(text: Text<'_>, separator: char) -> Vec<Text<'_>> {
    let whole = |piece: &str| !piece.is_empty();
    match text {
        Cow::Borrowed(text) => {
            text.split(separator).map(str::trim).filter(|p| whole(p)).map(Cow::Borrowed).collect()
        }
        Cow::Owned(text) => text
            .split(separator)
            .map(str::trim)
            .filter(|p| whole(p))
            .map(|p| Cow::Owned(p.to_owned()))
            .collect(),
    }
}
