use super::{echo, plain, served};
use crate::tls::Certificates;
use crate::{Error, Options, Server, Tls, Tokens};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Who signs certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A certificate for `localhost` and its key, in PEM.
    fn sign(&self) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }
}

fn files(folder: &Path, (certificate, key): &(String, String), client_ca: Option<&Authority>) -> Tls {
    fs::write(folder.join("server.pem"), certificate).unwrap();
    fs::write(folder.join("server.key"), key).unwrap();
    let client_ca = client_ca.map(|authority| {
        fs::write(folder.join("clients.pem"), authority.pem()).unwrap();
        folder.join("clients.pem")
    });
    Tls { certificate: folder.join("server.pem"), key: folder.join("server.key"), client_ca }
}

fn secure(tls: Tls) -> Options {
    Options { secure: vec!["127.0.0.1:0".parse().unwrap()], tls: Some(tls), ..Options::default() }
}

/// What a client that trusts `authority` and has a certificate or not is answered.
fn get(
    at: SocketAddr,
    path: &str,
    authority: &Authority,
    certificate: Option<&(String, String)>,
) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match certificate {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => builder
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
                PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
            )
            .unwrap(),
    };
    let name = ServerName::try_from("localhost").unwrap();
    let mut session = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut stream = Stream::new(&mut session, &mut stream);
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut said = String::new();
    match stream.read_to_string(&mut said) {
        // It may be closed without saying so once all is said.
        Err(why) if why.kind() != std::io::ErrorKind::UnexpectedEof || said.is_empty() => Err(why),
        _ => Ok(said),
    }
}

#[test]
fn the_same_is_served_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let (_server, at) = served(secure(files(folder.path(), &authority.sign(), None)), echo);
    assert!(get(at, "/ping", &authority, None).unwrap().ends_with("pong\n"));
    assert!(get(at, "/cli/list%20totals", &authority, None).unwrap().ends_with("line list totals\n"));
    assert!(get(at, "/ping", &Authority::new(), None).is_err(), "signed by another");
    let mut plain = TcpStream::connect(at).unwrap();
    plain.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    plain.write_all(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut said = Vec::new();
    let _ = plain.read_to_end(&mut said);
    assert!(!said.starts_with(b"HTTP"), "nothing without TLS");
}

#[test]
fn only_clients_with_a_certificate_are_served_where_one_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (servers, clients) = (Authority::new(), Authority::new());
    let (_server, at) = served(secure(files(folder.path(), &servers.sign(), Some(&clients))), echo);
    let good = get(at, "/metrics", &servers, Some(&clients.sign()));
    assert!(good.unwrap().ends_with("up 1\n"));
    assert!(get(at, "/metrics", &servers, None).is_err(), "none");
    assert!(get(at, "/metrics", &servers, Some(&servers.sign())).is_err(), "signed by another");
}

#[test]
fn a_renewed_certificate_is_taken_up_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let tls = files(folder.path(), &authority.sign(), None);
    let certificates = Certificates::open(tls).unwrap();
    let before = certificates.current();
    assert!(Arc::ptr_eq(&before, &certificates.look_now()), "nothing has changed");
    let later = std::time::SystemTime::now() + Duration::from_secs(5);
    let touch = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).unwrap();
        fs::File::options().write(true).open(folder.path().join(name)).unwrap().set_modified(later).unwrap();
    };
    let (certificate, key) = authority.sign();
    touch("server.pem", &certificate);
    assert!(Arc::ptr_eq(&before, &certificates.look_now()), "the key is still the old one");
    touch("server.key", &key);
    assert!(!Arc::ptr_eq(&before, &certificates.look_now()));
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let good = files(folder.path(), &authority.sign(), Some(&authority));
    let start = |tls: Option<Tls>| {
        let options = Options { secure: vec!["127.0.0.1:0".parse().unwrap()], tls, ..Options::default() };
        Server::start(options, || {}).expect_err("it must not start").to_string()
    };
    assert_eq!(start(None), "HTTPS needs a certificate and its key");
    let gone = folder.path().join("gone");
    assert!(start(Some(Tls { key: gone.clone(), ..good.clone() })).contains("gone"));
    let empty = folder.path().join("empty");
    fs::write(&empty, "").unwrap();
    assert!(
        start(Some(Tls { certificate: empty.clone(), ..good.clone() })).contains("no certificate in PEM")
    );
    assert!(start(Some(Tls { client_ca: Some(empty), ..good.clone() })).contains("no certificate in PEM"));
    let other = folder.path().join("other.key");
    fs::write(&other, authority.sign().1).unwrap();
    let wrong = Server::start(secure(Tls { key: other, ..good }), || {});
    assert!(matches!(wrong, Err(Error::Tls { .. })), "a key of another certificate");
}

#[test]
fn with_tokens_only_their_holders_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens");
    fs::write(&file, "correct-horse-battery\n").unwrap();
    let tokens = Some(Tokens::read(&file).unwrap());
    let (_server, at) = served(Options { tokens, ..plain() }, echo);
    let ask = |first: &str, header: &str| {
        let mut stream = TcpStream::connect(at).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let kind = "Content-Type: application/json\r\nContent-Length: 0\r\n";
        write!(stream, "{first} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{kind}{header}\r\n").unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        said[9..12].parse::<u16>().unwrap()
    };
    let good = "Authorization: Bearer correct-horse-battery\r\n";
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ng.rtpengine.com\r\n";
    assert_eq!(ask("GET /ping", ""), 200);
    for first in
        ["GET /metrics", "GET /cli/list+totals", "POST /ng-plain", "POST /rtpengine.v1.Rtpengine/Ping"]
    {
        assert_eq!(ask(first, ""), 401, "{first}");
        assert_eq!(ask(first, "Authorization: Bearer correct-horse-batterx\r\n"), 401, "{first}");
        assert_eq!(ask(first, good), 200, "{first}");
    }
    assert_eq!(ask("GET /nothing", ""), 401, "what is there is nobody's business");
    assert_eq!(ask("GET /", upgrade), 401);
}
