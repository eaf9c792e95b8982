//! The page of metrics: every name is documented, and nothing is documented that is not there.

use lab::Call;
use std::collections::BTreeSet;
use watch::{HTTP, PATIENCE, Page, Scene, get, repository};

/// Names of a real rtpengine 26 that has relayed a call, apart from its poll threads (`poller_…`).
const UPSTREAM: &str = "\
    bytes_total call_duration2_total call_duration_avg call_duration_total closed_sessions_total errors_total
    interface_bytes interface_duplicates interface_errors interface_jitter2_total
    interface_jitter_measured2_total interface_jitter_measured_samples_total interface_jitter_measured_total
    interface_jitter_samples_total interface_jitter_total interface_mos2_total interface_mos_samples_total
    interface_mos_total interface_packetloss2_total interface_packetloss_samples_total
    interface_packetloss_total interface_packets interface_packets_lost interface_rtt_dsct2_total
    interface_rtt_dsct_samples_total interface_rtt_dsct_total interface_rtt_e2e2_total
    interface_rtt_e2e_samples_total interface_rtt_e2e_total jitter2_total jitter_measured2_total
    jitter_measured_samples_total jitter_measured_total jitter_samples_total jitter_total media_cache
    mediastreams mos2_total mos_samples_total mos_total one_way_sessions_total packet_errors_total
    packetloss2_total packetloss_samples_total packetloss_total packets_lost packets_total player_cache ports
    ports_free ports_used request_seconds_total requests_total rtp_duplicates rtp_reordered rtp_seq_resets
    rtp_skips rtt_dsct2_total rtt_dsct_samples_total rtt_dsct_total rtt_e2e2_total rtt_e2e_samples_total
    rtt_e2e_total sessions sessions_total transcoded_media uptime_seconds zero_packet_streams_total";

#[test]
fn the_page_is_the_documented_one() -> lab::Result<()> {
    lab::need_root!();
    let scene = Scene::open(|daemon| daemon)?;
    scene.talk()?;
    let page = Page::parse(&scene.metrics()?);
    let documented = repository("appliance/docs/metrics.md");
    let rows: String = documented
        .lines()
        .filter(|line| line.starts_with("| `rtpengine_"))
        .map(|line| format!("{line}\n"))
        .collect();
    let table = page.table();
    assert!(rows == table, "the table of appliance/docs/metrics.md should be:\n\n{table}");
    let names: BTreeSet<&str> = page.metrics.keys().map(String::as_str).collect();
    for name in UPSTREAM.split_ascii_whitespace() {
        assert!(names.contains(&*format!("rtpengine_{name}")), "{name} is missing");
    }
    Ok(())
}

#[test]
fn reports_and_traffic_are_counted_where_they_belong() -> lab::Result<()> {
    lab::need_root!();
    let mut scene = Scene::open(|daemon| daemon)?;
    scene.talk()?;
    scene.report()?;
    scene.report()?;
    // Reports are looked at once a second.
    let mut page = Page::default();
    let relay = scene.net.relay.clone();
    scene.daemon.process().wait_until("all reports to be counted", PATIENCE, |_| {
        page = Page::parse(&get(&relay, HTTP, "/metrics").expect("a page"));
        page.samples["rtpengine_jitter_samples_total"] >= 4.0
    })?;
    let value = |name: &str| {
        page.samples.get(&format!("rtpengine_{name}")).copied().unwrap_or_else(|| panic!("{name}"))
    };
    assert_eq!(value("jitter_total"), 4.0 * 5.0, "40 ticks of 8 kHz are 5 ms");
    assert!((value("packetloss_total") - 4.0 * 500.0 / 256.0).abs() < 0.001);
    assert_eq!(value("rtt_dsct_samples_total"), 4.0);
    assert!(value("rtt_e2e_samples_total") >= 3.0 && value("mos_samples_total") >= 3.0);
    let mos = value("mos_total") / value("mos_samples_total");
    assert!((1.0..4.5).contains(&mos), "{mos}");
    assert_eq!(value("rtcp_unread_total"), 0.0);
    // 20 packets of media each way and four of RTCP, by the address they came to and left from.
    let leg = &scene.net.caller;
    let address = leg.relay(lab::Family::V4);
    for direction in ["ingress", "egress"] {
        let labels = |name: &str| {
            format!("interface_{name}{{name=\"caller\",address=\"{address}\",direction=\"{direction}\"}}")
        };
        assert_eq!(value(&labels("packets")), 24.0, "{direction}");
        assert!(value(&labels("bytes")) > 24.0 * 12.0);
        assert_eq!(value(&labels("errors")), 0.0);
    }
    let reported = format!("interface_jitter_samples_total{{name=\"caller\",address=\"{address}\"}}");
    assert_eq!(value(&reported), 2.0, "those of the caller");
    let Scene { daemon, call, .. } = scene;
    Call::delete(call, &mut daemon.ng()?)?;
    daemon.stop()?;
    Ok(())
}
