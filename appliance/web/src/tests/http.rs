use super::{echo, plain, served};
use crate::{Options, Server};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

fn ask(at: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    said
}

fn get(at: SocketAddr, path: &str) -> String {
    ask(at, &format!("GET {path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n"))
}

fn post(at: SocketAddr, path: &str, kind: &str, body: &str) -> String {
    ask(
        at,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    )
}

fn status_and_body(said: &str) -> (&str, &str) {
    let (head, body) = said.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap(), body)
}

#[test]
fn every_path_answers() {
    let (_server, at) = served(plain(), echo);
    let ng = "application/x-rtpengine-ng";
    assert_eq!(status_and_body(&get(at, "/ping")), ("200", "pong\n"));
    assert_eq!(status_and_body(&get(at, "/metrics")), ("200", "up 1\n"));
    assert_eq!(status_and_body(&get(at, "/cli/list%20totals")), ("200", "line list totals\n"));
    assert_eq!(status_and_body(&get(at, "/cli/list+totals")), ("200", "line list totals\n"));
    assert_eq!(
        status_and_body(&post(at, "/cli", "text/plain", "list totals\r\n")),
        ("200", "line list totals\n")
    );
    assert_eq!(status_and_body(&post(at, "/ng", ng, "c d1:ai1ee")), ("200", "ng c d1:ai1ee"));
    assert_eq!(status_and_body(&post(at, "/ng-plain", ng, "de")), ("200", "plain de"));
    let json = post(at, "/ng-plain", "application/json; charset=utf-8", "{}");
    assert_eq!(status_and_body(&json), ("200", "plain {}"));
    assert!(json.to_ascii_lowercase().contains("content-type: application/json"), "{json}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let (_server, at) = served(plain(), echo);
    assert_eq!(status_and_body(&get(at, "/nothing")), ("404", "not found\n"));
    assert_eq!(status_and_body(&post(at, "/ng", "application/x-rtpengine-ng", "nonsense")).0, "400");
    assert_eq!(status_and_body(&get(at, "/ng")).0, "405");
    // What a form of some page on the web can send without asking.
    for kind in ["text/plain", "application/x-www-form-urlencoded"] {
        assert_eq!(status_and_body(&post(at, "/ng-plain", kind, "de")).0, "415");
    }
    let long = "x".repeat(crate::routes::MAX_BODY + 1);
    assert_eq!(status_and_body(&post(at, "/ng", "application/x-rtpengine-ng", &long)).0, "413");
}

#[test]
fn a_question_that_nobody_takes_is_an_error_at_once() {
    let (server, asked) = Server::start(plain(), || {}).unwrap();
    drop(asked);
    assert_eq!(status_and_body(&get(server.local_addresses()[0], "/metrics")).0, "504");
}

fn websocket(at: SocketAddr, protocol: &str, origin: Option<&str>) -> Result<Ws, tungstenite::Error> {
    use tungstenite::client::IntoClientRequest;
    let mut request = format!("ws://{at}/").into_client_request()?;
    request.headers_mut().insert("Sec-WebSocket-Protocol", protocol.parse().unwrap());
    if let Some(origin) = origin {
        request.headers_mut().insert("Origin", origin.parse().unwrap());
    }
    let stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    match tungstenite::client(request, stream) {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::HandshakeError::Failure(error)) => Err(error),
        Err(tungstenite::HandshakeError::Interrupted(_)) => panic!("the stream blocks"),
    }
}

type Ws = tungstenite::WebSocket<TcpStream>;

#[test]
fn subprotocols_of_the_websocket() {
    let (_server, at) = served(plain(), echo);
    for (protocol, sent, back) in [
        ("ng.rtpengine.com", "c de", "ng c de"),
        ("ng-plain.rtpengine.com", "de", "plain de"),
        ("cli.rtpengine.com", "list totals", "line list totals\n"),
        ("echo.rtpengine.com", "hello", "hello"),
    ] {
        let mut socket = websocket(at, protocol, None).unwrap();
        for message in
            [tungstenite::Message::text(sent), tungstenite::Message::binary(sent.as_bytes().to_vec())]
        {
            let binary = message.is_binary();
            socket.send(message).unwrap();
            let answer = socket.read().unwrap();
            assert_eq!(answer.is_binary(), binary, "{protocol}");
            assert_eq!(answer.into_data(), back.as_bytes(), "{protocol}");
        }
    }
}

#[test]
fn a_page_of_another_origin_gets_no_websocket() {
    let (_server, at) = served(plain(), echo);
    assert!(websocket(at, "ng.rtpengine.com", Some("http://evil.example")).is_err());
    assert!(websocket(at, "ng.rtpengine.com", Some(&format!("http://{at}"))).is_ok());
}

#[test]
fn the_end_does_not_wait_for_idle_clients_and_frees_the_address() {
    let (server, at) = served(plain(), echo);
    let mut idle = TcpStream::connect(at).unwrap();
    idle.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    assert_eq!(status_and_body(&get(at, "/ping")).0, "200", "so the idle one is accepted, too");
    drop(server);
    assert_eq!(idle.read(&mut [0]).unwrap(), 0, "closed");
    assert!(TcpStream::connect(at).is_err());
}

#[test]
fn only_so_many_connections_are_served_at_a_time() {
    let (_server, at) = served(Options { connections: 1, ..plain() }, echo);
    let mut first = TcpStream::connect(at).unwrap();
    first.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    first.write_all(b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert_eq!(&read_until(&mut first, b"pong\n")[..12], b"HTTP/1.1 200");
    let mut second = TcpStream::connect(at).unwrap();
    second.write_all(b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    second.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(second.read(&mut [0; 1]).is_err(), "it waits");
    drop(first);
    second.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    assert_eq!(&read_until(&mut second, b"pong\n")[..12], b"HTTP/1.1 200");
}

#[test]
fn a_connection_that_says_nothing_is_closed() {
    let (_server, at) = served(Options { idle: Duration::from_millis(200), ..plain() }, echo);
    let mut idle = TcpStream::connect(at).unwrap();
    idle.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // Some words of an HTTP/1.1 request and no end.
    idle.write_all(b"GET /ping HT").unwrap();
    let mut said = Vec::new();
    idle.read_to_end(&mut said).unwrap();
}

fn read_until(stream: &mut TcpStream, end: &[u8]) -> Vec<u8> {
    let mut said = Vec::new();
    while !said.ends_with(end) {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        said.push(byte[0]);
    }
    said
}
