//! The table of dictionary keys: which field each fills and how its value is read.

use super::fill::{Slot, add, choose, fill};
use super::member::{self, Member, Table};
use super::options::{AddressFamily, DtlsMode, RecordCall, Switch};
use super::unknown::lossy;
use super::{Flag, Octets, Request, Unknown, nested, words};
use crate::Value;

use Slot::{Choice, Int, Ip, Octets as Raw, Special, Text as One, Texts, Tree, Words};

/// Every key in all its spellings, with the first one for warnings.
const KEYS: &Table<(&str, Slot)> = &member::table::<(&str, Slot), _>(concat_rows());

/// Names in the notation of [`member`].
const ROWS: &[(&[&str], Slot)] = &[
    (&["call id"], Raw(|r| &mut r.call_id)),
    (&["from-tag"], Raw(|r| &mut r.from_tag)),
    (&["to tag", "to_tag"], Raw(|r| &mut r.to_tag)),
    (&["via-branch"], Raw(|r| &mut r.via_branch)),
    (&["SDP"], Raw(|r| &mut r.sdp)),
    (&["flags"], Special(words::apply_list)),
    (&["rtpp-flags", "rtpp_flags"], Special(words::apply_raw)),
    (&["template"], Texts(|r| &mut r.wanted_templates)),
    (&["label", "from-label"], Raw(|r| &mut r.parties.label)),
    (&["set-label"], Raw(|r| &mut r.parties.set_label)),
    (&["to-label"], Raw(|r| &mut r.parties.to_label)),
    (&["from-tags"], Texts(|r| &mut r.parties.from_tags)),
    (&["address"], Raw(|r| &mut r.parties.address)),
    (&["all"], Choice(|r, w| choose(&mut r.parties.all, w))),
    (&["to-call-id"], Raw(|r| &mut r.parties.to_call_id)),
    (&["source-tag"], Raw(|r| &mut r.parties.source_tag)),
    (&["source-call-id"], Raw(|r| &mut r.parties.source_call_id)),
    (&["alias-key"], Choice(|r, w| choose(&mut r.parties.alias_key, w))),
    (&["received from"], Special(nested::received_from)),
    (&["media address"], Ip(|r| &mut r.network.media_address)),
    (&["address family"], Choice(address_family)),
    (&["direction"], Special(nested::direction)),
    (&["from-interface"], One(|r| &mut r.network.from_interface)),
    (&["to-interface"], One(|r| &mut r.network.to_interface)),
    (&["interface"], One(|r| &mut r.network.interface)),
    (&["peer"], Ip(|r| &mut r.network.peer)),
    (&["inbound-peer"], Ip(|r| &mut r.network.inbound_peer)),
    (&["outbound-peer"], Ip(|r| &mut r.network.outbound_peer)),
    (&["transport protocol"], Choice(words::transport)),
    (&["ICE"], Special(nested::ice)),
    (&["ICE lite"], Choice(|r, w| choose(&mut r.ice.lite, w))),
    (&["DTLS", "DTLS-reverse"], Words(dtls)),
    (&["DTLS fingerprint"], One(|r| &mut r.security.fingerprint)),
    (&["SDES"], Words(words::sdes)),
    (&["OSRTP"], Words(|r, w| add(&mut r.security.osrtp, w))),
    (&["rtcp-mux"], Words(|r, w| add(&mut r.rtcp.mux, w))),
    (&["generate RTCP"], Choice(generate_rtcp)),
    (&["BUNDLE"], Words(|r, w| add(&mut r.rtcp.bundle, w))),
    (&["codec"], Special(nested::codec)),
    (&["ptime"], Int(|r| &mut r.codecs.ptime_ms)),
    (&["ptime reverse"], Int(|r| &mut r.codecs.ptime_reverse_ms)),
    (&["replace"], Words(|r, w| add(&mut r.edit.replace, w))),
    (&["sdp-attr"], Special(nested::sdp_attr)),
    (&["sdp-media-remove", "sdp_media_remove"], Special(nested::media_remove)),
    (&["extmap"], Special(nested::extmap)),
    (&["endpoint learning"], Words(|r, w| choose(&mut r.path.endpoint_learning, w))),
    (&["media echo"], Choice(|r, w| choose(&mut r.path.media_echo, w))),
    (&["drop traffic"], Choice(|r, w| choose(&mut r.path.drop_traffic, w))),
    (&["passthrough"], Choice(|r, w| switch(&mut r.path.passthrough, w))),
    (&["delay buffer"], Int(|r| &mut r.path.delay_buffer_ms)),
    (&["TOS"], Int(|r| &mut r.path.tos)),
    (&["audio player"], Choice(|r, w| choose(&mut r.path.audio_player, w))),
    (&["T.38", "T38"], Words(|r, w| add(&mut r.fax.options, w))),
    (&["T.38 version", "T38 version"], Int(|r| &mut r.fax.version)),
    (&["DTMF security"], Choice(|r, w| choose(&mut r.dtmf.security, w))),
    (&["DTMF security trigger"], Choice(|r, w| choose(&mut r.dtmf.security_trigger, w))),
    (&["DTMF security trigger end"], Choice(|r, w| choose(&mut r.dtmf.security_trigger_end, w))),
    (&["trigger"], One(|r| &mut r.dtmf.trigger)),
    (&["trigger end", "end trigger"], One(|r| &mut r.dtmf.trigger_end)),
    (&["trigger end time"], Int(|r| &mut r.dtmf.trigger_end_time_ms)),
    (&["trigger end digits"], Int(|r| &mut r.dtmf.trigger_end_digits)),
    (&["frequency", "frequencies"], Special(nested::frequencies)),
    (&["volume"], Int(|r| &mut r.dtmf.volume)),
    (&["digit", "code"], Special(nested::digit)),
    (&["DTMF delay"], Int(|r| &mut r.dtmf.delay_ms)),
    (&["DTMF-log-dest"], One(|r| &mut r.dtmf.log_destination)),
    (&["file"], One(|r| &mut r.playback.file)),
    (&["blob"], Raw(|r| &mut r.playback.blob)),
    (&["blob64"], One(|r| &mut r.playback.blob64)),
    (&["db-id"], Int(|r| &mut r.playback.db_id)),
    (&["repeat-times"], Int(|r| &mut r.playback.repeat_times)),
    (&["repeat-duration"], Int(|r| &mut r.playback.repeat_duration_ms)),
    (&["start-pos"], Int(|r| &mut r.playback.start_pos_ms)),
    (&["duration"], Int(|r| &mut r.playback.duration_ms)),
    (&["pause"], Special(nested::pause)),
    (&["record call"], Choice(record_call)),
    (&["metadata"], Raw(|r| &mut r.recording.metadata)),
    (&["recording file", "output file"], One(|r| &mut r.recording.file)),
    (
        &[
            "recording dir",
            "recording directory",
            "recording folder",
            "output dir",
            "output directory",
            "output folder",
        ],
        One(|r| &mut r.recording.dir),
    ),
    (&["recording pattern", "output pattern"], One(|r| &mut r.recording.pattern)),
    (
        &[
            "recording path",
            "recording dest",
            "recording destination",
            "output path",
            "output dest",
            "output destination",
        ],
        One(|r| &mut r.recording.path),
    ),
    (&["vsc-start-rec"], One(|r| &mut r.recording.vsc_start)),
    (&["vsc-stop-rec"], One(|r| &mut r.recording.vsc_stop)),
    (&["vsc-start-stop-rec"], One(|r| &mut r.recording.vsc_start_stop)),
    (&["vsc-pause-rec"], One(|r| &mut r.recording.vsc_pause)),
    (&["vsc-pause-resume-rec"], One(|r| &mut r.recording.vsc_pause_resume)),
    (&["vsc-start-pause-resume-rec"], One(|r| &mut r.recording.vsc_start_pause_resume)),
    (&["recording-media-slot-offer"], Int(|r| &mut r.recording.media_slot_offer)),
    (&["recording-media-slot-answer"], Int(|r| &mut r.recording.media_slot_answer)),
    (&["recording-media-slots"], Int(|r| &mut r.recording.media_slots)),
    (&["MOH"], Special(nested::music)),
    (&["delete delay", "delete_delay"], Int(|r| &mut r.delete_delay)),
    (&["limit"], Int(|r| &mut r.limit)),
    (&["body"], One(|r| &mut r.body)),
    (&["supports"], Texts(|r| &mut r.supports)),
    (&["SIP-message-type", "SIP_message_type"], One(|r| &mut r.sip_message_type)),
    (&["SIP-code", "SIP_code"], Int(|r| &mut r.sip_code)),
    (&["xmlrpc-callback"], Ip(|r| &mut r.xmlrpc_callback)),
    (&["instance"], One(|r| &mut r.instance)),
    (&["medias"], Tree(|r| &mut r.trees.medias)),
    (&["codecs"], Tree(|r| &mut r.trees.codecs)),
    (&["media"], Tree(|r| &mut r.trees.media)),
    (&["calls"], Tree(|r| &mut r.trees.calls)),
    (&["tags"], Tree(|r| &mut r.trees.tags)),
];

