use crate::{Error, Result};
use dtls::{
    Context, Endpoint, Event, Fingerprint, Gate, Hash, Identity, IdentityOptions, Keys, Peer, Role, Secret,
    Settings,
};
use lab::{Namespace, Report, Stream, sdp};
use srtp::{MasterKey, Opener, Sealer, Setup, Suite};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The profile of a phone without rtcp-fb.
pub const SAVP: &str = "UDP/TLS/RTP/SAVP";

/// A phone with one audio stream over DTLS-SRTP; RTCP is multiplexed and never sent.
pub struct Phone {
    socket: UdpSocket,
    local: SocketAddr,
    /// Where the SDP says the other side is.
    remote: Option<SocketAddr>,
    context: Context,
    gate: Arc<Gate>,
    print: String,
    epoch: Instant,
    endpoint: Option<Endpoint>,
    media: Option<(Opener, Sealer)>,
    /// SRTP that came before the keys or that did not open with them.
    pub unopened: usize,
}

impl Phone {
    /// A phone with a certificate of its own at `local`.
    ///
    /// # Errors
    /// No socket or no certificate.
    pub fn new(namespace: &Namespace, local: SocketAddr) -> Result<Phone> {
        let socket = namespace.udp(local)?;
        let local = socket.local_addr()?;
        let (context, print) = certificate()?;
        Ok(Phone {
            socket,
            local,
            remote: None,
            context,
            gate: Arc::new(Gate::new()?),
            print,
            epoch: Instant::now(),
            endpoint: None,
            media: None,
            unopened: 0,
        })
    }

    /// Where it is.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// Where its SDP said the other side is.
    pub fn remote(&self) -> Option<SocketAddr> {
        self.remote
    }

    /// Takes another certificate; its next SDP speaks of it.
    ///
    /// # Errors
    /// No certificate.
    pub fn change_certificate(&mut self) -> Result<()> {
        (self.context, self.print) = certificate()?;
        self.endpoint = None;
        Ok(())
    }

    /// What its certificate is known by.
    pub fn print(&self) -> &str {
        &self.print
    }

    /// Whether it thinks that it can talk.
    pub fn has_keys(&self) -> bool {
        self.media.is_some()
    }

    /// Forgets the association it has or had.
    pub fn begin_anew(&mut self) {
        (self.endpoint, self.media) = (None, None);
    }

    /// Its SDP, with this `a=setup`.
    pub fn sdp(&self, setup: &str) -> String {
        self.sdp_with_print(setup, &self.print)
    }

    /// Its SDP, with somebody else's fingerprint.
    pub fn sdp_with_print(&self, setup: &str, print: &str) -> String {
        sdp::Builder::new(self.local.ip())
            .media("audio", self.local.port(), SAVP)
            .codec(0, "PCMU/8000")
            .line("a=rtcp-mux")
            .line(format!("a=setup:{setup}"))
            .line(format!("a=fingerprint:{print}"))
            .text()
    }

    /// Takes in the SDP for it, and goes on with the association that it has unless the fingerprint is another one.
    ///
    /// # Errors
    /// The SDP lacks something.
    pub fn hear(&mut self, text: &str) -> Result<()> {
        let lacks = |what| Error::Sdp { what, sdp: text.to_owned() };
        let sections = sdp::read(text);
        let section = sections.first().ok_or_else(|| lacks("section"))?;
        let remote = section.rtp().ok_or_else(|| lacks("address"))?;
        let print = attribute(text, "fingerprint").ok_or_else(|| lacks("fingerprint"))?;
        let role = match attribute(text, "setup").ok_or_else(|| lacks("setup"))? {
            "active" => Role::Server,
            _ => Role::Client,
        };
        let peer = Peer { fingerprints: vec![Fingerprint::parse(print.as_bytes())?], tls_id: None };
        self.remote = Some(remote);
        let now_us = self.now_us();
        match &mut self.endpoint {
            Some(endpoint) => {
                endpoint.update(self.context.clone(), role, peer, now_us)?;
            }
            None => {
                let endpoint = Endpoint::new(self.context.clone(), Arc::clone(&self.gate), role, peer);
                self.endpoint = Some(endpoint);
            }
        }
        Ok(())
    }

