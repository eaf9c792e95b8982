//! HTTPS, tokens and gRPC of a running daemon, asked by curl.

use lab::{LabError, Result, Topology};
use std::path::Path;
use std::process::Command;

const CONFIG: &str = "\
[[interface]]
name = \"caller\"
address = [\"198.51.100.1\"]
[[interface]]
name = \"callee\"
address = [\"203.0.113.1\"]
[control]
listen-http = [\"127.0.0.1:2225\"]
listen-https = [\"127.0.0.1:2226\"]
[http]
certificate = \"FOLDER/tls.pem\"
key = \"FOLDER/tls.key\"
token-file = \"FOLDER/tokens\"
";
const TOKEN: &str = "Authorization: Bearer correct-horse-battery";

fn openssl(folder: &Path) -> Result<()> {
    let out = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
        .args(["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-keyout", "tls.key", "-out", "tls.pem"])
        .current_dir(folder)
        .output()
        .map_err(LabError::io("running openssl"))?;
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    Ok(())
}

/// Status and body of an answer.
fn curl(net: &Topology, folder: &Path, arguments: &[&str]) -> Result<(String, Vec<u8>)> {
    let mut curl = net.relay.command("curl");
    let out = curl
        .args(["--silent", "--show-error", "--noproxy", "*", "--max-time", "60"])
        .args([
            "--cacert",
            &folder.join("tls.pem").to_string_lossy(),
            "--resolve",
            "localhost:2226:127.0.0.1",
        ])
        .args(["--write-out", "%{stderr}%{http_code}"])
        .args(arguments)
        .output()
        .map_err(LabError::io("running curl"))?;
    Ok((String::from_utf8_lossy(&out.stderr).into_owned(), out.stdout))
}

/// A field of a message that is a text.
fn text(number: u8, text: &str) -> Vec<u8> {
    let (low, high) = (text.len() & 0x7f, text.len() >> 7);
    assert!(high < 0x80);
    let length = if high == 0 { vec![low as u8] } else { vec![low as u8 | 0x80, high as u8] };
    [vec![number << 3 | 2], length, text.as_bytes().to_vec()].concat()
}

#[test]
fn https_tokens_and_grpc_are_there_when_configured() -> Result<()> {
    lab::need_root!();
    lab::need_tool!("curl", "openssl");
    let folder = tempfile::tempdir().map_err(LabError::io("making a folder"))?;
    let at = folder.path();
    openssl(at)?;
    std::fs::write(at.join("tokens"), "correct-horse-battery\n").map_err(LabError::io("writing tokens"))?;
    let net = Topology::new()?;
    let config = CONFIG.replace("FOLDER", &at.to_string_lossy());
    let daemon = lab::Daemon::within(&net.relay).config(&config)?.start()?;

    let secure = "https://localhost:2226";
    assert_eq!(curl(&net, at, &[&format!("{secure}/ping")])?, ("200".to_owned(), b"pong\n".to_vec()));
    assert_eq!(curl(&net, at, &[&format!("{secure}/metrics")])?.0, "401");
    assert_eq!(curl(&net, at, &["http://127.0.0.1:2225/metrics"])?.0, "401", "without TLS too");
    let (status, page) = curl(&net, at, &["-H", TOKEN, &format!("{secure}/metrics")])?;
    assert_eq!(status, "200");
    assert!(String::from_utf8_lossy(&page).contains("\nrtpengine_sessions{type=\"own\"} 0\n"));
    let (status, _) = curl(&net, at, &["http://127.0.0.1:2226/ping"])?;
    assert_ne!(status, "200", "nothing without TLS there");

    let offer = [
        text(1, "grpc-call"),
        text(2, "a"),
        text(5, "v=0\r\no=a 1 1 IN IP4 198.51.100.10\r\ns=-\r\nc=IN IP4 198.51.100.10\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"),
    ]
    .concat();
    let frame = [vec![0], (offer.len() as u32).to_be_bytes().to_vec(), offer].concat();
    let file = at.join("offer.bin");
    std::fs::write(&file, frame).map_err(LabError::io("writing a message"))?;
    let body = format!("@{}", file.display());
    let grpc = |path: &str| -> Result<(String, Vec<u8>)> {
        let url = format!("{secure}/rtpengine.v1.Rtpengine/{path}");
        let headers = ["-H", TOKEN, "-H", "Content-Type: application/grpc", "-H", "TE: trailers"];
        curl(&net, at, &[&headers[..], &["--http2", "--data-binary", &body, &url]].concat())
    };
    let (status, reply) = grpc("Offer")?;
    let reply = String::from_utf8_lossy(&reply);
    assert!(
        status == "200" && reply.contains("m=audio 3") && reply.contains("c=IN IP4 198.51.100.1\r\n"),
        "{status}: {reply}"
    );
    let calls = daemon.ng()?.ok(&lab::ng::request("list"))?;
    assert!(format!("{calls:?}").contains("grpc-call"), "{calls:?}");
    daemon.stop()?;
    Ok(())
}
