//! What a proxy between browsers and telephones asks of the relay: the recipe of Kamailio's users.
//!
//! Towards the telephone `ICE=remove RTP/AVP rtcp-mux-demux`, towards the browser
//! `ICE=force UDP/TLS/RTP/SAVPF rtcp-mux-offer DTLS=passive SDES-off generate-mid`, both with
//! `trust-address replace-origin`, spelled as Kamailio's module spells them in ng.

use lab::{Value, call, ng};

/// Who shall get the SDP that comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Towards {
    /// The one with ICE and DTLS, on the wire `caller`.
    Browser,
    /// The one with plain RTP, on the wire `callee`.
    Phone,
}

impl Towards {
    fn apply(self, request: ng::Request, role: Role) -> ng::Request {
        let request = request.set("replace", Value::list(["origin"]));
        match self {
            Towards::Phone => request
                .flags(&["trust-address"])
                .set("ICE", "remove")
                .set("transport-protocol", "RTP/AVP")
                .set("rtcp-mux", Value::list(["demux"])),
            Towards::Browser => request
                .flags(&["trust-address", "generate-mid"])
                .set("ICE", "force")
                .set("transport-protocol", "UDP/TLS/RTP/SAVPF")
                .set("rtcp-mux", Value::list(["offer"]))
                .set("SDES", Value::list(["off"])),
        }
        // The word is meant for the side with DTLS; it only counts in offers, whichever way they go.
        .set("DTLS", role.word())
    }

    /// The interfaces of sender and receiver.
    fn direction(self) -> Value {
        let [browser, phone] = call::SIDES;
        Value::list(match self {
            Towards::Browser => [phone, browser],
            Towards::Phone => [browser, phone],
        })
    }
}

impl Towards {
    /// What the recipe has beside for browsers that bundle sections: towards telephones the group is accepted and ends,
    /// towards browsers there is one.
    pub fn bundled(self, request: ng::Request) -> ng::Request {
        request.set("bundle", Value::list([if self == Towards::Phone { "accept" } else { "offer" }]))
    }
}

/// Which end of the DTLS handshake the relay shall be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It waits for the stranger, as the recipe has it.
    Passive,
    /// It begins.
    Active,
}

impl Role {
    fn word(self) -> &'static str {
        match self {
            Role::Passive => "passive",
            Role::Active => "active",
        }
    }
}

/// An offer that the proxy passes on to `towards`.
pub fn offer(id: &str, sdp: &str, towards: Towards, role: Role) -> ng::Request {
    let request = ng::request("offer").set("call-id", id).set("from-tag", call::TAGS[0]);
    towards.apply(request.set("sdp", sdp).set("direction", towards.direction()), role)
}

/// The answer that the proxy passes back to `towards`.
pub fn answer(id: &str, sdp: &str, towards: Towards, role: Role) -> ng::Request {
    let request = ng::request("answer").set("call-id", id);
    let request = request.set("from-tag", call::TAGS[0]).set("to-tag", call::TAGS[1]);
    towards.apply(request.set("sdp", sdp), role)
}
