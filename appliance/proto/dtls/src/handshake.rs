use crate::fingerprint::judge;
use crate::keys::{self, MAX_EXPORT};
use crate::pipe::Pipe;
use crate::record::{self, Hello};
use crate::timer::Timer;
use crate::{Context, Error, Fingerprint, Ignored, Keys, Profile, Reason, Role};
use openssl::ssl::{self, ErrorCode, SslStream};
use zeroize::Zeroizing;

/// Datagrams that a handshake may swallow at once, and how long it takes until it may swallow another, in microseconds.
const BURST: u32 = 64;
const REFILL_US: u64 = 20_000;

/// Bytes of the shortest Finished: message of 24, tag of 16. No other encrypted record comes before it.
const SHORTEST_FINISHED: usize = 40;

/// Name of the exporter (RFC 5764 §4.2).
const EXPORTER: &str = "EXTRACTOR-dtls_srtp";
/// What OpenSSL adds to an alert's number to make an error of it.
const ALERT_OFFSET: i32 = 1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Flights go to and fro.
    Shaking,
    /// Done, but the peer is not judged yet.
    Held,
    /// Done and judged.
    Connected,
}

/// What came of a datagram or of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing to tell.
    Nothing,
    /// The handshake is done; judge the peer.
    Done,
    /// It is over.
    Failed(Reason),
    /// The peer closed what was connected.
    Closed,
}

/// One association with one peer: OpenSSL between a [`Pipe`] and a [`Timer`].
pub(crate) struct Handshake {
    stream: SslStream<Pipe>,
    role: Role,
    state: State,
    timer: Timer,
    tokens: u32,
    filled_us: u64,
    has_heard: bool,
}

impl Handshake {
    fn new(context: &Context, role: Role, now_us: u64) -> Result<Handshake, Error> {
        Ok(Handshake {
            stream: context.stream(role, Pipe::default())?,
            role,
            state: State::Shaking,
            timer: Timer::new(now_us, now_us.saturating_add(context.give_up_us())),
            tokens: BURST,
            filled_us: now_us,
            has_heard: false,
        })
    }

    /// Writes the first ClientHello.
    pub(crate) fn client(context: &Context, now_us: u64) -> Result<Handshake, Error> {
        let mut handshake = Handshake::new(context, Role::Client, now_us)?;
        match handshake.stream.do_handshake() {
            Err(error) if error.code() == ErrorCode::WANT_READ => Ok(handshake),
            Err(error) => {
                Err(error.ssl_error().cloned().map_or(Error::Library("no ClientHello".into()), Error::from))
            }
            Ok(()) => Err(Error::Library("done before it began".into())),
        }
    }

    /// Begins where the gate stopped: `hello` had a good cookie. The datagram with it must be handed in next.
    pub(crate) fn server(context: &Context, hello: &Hello<'_>, now_us: u64) -> Result<Handshake, Error> {
        let mut handshake = Handshake::new(context, Role::Server, now_us)?;
        // OpenSSL gets a ClientHello without cookie for each that the gate answered, so that it counts messages as the
        // client does. Its HelloVerifyRequests go nowhere.
        let rounds = hello.message_seq;
        let offset = hello.seq.saturating_sub(u64::from(rounds));
        handshake.stream.get_mut().mute(true);
        for round in 0..rounds {
            handshake.stream.get_mut().put(&record::primer(offset + u64::from(round), round));
            match handshake.stream.do_handshake() {
                Err(error) if error.code() == ErrorCode::WANT_READ => {}
                _ => return Err(Error::Library("a ClientHello of our own was refused".into())),
            }
        }
        let pipe = handshake.stream.get_mut();
        pipe.mute(false);
        // The ServerHello takes up the client's record numbers (RFC 6347 §4.2.1).
        pipe.renumber(offset);
        Ok(handshake)
    }

    /// Takes in a datagram.
    pub(crate) fn handle(&mut self, datagram: &[u8], now_us: u64) -> Result<Step, Ignored> {
        record::check(datagram, self.role, self.shortest_encrypted())?;
        self.spend(now_us)?;
        // First what is due, so that OpenSSL's timer is not late when it reads and no copy is taken for a new flight.
        if let step @ Step::Failed(_) = self.on_timeout(now_us) {
            return Ok(step);
        }
        self.has_heard = true;
        let written = self.stream.get_ref().written();
        self.stream.get_mut().put(datagram);
        let step = self.drive();
        if self.stream.get_ref().written() > written {
            self.timer.flight(now_us);
        }
        Ok(step)
    }

