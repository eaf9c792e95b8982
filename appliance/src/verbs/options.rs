use super::security;
use call::{BundleWish, Family, IceLite, IceWish, MuxWish, Options, Replace, RtcpAttribute};
use flow::{Gate, Learning};
use ng::Request;
use ng::request::AttributeChange;
use ng::request::options::{AddressFamily, Bundle, DropTraffic, EndpointLearning, IceMode, RtcpMux};
use ng::request::{Flag, options};
use sdp::{AttributeEdits, CodecEdits, CodecSpec, Field};

/// What the client wants, freed of its spellings.
pub(super) fn of<'a>(request: &'a Request<'_>) -> Options<'a> {
    let mut wanted = Options {
        media_address: request.network.media_address,
        family: request.network.address_family.map(|f| match f {
            AddressFamily::Ip4 => Family::V4,
            AddressFamily::Ip6 => Family::V6,
        }),
        received_from: request.network.received_from,
        trust_address: trust(request),
        transport: transport(request),
        replace: replace(request),
        mux: mux(request),
        bundle: bundle(request),
        generate_rtcp: request.rtcp.generate.or(request.has(Flag::GenerateRtcp).then_some(true)),
        rtcp_attribute: rtcp_attribute(request),
        ice: ice(request),
        ice_lite: ice_lite(request),
        trickle: request.has(Flag::TrickleIce),
        ice2: request.ice.ice2,
        passthrough: request.path.passthrough.or_else(|| passthrough(request)),
        reject_ice: request.has(Flag::RejectIce),
        reset: request.has(Flag::Reset),
        original_sendrecv: request.has(Flag::OriginalSendrecv),
        generate_mid: request.has(Flag::GenerateMid),
        loop_protect: request.has(Flag::LoopProtect),
        sdes: security::sdes(request),
        osrtp: security::osrtp(request),
        recrypt: request.has(Flag::Recrypt),
        dtls: security::dtls(request),
        strip_extmap: request.has(Flag::StripExtmap),
        codecs: codecs(request),
        attributes: attributes(request),
        remove_media: request.edit.media_remove.iter().map(|kind| &**kind).collect(),
        single_codec: request.has(Flag::SingleCodec),
        ptime: request.codecs.ptime_ms.and_then(|p| u32::try_from(p).ok()).filter(|p| *p > 0),
        port_latching: latching(request),
        learning: learning(request),
        asymmetric: request.has(Flag::Asymmetric),
        gate: gate(request),
        tos: request.path.tos.and_then(tos),
        shut: request.path.drop_traffic.map(|said| said == DropTraffic::Start),
        pierce: request.has(Flag::PierceNat),
        one_way: request.has(Flag::Unidirectional),
        metadata: request.recording.metadata.as_deref().filter(|text| !text.is_empty()),
        unrecorded: request.has(Flag::ExcludeRecording),
        ..Options::default()
    };
    interfaces(request, &mut wanted);
    wanted
}

fn interfaces<'a>(request: &'a Request<'_>, wanted: &mut Options<'a>) {
    if let Some(name) = &request.network.from_interface {
        wanted.towards_sender = Some(name.as_bytes());
    }
    if let Some(name) = &request.network.to_interface {
        wanted.towards_receiver = Some(name.as_bytes());
    }
}

fn trust(request: &Request<'_>) -> Option<bool> {
    match (request.has(Flag::TrustAddress), request.has(Flag::SipSourceAddress)) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    }
}