    /// Shakes hands until there are keys.
    ///
    /// # Errors
    /// It failed, or took too long.
    pub fn shake(&mut self, within: Duration) -> Result<()> {
        let deadline = Instant::now() + within;
        self.socket.set_nonblocking(false)?;
        let remote = self.remote.ok_or(Error::Seal("it has no address"))?;
        let now_us = self.now_us();
        self.endpoint.as_mut().ok_or(Error::Seal("it has no SDP"))?.connect(remote, now_us)?;
        loop {
            if let Some(keys) = self.step()? {
                self.media = Some(sessions(&keys)?);
                return Ok(());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::Late(within));
            }
            self.take_one(left.min(Duration::from_millis(100)))?;
        }
    }

    /// Begins to shake hands, and does not wait.
    ///
    /// # Errors
    /// It has no SDP yet.
    pub fn begin(&mut self) -> Result<()> {
        let remote = self.remote.ok_or(Error::Seal("it has no address"))?;
        let now_us = self.now_us();
        self.endpoint.as_mut().ok_or(Error::Seal("it has no SDP"))?.connect(remote, now_us)?;
        self.socket.set_nonblocking(true)?;
        self.step().map(drop)
    }

    /// Goes on with what has come by now; true once there are keys.
    ///
    /// # Errors
    /// It failed.
    pub fn look(&mut self) -> Result<bool> {
        for _ in 0..8 {
            self.take_one(Duration::from_millis(1))?;
        }
        if let Some(keys) = self.step()? {
            self.media = Some(sessions(&keys)?);
        }
        Ok(self.media.is_some())
    }

    /// The first flight only: what a phone sends that hears nothing.
    ///
    /// # Errors
    /// It has no SDP yet.
    pub fn first_hello(&mut self) -> Result<Vec<u8>> {
        let remote = self.remote.ok_or(Error::Seal("it has no address"))?;
        let now_us = self.now_us();
        let endpoint = self.endpoint.as_mut().ok_or(Error::Seal("it has no SDP"))?;
        endpoint.connect(remote, now_us)?;
        Ok(endpoint.poll_transmit().ok_or(Error::Seal("it is no client"))?.payload)
    }

    /// Sends these bytes as they are.
    ///
    /// # Errors
    /// The socket's.
    pub fn send_raw(&self, bytes: &[u8]) -> Result<()> {
        let remote = self.remote.ok_or(Error::Seal("it has no address"))?;
        self.socket.send_to(bytes, remote)?;
        Ok(())
    }

    /// Seals a packet of a stream and sends it.
    ///
    /// # Errors
    /// It has no keys.
    pub fn send(&mut self, stream: &Stream, index: u32) -> Result<()> {
        let packet = self.seal(stream, index)?;
        self.send_raw(&packet)
    }

    /// Seals a packet of a stream.
    ///
    /// # Errors
    /// It has no keys.
    pub fn seal(&mut self, stream: &Stream, index: u32) -> Result<Vec<u8>> {
        let (_, sealer) = self.media.as_mut().ok_or(Error::Seal("it has no keys"))?;
        let mut packet = stream.packet(index);
        let len = packet.len();
        packet.resize(len + sealer.rtp_overhead(), 0);
        let sealed = sealer.seal_rtp(&mut packet, len).map_err(|_| Error::Seal("the key is worn out"))?;
        packet.truncate(sealed);
        Ok(packet)
    }

    /// Receives until the stream is complete or the time is over. Handshakes go on meanwhile.
    ///
    /// # Errors
    /// The socket's.
    pub fn receive(&mut self, stream: &Stream, within: Duration) -> Result<Report> {
        let deadline = Instant::now() + within;
        let mut report = Report::new(stream);
        while !report.complete() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            if let Some((packet, from)) = self.take_one(left)? {
                report.take(stream, &packet, from);
            }
        }
        Ok(report)
    }

    fn now_us(&self) -> u64 {
        self.epoch.elapsed().as_micros() as u64
    }

    /// Sends what DTLS has to say, and takes new keys out.
    fn step(&mut self) -> Result<Option<Keys>> {
        let now_us = self.now_us();
        let Some(endpoint) = &mut self.endpoint else { return Ok(None) };
        endpoint.on_timeout(now_us);
        while let Some(transmit) = endpoint.poll_transmit() {
            self.socket.send_to(&transmit.payload, transmit.remote)?;
        }
        match endpoint.poll_event() {
            Some(Event::Connected { keys, .. }) => Ok(Some(keys)),
            Some(Event::Failed { reason, .. }) => Err(Error::Handshake(reason)),
            Some(Event::Closed { .. }) | None => Ok(None),
        }
    }

    /// One datagram: DTLS is dealt with, media is opened and given back.
    fn take_one(&mut self, within: Duration) -> Result<Option<(Vec<u8>, SocketAddr)>> {
        self.socket.set_read_timeout(Some(within.max(Duration::from_micros(100))))?;
        let mut bytes = vec![0; 2048];
        let (len, from) = match self.socket.recv_from(&mut bytes) {
            Ok(received) => received,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        bytes.truncate(len);
        if matches!(bytes.first(), Some(20..64)) {
            let now_us = self.now_us();
            if let Some(endpoint) = &mut self.endpoint {
                // What it ignores, a phone would ignore.
                let _ = endpoint.handle(from, &bytes, now_us);
            }
            return Ok(None);
        }
        match self.media.as_mut().map(|(opener, _)| opener.open_rtp(&mut bytes)) {
            Some(Ok(len)) => {
                bytes.truncate(len);
                Ok(Some((bytes, from)))
            }
            _ => {
                self.unopened += 1;
                Ok(None)
            }
        }
    }
}

fn certificate() -> Result<(Context, String)> {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let identity = Arc::new(Identity::generate(&IdentityOptions::default(), wall.as_secs() as i64)?);
    let print = identity.fingerprint(Hash::Sha256)?.to_string();
    Ok((Context::new(identity, &Settings::default())?, print))
}

fn sessions(keys: &Keys) -> Result<(Opener, Sealer)> {
    let suite = Suite::of_dtls(keys.profile.number()).ok_or(Error::Seal("the profile is unknown"))?;
    let setup = |secret: &Secret| MasterKey::new(suite, secret.expose()).map(Setup::new);
    let bad = |_| Error::Seal("the keys are odd");
    let opener = Opener::new(&setup(&keys.remote).map_err(bad)?).map_err(bad)?;
    let sealer = Sealer::new(&setup(&keys.local).map_err(bad)?).map_err(bad)?;
    Ok((opener, sealer))
}

/// The value of an attribute, wherever it stands.
fn attribute<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines()
        .find_map(|line| line.strip_prefix("a=")?.strip_prefix(name)?.strip_prefix(':'))
        .map(str::trim)
}
