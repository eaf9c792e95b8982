use crate::party::Treatment;
use crate::{HandshakeChange, Interfaces, PortSource, Secrets, Stamp};
use flow::{Change, Gate, Learning, Micros, Moment};

/// What calls are made with when a message says nothing else. From the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Packet workers there are; calls are dealt out to them in turn.
    pub workers: u16,
    /// Default endpoint learning.
    pub learning: Learning,
    /// Default traffic class byte.
    pub tos: u8,
    /// Addresses in SDP are not believed; the source of the SIP message is (`sip-source`).
    pub sip_source: bool,
    /// We wait for the DTLS handshake where a party leaves that to us and the request does not say (`dtls-passive`).
    pub dtls_passive: bool,
    /// A call whose media is silent this long ends.
    pub timeout: Micros,
    /// The same for a call whose every stream is muted (inactive, one-way or on hold).
    pub silent_timeout: Micros,
    /// An offer that is never answered ends after this time.
    pub offer_timeout: Micros,
    /// Every call ends after this time; zero: never.
    pub final_timeout: Micros,
    /// How long a deleted call stays.
    pub delete_delay: Micros,
    /// Calls at most; `None`: no limit.
    pub max_sessions: Option<u64>,
    /// The mark of this daemon for `loop-protect`: 12 hex digits.
    pub instance: String,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            workers: 1,
            learning: Learning::Heuristic,
            tos: 0,
            sip_source: false,
            dtls_passive: false,
            timeout: Micros::from_secs(60),
            silent_timeout: Micros::from_secs(3600),
            offer_timeout: Micros::from_secs(3600),
            final_timeout: Micros(0),
            delete_delay: Micros::from_secs(30),
            max_sessions: None,
            instance: String::new(),
        }
    }
}

impl Settings {
    pub(crate) fn treatment(&self) -> Treatment {
        Treatment {
            learning: self.learning,
            gate: Gate::Open,
            one_way: false,
            asymmetric: false,
            pierce: false,
        }
    }
}

/// What a verb works with besides the call.
pub(crate) struct Env<'a> {
    pub(crate) interfaces: &'a Interfaces,
    pub(crate) settings: &'a Settings,
    pub(crate) ports: &'a mut dyn PortSource,
    pub(crate) now: Moment,
    pub(crate) stamp: Stamp,
    /// Turn of round-robin interfaces.
    pub(crate) turn: u64,
    pub(crate) secrets: &'a mut dyn Secrets,
    pub(crate) changes: Vec<Change>,
    pub(crate) handshakes: Vec<HandshakeChange>,
}
