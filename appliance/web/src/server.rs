use crate::access::Tokens;
use crate::door::{Door, Question};
use crate::listen::{self, Shared};
use crate::routes;
use crate::tls::{Certificates, Tls};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::{Semaphore, watch};

/// Questions that may wait at a time.
const WAITING: usize = 256;
/// Connections the kernel keeps until we take them.
const BACKLOG: i32 = 128;

/// Why there is no HTTP.
#[derive(Debug, Error)]
pub enum Error {
    /// An address could not be had.
    #[error("cannot listen for HTTP on {at}: {why}")]
    Bind {
        /// The address.
        at: SocketAddr,
        /// What the system says.
        why: io::Error,
    },
    /// Addresses for HTTPS without a certificate.
    #[error("HTTPS needs a certificate and its key")]
    NoCertificate,
    /// A file could not be read.
    #[error("cannot read {}: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// A certificate or key that cannot be used.
    #[error("{}: {why}", path.display())]
    Tls {
        /// The file it is about.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A file of tokens that cannot be used.
    #[error("{}: there must be a token on each line, of 16 characters or more and without blanks", path.display())]
    Tokens {
        /// The file.
        path: PathBuf,
    },
    /// The thread or its runtime did not start.
    #[error("the thread for HTTP did not start: {0}")]
    Start(io::Error),
}

/// What is served where, and to whom.
#[derive(Clone, Debug)]
pub struct Options {
    /// Addresses for HTTP.
    pub plain: Vec<SocketAddr>,
    /// Addresses for HTTPS; they need `tls`.
    pub secure: Vec<SocketAddr>,
    /// Certificate and key.
    pub tls: Option<Tls>,
    /// With it, only clients that have one of the tokens are served, on all addresses; `/ping` answers everybody.
    pub tokens: Option<Tokens>,
    /// A connection on which no request comes for so long is closed.
    pub idle: Duration,
    /// Connections at a time; more wait.
    pub connections: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            plain: Vec::new(),
            secure: Vec::new(),
            tls: None,
            tokens: None,
            idle: Duration::from_secs(120),
            connections: 1024,
        }
    }
}

/// The HTTP server; ends when dropped.
#[derive(Debug)]
pub struct Server {
    addresses: Vec<SocketAddr>,
    end: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens and serves in a thread of its own. `call` is called from there for each question.
    ///
    /// # Errors
    /// [`Error`] names the first address that could not be had or the file that is wrong; nothing stays open then.
    pub fn start(
        options: Options,
        call: impl Fn() + Send + Sync + 'static,
    ) -> Result<(Server, Receiver<Question>), Error> {
        let Options { plain, secure, tls, tokens, idle, connections } = options;
        let certificates = tls.map(Certificates::open).transpose()?.map(Arc::new);
        if !secure.is_empty() && certificates.is_none() {
            return Err(Error::NoCertificate);
        }
        let wanted = plain.into_iter().map(|at| (at, None));
        let wanted = wanted.chain(secure.into_iter().map(|at| (at, certificates.clone())));
        let mut bound = Vec::new();
        let mut addresses = Vec::new();
        for (at, certificates) in wanted {
            let listener = bind(at).map_err(|why| Error::Bind { at, why })?;
            addresses.push(listener.local_addr().map_err(Error::Start)?);
            bound.push((listener, certificates));
        }
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Start)?;
        let (questions, asked) = sync_channel(WAITING);
        let (end, ended) = watch::channel(false);
        let door = Door::new(questions, Arc::new(call));
        let room = Arc::new(Semaphore::new(connections.max(1)));
        let shared = Shared { routes: routes::routes(door, tokens.map(Arc::new)), room, idle };
        let thread = std::thread::Builder::new()
            .name("http".to_owned())
            .spawn(move || runtime.block_on(serve_all(bound, &shared, ended)))
            .map_err(Error::Start)?;
        Ok((Server { addresses, end, thread: Some(thread) }, asked))
    }

    /// The addresses actually bound: those for HTTP, then those for HTTPS, in the order given.
    pub fn local_addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The thread has ended by itself if this fails.
        let _ = self.end.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn bind(at: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(at), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if at.is_ipv6() {
        // The IPv4 side of a port is listed by itself.
        socket.set_only_v6(true)?;
    }
    socket.bind(&at.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Serves until it is the end, and does not wait for clients that are slow.
async fn serve_all(
    bound: Vec<(TcpListener, Option<Arc<Certificates>>)>,
    shared: &Shared,
    mut ended: watch::Receiver<bool>,
) {
    for (listener, certificates) in bound {
        // It was made non-blocking when it was bound, which is all that can be wrong.
        if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
            tokio::spawn(listen::serve(listener, certificates, shared.clone()));
        }
    }
    // An error says that the server is gone, which is the end too.
    let _ = ended.wait_for(|end| *end).await;
}
