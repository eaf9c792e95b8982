//! Who looks at the daemon from outside.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// How HTTP is served, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// Certificate and key for HTTPS; there if there are addresses for it.
    pub tls: Option<Tls>,
    /// File with the tokens that let a client in; None lets everybody in.
    pub tokens: Option<PathBuf>,
    /// A connection on which no request comes for so long is closed.
    pub idle: Duration,
    /// Connections at a time, 1 at least.
    pub connections: usize,
}

/// Files of TLS, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// Our certificate and those that lead to a root.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Who signs clients' certificates; None asks for none.
    pub client_ca: Option<PathBuf>,
}

/// A HEP collector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Homer {
    /// Where it is.
    pub address: SocketAddr,
    /// Over TCP instead of UDP.
    pub tcp: bool,
    /// What we are known by.
    pub capture_id: u32,
    /// Send RTCP.
    pub rtcp: bool,
    /// Send ng messages under this protocol number.
    pub ng: Option<u8>,
}

/// A Graphite server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graphite {
    /// Where it is.
    pub address: SocketAddr,
    /// Between two sendings.
    pub interval: Duration,
    /// Text before every name.
    pub prefix: String,
    /// How long a connection, or a server that does not read, may take.
    pub timeout: Duration,
}
