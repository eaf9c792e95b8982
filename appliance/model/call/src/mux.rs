use crate::call::Call;
use crate::dialogue::Dialogue;
use crate::intent::Options;
use crate::media::Media;

/// Is RTCP on a port of its own or on that of RTP (RFC 5761), for one leg.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mux {
    /// `a=rtcp-mux` stood in the party's last SDP.
    pub(crate) said: bool,
    /// It stood in the last offer on this leg, whoever made it.
    pub(crate) offered: bool,
    /// How an offer of the party is answered.
    pub(crate) policy: MuxPolicy,
    /// Both ends of this leg agreed: RTCP arrives on the RTP port.
    pub(crate) active: bool,
    /// By the last offer, the leg needs no port for RTCP.
    pub(crate) rtp_only: bool,
}

/// How a party's offer of rtcp-mux is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum MuxPolicy {
    /// As the other side answers.
    #[default]
    AsAnswered,
    /// Accepted whatever the other side does.
    Accept,
    /// Never accepted.
    Reject,
}

impl Call {
    /// What an offer asks for, on both legs. The sender's own `a=rtcp-mux` has been taken in.
    pub(crate) fn wish_mux(&mut self, between: Dialogue, index: usize, options: &Options<'_>) {
        let wish = options.mux;
        let sender = &mut self.parties[between.sender].medias[index].mux;
        // Who offers it on does not end it here.
        let ends = wish.demux && !wish.reject && !wish.offer && !wish.require;
        sender.policy = match (wish.accept || ends, wish.reject) {
            (true, _) => MuxPolicy::Accept,
            (false, true) => MuxPolicy::Reject,
            (false, false) => MuxPolicy::AsAnswered,
        };
        sender.offered = sender.said;
        let offered = sender.offered;
        sender.rtp_only = offered && ends;
        sender.active |= sender.rtp_only;
        let muxes = |media: &Media| media.mux.active && media.mux.said && !media.rejected;
        let receiver = &mut self.parties[between.receiver];
        let elsewhere = !receiver.medias[index].initialized && receiver.medias.iter().any(muxes);
        let receiver = &mut receiver.medias[index].mux;
        // Who muxes already goes on to, whether the sender does or not; and does so in new sections that ask for it.
        let muxes = offered || (receiver.active && receiver.said);
        receiver.offered = (muxes && !wish.demux) || wish.offer || wish.require;
        receiver.rtp_only = wish.require;
        let goes_on = (receiver.active && receiver.said) || elsewhere;
        receiver.active = receiver.rtp_only || (goes_on && receiver.offered);
    }

    /// What an answer agrees to, on both legs.
    pub(crate) fn settle_mux(&mut self, between: Dialogue, index: usize) {
        let callee = &mut self.parties[between.sender].medias[index].mux;
        let answered = callee.said && callee.offered;
        // Who says so without being asked does so too.
        callee.active = callee.rtp_only || callee.said;
        let caller = &mut self.parties[between.receiver].medias[index].mux;
        caller.active = caller.offered
            && match caller.policy {
                MuxPolicy::AsAnswered => answered,
                MuxPolicy::Accept => true,
                MuxPolicy::Reject => false,
            };
    }
}