    /// Sends the last flight again if it is time, or gives up.
    pub(crate) fn on_timeout(&mut self, now_us: u64) -> Step {
        if self.state != State::Shaking {
            return Step::Nothing;
        }
        if self.timer.is_over(now_us) {
            return Step::Failed(Reason::TimedOut);
        }
        if !self.timer.is_due(now_us) {
            return Step::Nothing;
        }
        let written = self.stream.get_ref().written();
        let step = self.drive();
        self.timer.asked(now_us, self.stream.get_ref().written() > written);
        step
    }

    /// When `on_timeout` has something to do.
    pub(crate) fn next_timeout(&self) -> Option<u64> {
        (self.state == State::Shaking).then(|| self.timer.next())
    }

    /// Judges the peer of a handshake that is done by `expected`, and takes out the keys.
    pub(crate) fn judge(&mut self, expected: &[Fingerprint]) -> Result<Keys, Reason> {
        let ssl = self.stream.ssl();
        let certificate = ssl.peer_certificate().ok_or(Reason::WrongFingerprint)?;
        let fingerprint = judge(&certificate, expected).ok_or(Reason::WrongFingerprint)?;
        let number =
            ssl.selected_srtp_profile().and_then(|profile| u16::try_from(profile.id().as_raw()).ok());
        let profile = number.and_then(Profile::of_number).ok_or(Reason::NoProfile)?;
        let mut exported = Zeroizing::new([0; MAX_EXPORT]);
        let out = &mut exported[..keys::exported_len(profile)];
        ssl.export_keying_material(out, EXPORTER, None).map_err(|_| Reason::Internal)?;
        let [local, remote] = keys::split(profile, self.role, exported);
        self.state = State::Connected;
        Ok(Keys { profile, local, remote, fingerprint })
    }

    /// Tells the peer that it is over.
    pub(crate) fn close(&mut self) {
        // Nobody waits for the answer, and a peer that does not hear of it loses nothing.
        let _ = self.stream.shutdown();
    }

    /// Takes out the next datagram to send.
    pub(crate) fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.stream.get_mut().take()
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.state == State::Connected
    }

    pub(crate) fn is_held(&self) -> bool {
        self.state == State::Held
    }

    /// Whether the peer ever sent something plausible.
    pub(crate) fn has_heard(&self) -> bool {
        self.has_heard
    }

    /// Bytes of the shortest encrypted record that may come now.
    fn shortest_encrypted(&self) -> usize {
        let known =
            self.stream.ssl().current_cipher().map_or(0, |cipher| record::shortest_encrypted(cipher.name()));
        if self.state == State::Shaking { known.max(SHORTEST_FINISHED) } else { known }
    }

    fn spend(&mut self, now_us: u64) -> Result<(), Ignored> {
        let earned = now_us.saturating_sub(self.filled_us) / REFILL_US;
        if earned > 0 {
            self.tokens = u32::try_from(earned).unwrap_or(BURST).saturating_add(self.tokens).min(BURST);
            self.filled_us = now_us;
        }
        self.tokens = self.tokens.checked_sub(1).ok_or(Ignored::TooMany)?;
        Ok(())
    }

    /// Lets OpenSSL read what is in the pipe, and do what its timer says.
    fn drive(&mut self) -> Step {
        if self.state == State::Shaking {
            match self.stream.do_handshake() {
                Ok(()) => self.state = State::Held,
                Err(error) if is_waiting(&error) => return Step::Nothing,
                Err(error) => return Step::Failed(reason(&error)),
            }
            return Step::Done;
        }
        // Data over DTLS has no meaning here and is read away. Retransmissions of the peer and alerts take effect
        // while OpenSSL reads. A datagram holds no more records than this.
        let mut sink = [0; 2048];
        for _ in 0..16 {
            match self.stream.ssl_read(&mut sink) {
                Ok(_) => {}
                Err(error) if is_waiting(&error) => break,
                Err(_) => return Step::Closed,
            }
        }
        Step::Nothing
    }
}

fn is_waiting(error: &ssl::Error) -> bool {
    matches!(error.code(), ErrorCode::WANT_READ | ErrorCode::WANT_WRITE)
}

fn reason(error: &ssl::Error) -> Reason {
    if error.code() == ErrorCode::ZERO_RETURN {
        return Reason::Alert(0);
    }
    let codes = error.ssl_error().into_iter().flat_map(|stack| stack.errors());
    codes
        .filter_map(|code| u8::try_from(code.reason_code().checked_sub(ALERT_OFFSET)?).ok())
        .map(Reason::Alert)
        .next()
        .unwrap_or(Reason::Protocol)
}
