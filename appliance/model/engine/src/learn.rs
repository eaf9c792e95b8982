use flow::{DropReason, FlowSpec, Gate, Learning, Micros, Moment};
use std::net::SocketAddr;

/// A flow whose peer keeps moving is reported at most this often in the long run …
const REPORT_EVERY: Micros = Micros::from_secs(1);
/// … but some times in a row at once, since a fast path must follow as quickly as we do.
const REPORTS_AT_ONCE: u64 = 8;

/// How well a source fits what the SDP said; later is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Any,
    SamePort,
    SameAddress,
    /// Learned before a re-INVITE: decides, but the SDP's own may still overrule it within the window.
    Former,
    /// The SDP's address and port: decides at once and for good.
    Exact,
}

/// Where the peer of a port is: what the SDP said, and what packets have shown.
///
/// What every packet reads stands first: see [`crate::flow::Flow`].
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Peer {
    /// Where packets to the peer are sent.
    now: Option<SocketAddr>,
    /// When all reports so far would have been due, one at a time.
    report_from: Moment,
    learning: Learning,
    confirmed: bool,
    /// Of `now`, while it is not confirmed.
    rank: Option<Rank>,
    /// A change that the call side has not heard of.
    unreported: bool,
    until: Moment,
    /// As the spec says, be it an address that one cannot send to.
    told: Option<SocketAddr>,
    /// Learned in an earlier window.
    former: Option<SocketAddr>,
}

/// An address one can send to. Linux takes an unspecified destination for this machine itself.
fn usable(peer: Option<SocketAddr>) -> Option<SocketAddr> {
    peer.filter(|at| !at.ip().is_unspecified() && at.port() != 0)
}

impl Peer {
    pub(crate) fn new(spec: &FlowSpec) -> Peer {
        let now = usable(spec.peer);
        Peer {
            learning: spec.learning,
            until: spec.learn_until,
            told: spec.peer,
            former: None,
            now,
            confirmed: spec.confirmed && now.is_some(),
            rank: None,
            unreported: false,
            report_from: Moment::default(),
        }
    }

    /// Takes over a later generation. What was learned stays unless the spec names another address. A window that ends
    /// later opens learning again, with the address known so far as the best candidate, so that a peer that has not moved
    /// is confirmed by its next packet.
    pub(crate) fn replace(&mut self, spec: &FlowSpec) {
        let fresh = Peer::new(spec);
        let unmoved = fresh.told == self.told || fresh.now == self.now;
        if !unmoved || fresh.learning == Learning::Off {
            *self = Peer { report_from: self.report_from, ..fresh };
            return;
        }
        let reopened = fresh.until > self.until && !fresh.confirmed;
        self.learning = fresh.learning;
        self.until = fresh.until;
        self.told = fresh.told;
        if reopened && self.confirmed {
            self.former = self.now;
            self.confirmed = false;
            self.rank = None;
        }
        // the call side knows it for certain, and nothing here says otherwise
        self.confirmed |= fresh.confirmed;
        // A new generation begins unconfirmed on the call side: it hears again with the next packet.
        self.unreported |= self.confirmed;
        self.report_from = Moment::default();
    }

    /// Bytes of it that every packet reads.
    #[cfg(test)]
    pub(crate) const READ: usize = std::mem::offset_of!(Peer, told);

    /// Something of what a packet reads of it.
    pub(crate) fn touched(&self) -> u64 {
        self.report_from.0
    }

    /// Where packets to the peer are sent.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.now
    }

    pub(crate) fn confirmed(&self) -> bool {
        self.confirmed
    }

    /// The peer is where it is thought to be, though it has not spoken (`unidirectional`).
    pub(crate) fn settle(&mut self) {
        if self.now.is_some() && !self.confirmed {
            self.confirmed = true;
            self.rank = None;
            self.unreported = true;
        }
    }

    /// True when a packet from `source` may not pass and cannot teach, whatever it is.
    pub(crate) fn is_closed_to(&self, source: SocketAddr, gate: Gate, now: Moment) -> bool {
        let strange = self.now.is_some() && self.now != Some(source);
        strange && gate == Gate::Strict && !self.is_open(now)
    }

    fn is_open(&self, now: Moment) -> bool {
        !self.confirmed || (self.rank == Some(Rank::Former) && now < self.until)
    }

    /// A packet came from `source`: learns from it if it `teaches`, then says whether it may pass.
    pub(crate) fn admit(
        &mut self,
        source: SocketAddr,
        teaches: bool,
        gate: Gate,
        now: Moment,
    ) -> Result<(), DropReason> {
        if teaches && self.is_open(now) {
            let before = self.now;
            self.learn(source, now);
            // Who was told of the last move must hear of this one, settled or not.
            self.unreported |= gate == Gate::Handover && before.is_some() && self.now != before;
        }
        if self.now == Some(source) {
            return Ok(());
        }
        match gate {
            Gate::Strict if self.now.is_some() => return Err(DropReason::UnknownSource),
            Gate::Handover if teaches && self.confirmed && self.learning != Learning::Off => {
                // Not settled before the next packet says so too.
                self.now = Some(source);
                self.confirmed = false;
                self.rank = None;
                self.unreported = true;
            }
            _ => {}
        }
        Ok(())
    }

    fn learn(&mut self, source: SocketAddr, now: Moment) {
        let over = now >= self.until;
        let before = self.now;
        let decided = match self.learning {
            Learning::Off => self.now.is_some(),
            Learning::Immediate => {
                self.now = Some(source);
                true
            }
            Learning::Delayed => {
                self.now = Some(source);
                over
            }
            Learning::Heuristic => {
                let rank = self.rank_of(source);
                if self.rank <= Some(rank) {
                    self.rank = Some(rank);
                    self.now = Some(source);
                }
                over || self.rank >= Some(Rank::Former)
            }
        };
        if decided && (!self.confirmed || self.now != before) {
            self.confirmed = true;
            self.unreported = true;
        }
    }

    fn rank_of(&self, source: SocketAddr) -> Rank {
        let same =
            |part: fn(&SocketAddr, &SocketAddr) -> bool| self.told.is_some_and(|told| part(&told, &source));
        if self.told == Some(source) {
            Rank::Exact
        } else if self.former == Some(source) {
            Rank::Former
        } else if same(|a, b| a.ip() == b.ip()) {
            Rank::SameAddress
        } else if same(|a, b| a.port() == b.port()) {
            Rank::SamePort
        } else {
            Rank::Any
        }
    }

    /// The address to report, if there is one the call side has not heard of and it is time.
    pub(crate) fn report(&self, now: Moment) -> Option<SocketAddr> {
        let ahead = self.report_from.since(now).0;
        self.now.filter(|_| self.unreported && ahead <= (REPORTS_AT_ONCE - 1) * REPORT_EVERY.0)
    }

    /// True when `source` is the peer, beyond doubt.
    pub(crate) fn is_surely(&self, source: SocketAddr) -> bool {
        self.confirmed && self.now == Some(source)
    }

    /// The report was made.
    pub(crate) fn reported(&mut self, now: Moment) {
        self.unreported = false;
        self.report_from = self.report_from.max(now) + REPORT_EVERY;
    }
}
