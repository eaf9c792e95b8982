//! All control sockets as one thing the desk can hold.

use std::fmt;
use std::net::SocketAddr;
use std::ops::Range;

use mio::{Registry, Token};
use ng::{CookieCache, Incoming, Reply};

use super::Error;
use super::connections::{Acceptor, Connections};
use super::exchange::{Counts, Exchange};
use super::udp::UdpListener;

/// How a request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// ng over UDP.
    Udp,
    /// ng over TCP.
    Tcp,
    /// The text interface.
    Cli,
    /// HTTP or WebSocket.
    Http,
}

impl fmt::Display for Transport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Transport::Udp => "ng over UDP",
            Transport::Tcp => "ng over TCP",
            Transport::Cli => "the text interface",
            Transport::Http => "HTTP",
        })
    }
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The way it came.
    pub transport: Transport,
    /// The client.
    pub remote: SocketAddr,
    /// The address of ours that it used.
    pub local: SocketAddr,
}

/// A request that is answered later. Never given for two of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(pub u64);

/// What comes of a request.
#[derive(Debug)]
pub enum Answer {
    /// This.
    Now(Reply),
    /// What [`Handler::settle`] will say.
    Later(Ticket),
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Answer {
        Answer::Now(reply)
    }
}

/// What is printed for a line of the text interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// The text, or its beginning.
    pub text: String,
    /// [`Handler::page`] has more, from here.
    pub more: Option<Place>,
}

/// Where a long text goes on; what it means is the handler's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(pub u64);

impl From<String> for Printed {
    fn from(text: String) -> Printed {
        Printed { text, more: None }
    }
}

/// What the desk does with requests. Called on the desk thread, one request at a time.
pub trait Handler {
    /// Executes an ng request. Never called for a retransmission that is still remembered.
    fn request(&mut self, peer: &Peer, incoming: &Incoming<'_>) -> Answer;

    /// The answers to all requests that were to be answered later, in any order. Called before anything else is done than
    /// requests that have come together.
    fn settle(&mut self) -> Vec<(Ticket, Reply)> {
        Vec::new()
    }

    /// Is told what a request was and what was answered, each as it is on the wire.
    fn answered(&mut self, _peer: &Peer, _message: &[u8], _reply: &[u8]) {}

    /// Runs a line of the text interface (without its line end) and returns what is to be printed.
    fn line(&mut self, peer: &Peer, line: &str) -> Printed;

    /// What is printed next of a long text. Asked for when the text before it has been written; others are served in between.
    fn page(&mut self, _from: Place) -> Printed {
        Printed::from(String::new())
    }

    /// The metrics, as Prometheus reads them.
    fn metrics(&mut self) -> String;
}

/// Where to listen.
#[derive(Clone, Debug, Default)]
pub struct Addresses {
    /// `listen-ng`.
    pub udp: Vec<SocketAddr>,
    /// `listen-tcp-ng`.
    pub tcp: Vec<SocketAddr>,
    /// `listen-cli`.
    pub cli: Vec<SocketAddr>,
}

/// Limits and socket settings.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// `control-tos`: the TOS or traffic class byte of what we send; `None` leaves it to the system.
    pub tos: Option<u8>,
    /// Most TCP connections at a time, ng and text together.
    pub max_connections: usize,
    /// A connection idle for so many milliseconds makes room for a newcomer when all are taken.
    pub idle_ms: u64,
    /// Most cookies remembered.
    pub cached_replies: usize,
    /// Most bytes of cookies and replies remembered.
    pub cached_bytes: usize,
}

impl Default for Options {
    /// 256 connections; 60 s of 2 000 requests per second, in at most 64 MiB (then the oldest half is forgotten early).
    fn default() -> Self {
        Options {
            tos: None,
            max_connections: 256,
            idle_ms: 60_000,
            cached_replies: 120_000,
            cached_bytes: 64 << 20,
        }
    }
}

