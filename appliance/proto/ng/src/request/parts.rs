//! The groups of fields a [`super::Request`] is made of.

use std::net::IpAddr;

use super::options::{
    AddressFamily, AliasKey, All, Bundle, DtlsMode, DtmfSecurity, IceLite, IceMode, MusicMode, Osrtp,
    RecordCall, Replace, RtcpMux, SdesOption, T38,
};
use super::{Octets, Set, Text};
use crate::{Dict, Value};

/// Who is meant, besides Call-ID and tags.
#[derive(Clone, Debug, Default)]
pub struct Parties<'a> {
    /// `label` or `from-label`.
    pub label: Option<Octets<'a>>,
    /// `set-label`: the name the party gets.
    pub set_label: Option<Octets<'a>>,
    /// `to-label`.
    pub to_label: Option<Octets<'a>>,
    /// `from-tags`.
    pub from_tags: Vec<Text<'a>>,
    /// `address`, as typed: the party whose SDP has this media address.
    pub address: Option<Octets<'a>>,
    /// `all`.
    pub all: Option<All>,
    /// `to-call-id`.
    pub to_call_id: Option<Octets<'a>>,
    /// `source-tag`.
    pub source_tag: Option<Octets<'a>>,
    /// `source-call-id`.
    pub source_call_id: Option<Octets<'a>>,
    /// `alias-key`.
    pub alias_key: Option<AliasKey>,
}

/// Addresses and logical interfaces.
#[derive(Clone, Debug, Default)]
pub struct Network<'a> {
    /// `received from`: where the SIP message came from.
    pub received_from: Option<IpAddr>,
    /// `media address`: the address to write into the SDP.
    pub media_address: Option<IpAddr>,
    /// `address family` towards the receiver.
    pub address_family: Option<AddressFamily>,
    /// `from-interface`, or the first of `direction`: the interface towards the sender.
    pub from_interface: Option<Text<'a>>,
    /// `to-interface`, or the second of `direction`: the interface towards the receiver.
    pub to_interface: Option<Text<'a>>,
    /// `interface`.
    pub interface: Option<Text<'a>>,
    /// `peer`: choose the interface that reaches this address.
    pub peer: Option<IpAddr>,
    /// `inbound-peer`.
    pub inbound_peer: Option<IpAddr>,
    /// `outbound-peer`.
    pub outbound_peer: Option<IpAddr>,
}

/// ICE options. Trickle and rejecting are flags.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ice {
    /// `ICE`.
    pub mode: Option<IceMode>,
    /// `ICE-lite`, or `lite-…` in `ICE`.
    pub lite: Option<IceLite>,
    /// `ice2` in `ICE`: write the ICE2 option tag.
    pub ice2: bool,
}

/// Keying.
#[derive(Clone, Debug, Default)]
pub struct Security<'a> {
    /// `DTLS`.
    pub dtls: Option<DtlsMode>,
    /// `DTLS-fingerprint`: name of the hash.
    pub fingerprint: Option<Text<'a>>,
    /// Members of `SDES` without value.
    pub sdes: Set<SdesOption>,
    /// `SDES=no-SUITE`.
    pub sdes_no: Vec<Text<'a>>,
    /// `SDES=only-SUITE`.
    pub sdes_only: Vec<Text<'a>>,
    /// `SDES=order:A;B`.
    pub sdes_order: Vec<Text<'a>>,
    /// `SDES=offerer_pref:A;B`.
    pub sdes_offerer_pref: Vec<Text<'a>>,
    /// `OSRTP`.
    pub osrtp: Set<Osrtp>,
}

/// RTCP and bundling.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rtcp {
    /// `rtcp-mux`.
    pub mux: Set<RtcpMux>,
    /// `generate RTCP`.
    pub generate: Option<bool>,
    /// `bundle`.
    pub bundle: Set<Bundle>,
}

/// Rewriting of the SDP text.
#[derive(Clone, Debug, Default)]
pub struct SdpEdit<'a> {
    /// `replace`.
    pub replace: Set<Replace>,
    /// `sdp-attr`: changes per scope, in the order they came.
    pub attributes: Vec<AttributeEdit<'a>>,
    /// `sdp-media-remove`: media types to drop.
    pub media_remove: Vec<Text<'a>>,
    /// `strip` of `extmap`.
    pub extmap_strip: Vec<Text<'a>>,
    /// `mask` of `extmap`.
    pub extmap_mask: Vec<Text<'a>>,
}

/// One change of `sdp-attr`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeEdit<'a> {
    /// `none` or `global` for the session level, else a media type.
    pub scope: Text<'a>,
    /// What to do.
    pub change: AttributeChange<'a>,
}

/// What to do to an attribute; texts are without `a=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeChange<'a> {
    /// Add this attribute.
    Add(Text<'a>),
    /// Remove attributes that match this name, `name:tag` or whole text.
    Remove(Text<'a>),
    /// Write the second where the first stands.
    Substitute(Text<'a>, Text<'a>),
}

/// T.38.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fax {
    /// `T.38`.
    pub options: Set<T38>,
    /// `T.38 version`.
    pub version: Option<i64>,
}

