use dtls::{Ignored, Reason};

macro_rules! counts {
    ($($(#[doc = $doc:literal])* $variant:ident = $text:literal,)*) => {
        /// What the thread counts. One list for enum, name and place.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Count { $($(#[doc = $doc])* $variant,)* }

        impl Count {
            /// All of them, in the order in which they are shown.
            pub const ALL: &'static [Count] = &[$(Count::$variant,)*];

            /// Its name in reports.
            pub const fn name(self) -> &'static str {
                match self { $(Count::$variant => $text,)* }
            }
        }
    };
}

counts! {
    /// DTLS handshakes that began.
    Begun = "dtls-begun",
    /// … that came to keys.
    Done = "dtls-done",
    /// Associations that the peer ended.
    Closed = "dtls-closed",
    /// No answer.
    TimedOut = "dtls-failed-timed-out",
    /// The certificate is not the one of the SDP.
    WrongFingerprint = "dtls-failed-wrong-fingerprint",
    /// No SRTP profile in common.
    NoProfile = "dtls-failed-no-srtp-profile",
    /// The peer gave up.
    Alert = "dtls-failed-peer-alert",
    /// The peer broke the protocol, or can do nothing that we can.
    Protocol = "dtls-failed-protocol",
    /// Something of ours failed.
    Internal = "dtls-failed-internal",
    /// DTLS datagrams that are not whole records.
    Malformed = "dtls-ignored-malformed",
    /// … that our role never gets.
    Implausible = "dtls-ignored-implausible",
    /// … from nobody we know.
    UnknownSource = "dtls-ignored-unknown-source",
    /// … with somebody else's cookie.
    BadCookie = "dtls-ignored-bad-cookie",
    /// … beyond what a handshake needs.
    TooMany = "dtls-ignored-too-many",
    /// … for which all places were taken.
    NoRoom = "dtls-ignored-no-room",
    /// … that nobody waits for.
    Idle = "dtls-ignored-idle",
    /// … from an address that ICE does not know.
    NotByIce = "dtls-ignored-not-by-ice",
    /// STUN that an agent took in.
    Stun = "stun-taken",
    /// … that no agent took: malformed, forged, or for somebody else.
    StunRefused = "stun-refused",
    /// Times that ICE found nobody, or lost the party.
    Unreachable = "ice-unreachable",
    /// Datagrams at a port without an agent for them.
    NoAgent = "no-agent",
    /// Datagrams of ours that a packet thread had no room for.
    Unsent = "unsent",
}

impl From<Reason> for Count {
    fn from(reason: Reason) -> Count {
        match reason {
            Reason::TimedOut => Count::TimedOut,
            Reason::WrongFingerprint => Count::WrongFingerprint,
            Reason::NoProfile => Count::NoProfile,
            Reason::Alert(_) => Count::Alert,
            Reason::Protocol => Count::Protocol,
            Reason::Internal => Count::Internal,
        }
    }
}

impl From<Ignored> for Count {
    fn from(ignored: Ignored) -> Count {
        match ignored {
            Ignored::Malformed => Count::Malformed,
            Ignored::Implausible => Count::Implausible,
            Ignored::UnknownSource => Count::UnknownSource,
            Ignored::BadCookie => Count::BadCookie,
            Ignored::TooMany => Count::TooMany,
            Ignored::NoRoom => Count::NoRoom,
            Ignored::Idle => Count::Idle,
        }
    }
}

/// What was counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally([u64; Count::ALL.len()]);

impl Tally {
    pub(super) fn add(&mut self, count: Count, times: u64) {
        let place = &mut self.0[count as usize];
        *place = place.saturating_add(times);
    }

    /// How often that was.
    pub fn get(&self, count: Count) -> u64 {
        self.0[count as usize]
    }

    /// All of it, by name.
    pub fn rows(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        Count::ALL.iter().map(|&count| (count.name(), self.get(count)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_has_its_place() {
        let mut tally = Tally::default();
        for (at, &count) in Count::ALL.iter().enumerate() {
            tally.add(count, at as u64 + 1);
        }
        let rows: Vec<u64> = tally.rows().map(|(_, times)| times).collect();
        assert_eq!(rows, (1..=Count::ALL.len() as u64).collect::<Vec<_>>());
        assert_eq!(tally.get(Count::Begun), 1);
        let mut names: Vec<&str> = tally.rows().map(|(name, _)| name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Count::ALL.len());
    }
}