/// How many spellings the rows hold.
const SPELLINGS: usize = {
    let (mut row, mut count) = (0, 0);
    while row < ROWS.len() {
        count += ROWS[row].0.len();
        row += 1;
    }
    count
};

/// One table entry per spelling.
const fn concat_rows() -> [(&'static str, (&'static str, Slot)); SPELLINGS] {
    let mut out = [("", ("", ROWS[0].1)); SPELLINGS];
    let (mut row, mut at) = (0, 0);
    while row < ROWS.len() {
        let mut name = 0;
        while name < ROWS[row].0.len() {
            out[at] = (ROWS[row].0[name], (ROWS[row].0[0], ROWS[row].1));
            at += 1;
            name += 1;
        }
        row += 1;
    }
    out
}

/// The slot of a key, with the name it is warned about.
pub(crate) fn slot(key: &[u8]) -> Option<(&'static str, Slot)> {
    member::find(KEYS, key)
}

/// Reads one dictionary pair.
pub(crate) fn apply<'a>(request: &mut Request<'a>, key: &Octets<'a>, value: &Value<'a>) {
    match slot(key) {
        Some((name, slot)) => fill(request, name, slot, value),
        None => request.unknown.push(Unknown::Key(lossy(key.clone()), value.clone())),
    }
}

