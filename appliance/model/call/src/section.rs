use crate::media::{Media, OfferedCodec, Transport, is_hold};
use crate::{Family, Options, Settings};
use sdp::{Name, Profile, Section};
use std::net::{IpAddr, SocketAddr};

/// Stands where candidates alone will say where (RFC 8839 §4.3.1).
const NO_PORT_YET: u16 = 9;

impl Media {
    /// Takes in what the party's SDP says about this section.
    pub(crate) fn take_in(&mut self, section: &Section<'_, '_>, options: &Options<'_>, settings: &Settings) {
        self.kind = section.kind.as_bytes().into();
        self.protocol = section.protocol.as_bytes().into();
        self.transport = transport(section);
        self.initialized = true;
        self.rejected = section.is_rejected();
        if self.rejected {
            // Nothing is relayed, whatever it says; it is told as it was said.
            let direction = section.direction().unwrap_or_default();
            (self.recv, self.send) = (direction.sends(), direction.receives());
            return;
        }
        self.formats = section.formats.as_bytes().into();
        self.mid = section.mid().map(|m| m.as_bytes().into());
        self.ptime = section.ptime();
        self.mux.said = section.rtcp_mux();
        self.bundling.take_in(section);
        self.feedback = section.media().first(Name::RtcpFb).is_some();
        self.take_in_endpoints(section, options, settings);
        // With ICE, 0.0.0.0 may say that candidates are still to come (RFC 8840 §4.1.1).
        let to_come = section.port == NO_PORT_YET || section.ice_option("trickle");
        let trickles = section.ice_ufrag().is_some() && to_come;
        self.holds = self.rtp.is_some_and(|at| is_hold(at.ip())) && !trickles;
        let direction = section.direction().unwrap_or_default();
        self.recv = direction.sends();
        self.send = direction.receives() && !self.holds;
        self.unmixed = !section.extmaps().is_empty() && !section.extmap_allow_mixed();
        if section.profile.is_rtp() {
            self.codecs = section.codecs().iter().map(OfferedCodec::of).collect();
        }
    }

    /// The profile this party is told: the one asked for, else the one it has (`keeps`: an answer does not change what was
    /// offered, and an offer only when its sender speaks another profile than before), else the sender's.
    pub(crate) fn choose_protocol(&mut self, section: &Section<'_, '_>, asked: Option<&[u8]>, keeps: bool) {
        let rtp = section.profile.is_rtp();
        if let Some(asked) = asked.filter(|_| rtp) {
            self.asked = Some(asked.into());
            self.protocol = asked.into();
        } else if !(rtp && keeps && Profile::of(&self.protocol).is_rtp()) {
            self.asked = self.asked.take().filter(|_| !rtp);
            self.protocol = section.protocol.as_bytes().into();
        }
    }

    fn take_in_endpoints(&mut self, section: &Section<'_, '_>, options: &Options<'_>, settings: &Settings) {
        let Some(connection) = section.connection() else { return };
        let trusted = options.trust_address.unwrap_or(!settings.sip_source);
        let believed = |addr: IpAddr| match options.received_from {
            Some(source) if !trusted => source,
            _ => addr,
        };
        let addr = believed(connection.address);
        self.rtp = Some(SocketAddr::new(addr, section.port));
        let rtcp = section.rtcp();
        let rtcp_port = rtcp.map_or(section.port.wrapping_add(1), |r| r.port);
        let rtcp_addr = rtcp.and_then(|r| r.address).filter(|at| !is_hold(*at)).map_or(addr, believed);
        self.rtcp = Some(SocketAddr::new(rtcp_addr, rtcp_port));
        self.family = Family::of(addr);
    }
}

/// How a section is relayed.
pub(crate) fn transport(section: &Section<'_, '_>) -> Transport {
    match section.profile {
        profile if profile.is_rtp() => Transport::Rtp,
        Profile::Udptl => Transport::Opaque,
        _ if section.protocol.len() >= 3 && section.protocol[..3].eq_ignore_ascii_case(b"TCP") => {
            Transport::Untouched
        }
        _ => Transport::Opaque,
    }
}
