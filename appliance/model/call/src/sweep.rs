use crate::book::{Book, Outside};
use crate::call::{Call, CallNumber};
use flow::{Micros, Moment};

/// Why a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// Deleted by the client.
    Terminated,
    /// Deleted by the operator.
    ForceTerminated,
    /// No media for `timeout`.
    Timeout,
    /// Muted, and no media for `silent-timeout`.
    SilentTimeout,
    /// Never answered within `offer-timeout`.
    OfferTimeout,
    /// Older than `final-timeout`.
    FinalTimeout,
}

impl EndReason {
    /// The word that metrics and CDRs use.
    pub const fn code(self) -> &'static str {
        match self {
            EndReason::Terminated => "terminated",
            EndReason::ForceTerminated => "force_terminated",
            EndReason::Timeout => "timeout",
            EndReason::SilentTimeout => "silent_timeout",
            EndReason::OfferTimeout => "offer_timeout",
            EndReason::FinalTimeout => "final_timeout",
        }
    }
}

impl Book {
    /// Calls that need a look now, `most` of them at most: [`Book::foresee`].
    pub fn due(&self, now: Moment, most: usize) -> Vec<CallNumber> {
        let due = self.due.iter().enumerate().filter(|(_, due)| **due <= now);
        due.map(|(number, _)| CallNumber(number as u32)).take(most).collect()
    }

    /// Looks at a call that is due. True when it may have to end: then the last packets of its flows are asked for and
    /// handed to [`Book::judge`]. Else it is due later.
    pub fn foresee(&mut self, number: CallNumber, now: Moment) -> bool {
        let Some(call) = self.get(number) else { return false };
        let (_, due) = call.fate(self.settings());
        self.set_due(number, due);
        due <= now
    }

    /// Ends what is over in a call. `last_packet` is the youngest packet of its flows. Returns why the whole call
    /// must be removed, or `None` when it goes on (or only a branch ended).
    pub fn judge(
        &mut self,
        number: CallNumber,
        last_packet: Option<Moment>,
        outside: &mut Outside<'_>,
    ) -> Option<EndReason> {
        self.with(number, outside, |call, env| {
            let now = env.now;
            for party in 0..call.parties.len() {
                if call.parties[party].ends.is_some_and(|at| at <= now) {
                    call.bury(party, env);
                }
            }
            call.last_media = call.last_media.max(last_packet.unwrap_or_default());
            let (reason, due) = call.fate(env.settings);
            call.due = due;
            reason.filter(|_| due <= now)
        })?
    }
}

impl Call {
    /// The next end of this call as things stand, and when it comes.
    pub(crate) fn fate(&self, settings: &crate::Settings) -> (Option<EndReason>, Moment) {
        let mut next = (None, Moment(u64::MAX));
        let mut at_most = |reason: Option<EndReason>, at: Moment| {
            if at < next.1 {
                next = (reason, at);
            }
        };
        if let Some(at) = self.ends {
            at_most(Some(EndReason::Terminated), at);
        }
        for at in self.parties.iter().filter_map(|p| p.ends) {
            at_most(None, at);
        }
        let some = |limit: Micros| limit.0 > 0;
        if some(settings.final_timeout) {
            at_most(Some(EndReason::FinalTimeout), self.created.at + settings.final_timeout);
        }
        if !self.answered {
            if some(settings.offer_timeout) {
                at_most(
                    Some(EndReason::OfferTimeout),
                    self.last_media.max(self.last_signal.at) + settings.offer_timeout,
                );
            }
            return next;
        }
        let active = self.last_media.max(self.last_signal.at);
        if self.muted() {
            if some(settings.silent_timeout) {
                at_most(Some(EndReason::SilentTimeout), active + settings.silent_timeout);
            }
        } else if some(settings.timeout) {
            at_most(Some(EndReason::Timeout), active + settings.timeout);
        }
        next
    }

    /// True when no section of any party expects media in either direction.
    fn muted(&self) -> bool {
        !self
            .parties
            .iter()
            .filter(|p| !p.deleted)
            .flat_map(|p| &p.medias)
            .any(|m| !m.rejected && (m.send || m.recv))
    }
}