/// A word that is no family takes back an earlier one.
fn address_family(request: &mut Request<'_>, word: &[u8]) -> bool {
    request.network.address_family = AddressFamily::named(word);
    request.network.address_family.is_some()
}

/// `off` stays, whatever is said later.
fn dtls(request: &mut Request<'_>, word: &Octets<'_>) -> bool {
    let mode = &mut request.security.dtls;
    match mode {
        Some(DtlsMode::Off) => choose(&mut None::<DtlsMode>, word),
        _ => choose(mode, word),
    }
}

/// Only the flag of this name has the last word; what is neither yes nor no takes an earlier yes back.
fn record_call(request: &mut Request<'_>, word: &[u8]) -> bool {
    let mut said = None;
    let known = choose(&mut said, word);
    if said == Some(RecordCall::On) || !request.has(Flag::RecordCall) {
        request.recording.call = said;
    }
    known
}

/// `on` stays, and nothing else means yes.
fn generate_rtcp(request: &mut Request<'_>, word: &[u8]) -> bool {
    let on = word == b"on";
    let generate = &mut request.rtcp.generate;
    *generate = Some(on || *generate == Some(true));
    on || word == b"off"
}

fn switch(field: &mut Option<bool>, word: &[u8]) -> bool {
    Switch::named(word).map(|said| *field = Some(said == Switch::On)).is_some()
}
