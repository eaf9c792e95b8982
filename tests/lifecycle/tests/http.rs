//! Control over HTTP: ng, the text interface, metrics.

use lab::{Call, Daemon, LabError, Pace, Topology};
use lifecycle::PATIENCE;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::SocketAddr;

const AT: &str = "127.0.0.1:2225";

/// Status and body of an answer.
fn ask(net: &Topology, request: &str) -> lab::Result<(String, String)> {
    let at: SocketAddr = AT.parse().expect("an address");
    let mut stream = net.relay.tcp(at)?;
    let failed = |source: std::io::Error| LabError::Io { what: "an HTTP answer".to_owned(), source };
    stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
    stream.write_all(request.as_bytes()).map_err(failed)?;
    let mut said = String::new();
    stream.read_to_string(&mut said).map_err(failed)?;
    let (head, body) = said.split_once("\r\n\r\n").unwrap_or((&said, ""));
    Ok((head.split(' ').nth(1).unwrap_or_default().to_owned(), body.to_owned()))
}

fn get(net: &Topology, path: &str) -> lab::Result<(String, String)> {
    ask(net, &format!("GET {path} HTTP/1.1\r\nHost: {AT}\r\nConnection: close\r\n\r\n"))
}

fn post(net: &Topology, path: &str, body: &str) -> lab::Result<(String, String)> {
    let length = body.len();
    ask(
        net,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: {AT}\r\nConnection: close\r\n\
             Content-Type: application/x-rtpengine-ng\r\nContent-Length: {length}\r\n\r\n{body}"
        ),
    )
}

/// The samples of a page, which must be what Prometheus takes: each name announced once, with help and type, all its
/// samples after that and together, no sample twice, every value a number.
fn samples(page: &str) -> BTreeMap<String, f64> {
    let (mut announced, mut now) = (BTreeSet::new(), String::new());
    let mut found = BTreeMap::new();
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a name and a kind");
            assert_eq!(name, now, "the help comes first");
            assert!(["counter", "gauge"].contains(&kind), "{line}");
        } else if let Some(rest) = line.strip_prefix("# HELP ") {
            now = rest.split(' ').next().expect("a name").to_owned();
            assert!(announced.insert(now.clone()), "{now} is announced twice");
        } else {
            let (name, value) = line.rsplit_once(' ').expect("a sample");
            assert_eq!(name.split('{').next(), Some(&*now), "{line}");
            let value: f64 = value.parse().expect("a number");
            assert!(found.insert(name.to_owned(), value).is_none(), "{name} twice");
        }
    }
    found
}

#[test]
fn metrics_tell_of_calls_packets_and_paths() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = Daemon::on(&net).arg(format!("--listen-http={AT}")).start()?;
    let mut client = daemon.ng()?;
    let call = Call::set_up(&mut client, &net, "call", 4000)?;
    call.talk_perfectly(50, Pace::BRISK, PATIENCE)?;
    let (status, page) = get(&net, "/metrics")?;
    assert_eq!(status, "200");
    let samples = samples(&page);
    let value = |name: &str| {
        samples
            .get(&format!("rtpengine_{name}"))
            .copied()
            .unwrap_or_else(|| panic!("{name} is not in\n{page}"))
    };
    assert_eq!(value("sessions{type=\"own\"}"), 1.0);
    assert_eq!(value("sessions_total"), 1.0);
    assert_eq!(value("packets_total{type=\"userspace\"}"), 100.0);
    assert_eq!(value("packets_total{type=\"kernel\"}"), 0.0);
    assert_eq!(value("requests_total{proxy=\"127.0.0.1\",request=\"offer\"}"), 1.0);
    assert_eq!(value("streams{path=\"userspace\",reason=\"userspace-mode\"}"), 2.0);
    assert_eq!(value("streams{path=\"userspace\",reason=\"rtcp\"}"), 2.0);
    assert_eq!(value("path_streams{path=\"userspace\"}"), 4.0);
    assert_eq!(value("drops_total{reason=\"unknown-source\"}"), 0.0);
    assert_eq!(value("closed_sessions_total{reason=\"terminated\"}"), 0.0);
    let ports: f64 =
        samples.iter().filter(|(name, _)| name.starts_with("rtpengine_ports_used")).map(|s| s.1).sum();
    assert_eq!(ports, 4.0);
    call.delete(&mut client)?;
    daemon.stop()?;
    Ok(())
}

#[test]
fn ng_and_text_work_over_http_as_elsewhere() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = Daemon::on(&net).arg(format!("--listen-http={AT}")).start()?;
    assert_eq!(get(&net, "/ping")?, ("200".to_owned(), "pong\n".to_owned()));
    assert_eq!(post(&net, "/ng", "c1 d7:command4:pinge")?.1, "c1 d6:result4:ponge");
    assert_eq!(post(&net, "/ng", "c2 {\"command\":\"ping\"}")?.1, "c2 {\"result\":\"pong\"}");
    assert_eq!(post(&net, "/ng-plain", "{\"command\":\"ping\"}")?.1, "{\"result\":\"pong\"}");
    assert_eq!(post(&net, "/ng-plain", "no dictionary")?.0, "400");
    // A cookie is answered once, whatever way it comes again.
    let query = "c3 d7:call-id4:none7:command5:querye";
    let first = post(&net, "/ng", query)?.1;
    assert_eq!(post(&net, "/ng", query)?.1, first);
    let (_, page) = get(&net, "/metrics")?;
    let asked = samples(&page)["rtpengine_requests_total{proxy=\"127.0.0.1\",request=\"query\"}"];
    assert_eq!(asked, 1.0, "the second was answered from memory");
    let (status, text) = get(&net, "/cli/list%20numsessions")?;
    assert_eq!(status, "200");
    assert!(text.starts_with("Current sessions own: 0\n"), "{text}");
    daemon.stop()?;
    Ok(())
}