/// The control sockets. Owns the tokens [`Listeners::tokens`]; give it every event that has one of them:
///
/// ```text
/// for event in &events {
///     if listeners.tokens().contains(&event.token().0) {
///         listeners.on_ready(event.token(), now_ms, &mut desk);
///     }
/// }
/// ```
///
/// A call does a bounded amount of work. What remains is reported by the next poll, so nothing has to be
/// remembered and nothing else starves.
pub struct Listeners {
    udp: Vec<UdpListener>,
    acceptors: Vec<Acceptor>,
    connections: Connections,
    pub(super) exchange: Exchange,
    registry: Registry,
    tokens: Range<usize>,
}

impl Listeners {
    /// Opens and registers all sockets, with tokens from `first` on.
    ///
    /// # Errors
    /// [`Error`] names the first address that could not be had; nothing stays open then.
    pub fn bind(
        addresses: &Addresses,
        options: &Options,
        registry: &Registry,
        first: Token,
    ) -> Result<Self, Error> {
        let udp = addresses.udp.iter().map(|address| UdpListener::bind(*address, options.tos));
        let tcp = addresses.tcp.iter().map(|address| Acceptor::bind(*address, Transport::Tcp, options.tos));
        let cli = addresses.cli.iter().map(|address| Acceptor::bind(*address, Transport::Cli, options.tos));
        let mut udp = udp.collect::<Result<Vec<_>, _>>()?;
        let mut acceptors = tcp.chain(cli).collect::<Result<Vec<_>, _>>()?;
        let mut token = first.0;
        for listener in &mut udp {
            listener.register(registry, Token(token)).map_err(Error::Watch)?;
            token += 1;
        }
        for acceptor in &mut acceptors {
            acceptor.register(registry, Token(token)).map_err(Error::Watch)?;
            token += 1;
        }
        Ok(Listeners {
            udp,
            acceptors,
            connections: Connections::new(token, options.max_connections, options.idle_ms),
            exchange: Exchange::new(CookieCache::new(options.cached_replies, options.cached_bytes)),
            registry: registry.try_clone().map_err(Error::Watch)?,
            tokens: first.0..token + options.max_connections,
        })
    }

    /// The tokens in use, now or later.
    pub fn tokens(&self) -> Range<usize> {
        self.tokens.clone()
    }

    /// The addresses actually bound, in the order given, UDP before TCP before text. With port 0 configured, this
    /// tells which one it became.
    pub fn local_addresses(&self) -> impl Iterator<Item = (Transport, SocketAddr)> {
        let udp = self.udp.iter().map(|listener| (Transport::Udp, listener.local()));
        udp.chain(self.acceptors.iter().map(|acceptor| (acceptor.transport(), acceptor.local())))
    }

    /// Lets go of replies that nobody will ask for again. To be called now and then.
    pub fn forget(&mut self, now_ms: u64) {
        self.exchange.forget(now_ms);
    }

    /// Counters since start.
    pub fn counts(&self) -> Counts {
        self.exchange.counts
    }

    /// TCP connections open now.
    pub fn open_connections(&self) -> usize {
        self.connections.len()
    }

    /// Sets the TOS or traffic class byte of what is sent from now on; connections that are up keep theirs.
    pub fn set_tos(&mut self, tos: u8) {
        let udp = self.udp.iter().map(|listener| listener.set_tos(tos));
        for error in
            udp.chain(self.acceptors.iter().map(|acceptor| acceptor.set_tos(tos))).filter_map(Result::err)
        {
            tracing::error!(%error, "the TOS of a control socket cannot be set");
        }
    }

    /// Serves one ready socket. `now_ms` is a monotonic clock with any starting point.
    pub fn on_ready(&mut self, token: Token, now_ms: u64, handler: &mut dyn Handler) {
        let Some(index) = token.0.checked_sub(self.tokens.start) else { return };
        if let Some(listener) = self.udp.get_mut(index) {
            let unfinished = listener.serve(&mut self.exchange, now_ms, handler);
            if unfinished && let Err(error) = listener.rearm(&self.registry, token) {
                tracing::error!(%error, local = %listener.local(), "control socket is no longer watched");
            }
        } else if let Some(acceptor) = self.acceptors.get(index - self.udp.len()) {
            self.connections.accept(acceptor, &self.registry, &mut self.exchange, now_ms);
        } else {
            self.connections.serve(token, &self.registry, &mut self.exchange, now_ms, handler);
        }
    }
}