/// DTMF security and `play DTMF`.
#[derive(Clone, Debug, Default)]
pub struct Dtmf<'a> {
    /// `DTMF-security`.
    pub security: Option<DtmfSecurity>,
    /// `DTMF-security-trigger`: mode once the trigger was dialled.
    pub security_trigger: Option<DtmfSecurity>,
    /// `DTMF-security-trigger-end`: mode once the end trigger was dialled.
    pub security_trigger_end: Option<DtmfSecurity>,
    /// `trigger`.
    pub trigger: Option<Text<'a>>,
    /// `trigger-end`.
    pub trigger_end: Option<Text<'a>>,
    /// `trigger-end-time` in milliseconds.
    pub trigger_end_time_ms: Option<i64>,
    /// `trigger-end-digits`.
    pub trigger_end_digits: Option<i64>,
    /// `frequency` or `frequencies` in Hz.
    pub frequencies: Vec<i64>,
    /// `volume` in dB.
    pub volume: Option<i64>,
    /// `digit` or `code`, as typed: a character or a number.
    pub digit: Option<Text<'a>>,
    /// `DTMF-delay` in milliseconds.
    pub delay_ms: Option<i64>,
    /// `DTMF-log-dest`.
    pub log_destination: Option<Text<'a>>,
}

/// Sounds.
#[derive(Clone, Debug, Default)]
pub struct Playback<'a> {
    /// `file`.
    pub file: Option<Text<'a>>,
    /// `blob`: the sound itself.
    pub blob: Option<Octets<'a>>,
    /// `blob64`: the sound itself in base64.
    pub blob64: Option<Text<'a>>,
    /// `db-id`.
    pub db_id: Option<i64>,
    /// `repeat-times`.
    pub repeat_times: Option<i64>,
    /// `repeat-duration` in milliseconds.
    pub repeat_duration_ms: Option<i64>,
    /// `start-pos` in milliseconds.
    pub start_pos_ms: Option<i64>,
    /// `duration` in milliseconds.
    pub duration_ms: Option<i64>,
    /// `pause` in milliseconds. `pause=yes` is [`super::Flag::Pause`].
    pub pause_ms: Option<i64>,
}

/// Recording.
#[derive(Clone, Debug, Default)]
pub struct Recording<'a> {
    /// `record-call`.
    pub call: Option<RecordCall>,
    /// `metadata`.
    pub metadata: Option<Octets<'a>>,
    /// `recording-file`.
    pub file: Option<Text<'a>>,
    /// `recording-dir`.
    pub dir: Option<Text<'a>>,
    /// `recording-pattern`.
    pub pattern: Option<Text<'a>>,
    /// `recording-path`: directory and file in one.
    pub path: Option<Text<'a>>,
    /// `vsc-start-rec`.
    pub vsc_start: Option<Text<'a>>,
    /// `vsc-stop-rec`.
    pub vsc_stop: Option<Text<'a>>,
    /// `vsc-start-stop-rec`.
    pub vsc_start_stop: Option<Text<'a>>,
    /// `vsc-pause-rec`.
    pub vsc_pause: Option<Text<'a>>,
    /// `vsc-pause-resume-rec`.
    pub vsc_pause_resume: Option<Text<'a>>,
    /// `vsc-start-pause-resume-rec`.
    pub vsc_start_pause_resume: Option<Text<'a>>,
    /// `recording-media-slot-offer`.
    pub media_slot_offer: Option<i64>,
    /// `recording-media-slot-answer`.
    pub media_slot_answer: Option<i64>,
    /// `recording-media-slots`.
    pub media_slots: Option<i64>,
}

/// `moh`.
#[derive(Clone, Debug, Default)]
pub struct Music<'a> {
    /// `mode`.
    pub mode: Option<MusicMode>,
    /// `connection=zero`.
    pub zero_connection: bool,
    /// What to play.
    pub sound: Playback<'a>,
}

/// Nested arguments of single commands, as they came.
#[derive(Clone, Debug, Default)]
pub struct Trees<'a> {
    /// `medias` of `create`.
    pub medias: Option<Value<'a>>,
    /// `codecs` of `create`.
    pub codecs: Option<Value<'a>>,
    /// `media` of `transform`.
    pub media: Option<Value<'a>>,
    /// `calls` of `mesh`.
    pub calls: Option<Value<'a>>,
    /// `tags` of `mesh`.
    pub tags: Option<Value<'a>>,
}

impl<'a> Trees<'a> {
    /// The dictionaries of a list such as [`Trees::media`].
    pub fn dicts<'t>(tree: &'t Option<Value<'a>>) -> impl Iterator<Item = &'t Dict<'a>> {
        tree.iter().filter_map(Value::as_list).flatten().filter_map(Value::as_dict)
    }
}
