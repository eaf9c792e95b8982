//! RTCP as the JSON that Homer reads: the names are those of its other agents.

use rtp::rtcp::{Packet, ReportBlock, Type, walk};
use serde_json::{Map, Value, json};

/// Most report blocks told of one datagram; a compound of full packets has no more that are of use.
const BLOCKS: usize = 64;
/// Length of a VoIP metrics block behind its header (RFC 3611 §4.7), in bytes.
const VOIP: usize = 32;
const VOIP_BLOCK: u8 = 7;

/// What an RTCP datagram says, as JSON; `None` when there is no report in it that makes sense. Of several reports of one
/// kind in it the first is told, with the report blocks of all.
pub fn report(datagram: &[u8]) -> Option<String> {
    let mut told = Map::new();
    let mut blocks = Vec::new();
    let mut chunks = Vec::new();
    for packet in walk(datagram) {
        // What stands behind a packet that makes no sense cannot be found.
        let Ok(packet) = packet else { break };
        let kind = packet.header().kind;
        match kind {
            Type::SenderReport | Type::ReceiverReport => {
                if let (Some(info), None) = (packet.sender_info(), told.get("sender_information")) {
                    let said = json!({
                        "ntp_timestamp_sec": info.ntp >> 32,
                        // By this name the collectors know the fraction as it is on the wire.
                        "ntp_timestamp_usec": info.ntp & 0xffff_ffff,
                        "octets": info.octets,
                        "rtp_timestamp": info.timestamp,
                        "packets": info.packets,
                    });
                    told.insert("sender_information".to_owned(), said);
                    told.remove("ssrc");
                    told.remove("type");
                }
                told.entry("ssrc").or_insert_with(|| packet.ssrc().into());
                told.entry("type").or_insert_with(|| type_number(kind).into());
                blocks.extend(packet.reports().map(block));
                blocks.truncate(BLOCKS);
            }
            Type::SourceDescription => chunks.extend(items(&packet)),
            Type::ExtendedReport => {
                if let Some(metrics) = voip(packet.body()) {
                    told.entry("ssrc").or_insert_with(|| packet.ssrc().into());
                    told.entry("type").or_insert_with(|| type_number(kind).into());
                    told.entry("report_blocks_xr").or_insert(metrics);
                }
            }
            _ => {}
        }
    }
    // A description, a goodbye or feedback alone is no report.
    told.get("type")?;
    told.insert("report_count".to_owned(), blocks.len().into());
    told.insert("report_blocks".to_owned(), Value::Array(blocks));
    if !chunks.is_empty() {
        told.insert("sdes_report_count".to_owned(), chunks.len().into());
        told.insert("sdes_information".to_owned(), Value::Array(chunks));
    }
    Some(Value::Object(told).to_string())
}

fn type_number(kind: Type) -> u8 {
    match kind {
        Type::SenderReport => 200,
        Type::ExtendedReport => 207,
        _ => 201,
    }
}

fn block(block: ReportBlock) -> Value {
    json!({
        "source_ssrc": block.ssrc,
        "highest_seq_no": block.last_seq,
        "fraction_lost": block.fraction_lost,
        "ia_jitter": block.jitter,
        "packets_lost": block.lost,
        "lsr": block.last_sr,
        "dlsr": block.delay,
    })
}

/// The items of a source description (RFC 3550 §6.5): chunks of an SSRC and items that end with a zero.
fn items(packet: &Packet<'_>) -> Vec<Value> {
    let mut out = Vec::new();
    let mut rest = packet.body();
    for _ in 0..packet.header().count {
        let Some((ssrc, mut inner)) = rest.split_first_chunk::<4>() else { break };
        let ssrc = u32::from_be_bytes(*ssrc);
        while let [kind, len, after @ ..] = inner
            && *kind != 0
        {
            let Some((text, next)) = after.split_at_checked(usize::from(*len)) else { return out };
            let text = String::from_utf8_lossy(text);
            out.push(json!({ "sdes_chunk_ssrc": ssrc, "type": kind, "text": text }));
            inner = next;
        }
        // At least one zero, and on to the next four bytes.
        let read = packet.body().len() - inner.len();
        let Some(next) = packet.body().get(read + 4 - read % 4..) else { break };
        rest = next;
    }
    out
}

/// The first VoIP metrics block of an extended report.
fn voip(body: &[u8]) -> Option<Value> {
    let mut rest = body.get(4..)?;
    loop {
        let [kind, _, high, low, after @ ..] = rest else { return None };
        let len = usize::from(u16::from_be_bytes([*high, *low])) * 4;
        let inner = after.get(..len)?;
        if *kind == VOIP_BLOCK && len == VOIP {
            let short = |at: usize| u16::from_be_bytes([inner[at], inner[at + 1]]);
            let id = u32::from_be_bytes([inner[0], inner[1], inner[2], inner[3]]);
            return Some(json!({
                "type": kind,
                "id": id,
                "fraction_lost": inner[4],
                "fraction_discard": inner[5],
                "burst_density": inner[6],
                "gap_density": inner[7],
                "burst_duration": short(8),
                "gap_duration": short(10),
                "round_trip_delay": short(12),
                "end_system_delay": short(14),
                "signal_level": inner[16],
                "noise_level": inner[17],
                "rerl": inner[18],
                "gmin": inner[19],
                "r_factor": inner[20],
                "ext_r_factor": inner[21],
                "mos_lq": inner[22],
                "mos_cq": inner[23],
                "jb_nominal": short(26),
                "jb_maximum": short(28),
                "jb_abs_max": short(30),
            }));
        }
        rest = &after[len..];
    }
}