fn transport(request: &Request<'_>) -> Option<&'static [u8]> {
    request.transport.profile.map(|profile| match profile {
        options::Profile::Avp => b"RTP/AVP".as_slice(),
        options::Profile::Savp => b"RTP/SAVP",
        options::Profile::Avpf => b"RTP/AVPF",
        options::Profile::Savpf => b"RTP/SAVPF",
        options::Profile::DtlsSavp => b"UDP/TLS/RTP/SAVP",
        options::Profile::DtlsSavpf => b"UDP/TLS/RTP/SAVPF",
        options::Profile::Udptl => b"udptl",
    })
}

fn replace(request: &Request<'_>) -> Replace {
    let said = &request.edit.replace;
    Replace {
        origin: said.has(options::Replace::Origin) || said.has(options::Replace::OriginFull),
        origin_full: said.has(options::Replace::OriginFull),
        session_name: said.has(options::Replace::SessionName),
        version: said.has(options::Replace::SdpVersion) || said.has(options::Replace::OriginFull),
        force_version: said.has(options::Replace::SdpVersion)
            && said.has(options::Replace::ForceIncrementSdpVersion),
        zero_address: said.has(options::Replace::ZeroAddress),
    }
}

fn mux(request: &Request<'_>) -> MuxWish {
    let said = &request.rtcp.mux;
    MuxWish {
        offer: said.has(RtcpMux::Offer),
        require: said.has(RtcpMux::Require),
        demux: said.has(RtcpMux::Demux),
        accept: said.has(RtcpMux::Accept),
        reject: said.has(RtcpMux::Reject),
    }
}

fn bundle(request: &Request<'_>) -> BundleWish {
    let said = &request.rtcp.bundle;
    let offer = said.has(Bundle::Offer) || said.has(Bundle::Require) || said.has(Bundle::Strict);
    let require = said.has(Bundle::Require);
    BundleWish { accept: said.has(Bundle::Accept) && !said.has(Bundle::Reject), offer, require }
}

fn rtcp_attribute(request: &Request<'_>) -> RtcpAttribute {
    if request.has(Flag::NoRtcpAttribute) {
        RtcpAttribute::Absent
    } else if request.has(Flag::FullRtcpAttribute) {
        RtcpAttribute::Full
    } else {
        RtcpAttribute::Short
    }
}

fn ice(request: &Request<'_>) -> IceWish {
    match request.ice.mode {
        None => IceWish::Unsaid,
        Some(IceMode::Default) => IceWish::Default,
        Some(IceMode::Remove) => IceWish::Remove,
        Some(IceMode::Force) => IceWish::Force,
        Some(IceMode::Optional) => IceWish::Optional,
        Some(IceMode::ForceRelay) => IceWish::ForceRelay,
    }
}

fn ice_lite(request: &Request<'_>) -> IceLite {
    let (forward, backward) = match request.ice.lite {
        None => return IceLite::default(),
        Some(options::IceLite::Forward) => (true, false),
        Some(options::IceLite::Backward) => (false, true),
        Some(options::IceLite::Both) => (true, true),
        Some(options::IceLite::Off) => (false, false),
    };
    IceLite { forward: Some(forward), backward: Some(backward) }
}

fn learning(request: &Request<'_>) -> Option<Learning> {
    match request.path.endpoint_learning {
        Some(EndpointLearning::Off) => Some(Learning::Off),
        Some(EndpointLearning::Immediate) => Some(Learning::Immediate),
        Some(EndpointLearning::Delayed) => Some(Learning::Delayed),
        Some(EndpointLearning::Heuristic) => Some(Learning::Heuristic),
        None if request.has(Flag::Symmetric) => Some(Learning::Heuristic),
        None => None,
    }
}

fn gate(request: &Request<'_>) -> Option<Gate> {
    if request.has(Flag::StrictSource) {
        Some(Gate::Strict)
    } else if request.has(Flag::MediaHandover) {
        Some(Gate::Handover)
    } else {
        None
    }
}

fn latching(request: &Request<'_>) -> Option<bool> {
    match (request.has(Flag::PortLatching), request.has(Flag::NoPortLatching)) {
        (_, true) => Some(false),
        (true, false) => Some(true),
        (false, false) => None,
    }
}

fn passthrough(request: &Request<'_>) -> Option<bool> {
    match (request.has(Flag::Passthrough), request.has(Flag::NoPassthrough)) {
        (_, true) => Some(false),
        (true, false) => Some(true),
        (false, false) => None,
    }
}

/// 256 and more mean the configured byte, less than 0 means unchanged.
fn tos(value: i64) -> Option<Option<u8>> {
    match value {
        ..0 => None,
        value => Some(u8::try_from(value).ok()),
    }
}

fn codecs<'a>(request: &'a Request<'_>) -> CodecEdits<'a> {
    let specs =
        |list: &'a [ng::Text<'_>]| list.iter().map(|text| CodecSpec::parse(&**text)).collect::<Vec<_>>();
    let said = &request.codecs;
    let mut mask = specs(&said.mask);
    mask.extend(specs(&said.consume));
    CodecEdits { strip: specs(&said.strip), mask, except: specs(&said.except), offer: specs(&said.offer) }
}

fn attributes<'a>(request: &'a Request<'_>) -> AttributeEdits<'a> {
    let mut edits = AttributeEdits::default();
    for edit in &request.edit.attributes {
        let scope = edits.scope_mut(Field::from(&*edit.scope));
        match &edit.change {
            AttributeChange::Add(text) => scope.add.push(Field::from(&**text)),
            AttributeChange::Remove(text) => scope.remove.push(Field::from(&**text)),
            AttributeChange::Substitute(from, to) => {
                scope.substitute.push((Field::from(&**from), Field::from(&**to)));
            }
        }
    }
    edits
}
