use crate::door::{Door, Question};
use crate::routes;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;
use thiserror::Error;
use tokio::sync::watch;

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
    /// The thread or its runtime did not start.
    #[error("the thread for HTTP did not start: {0}")]
    Start(io::Error),
}

/// The HTTP server; ends when dropped.
#[derive(Debug)]
pub struct Server {
    addresses: Vec<SocketAddr>,
    end: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens on `addresses` and serves in a thread of its own. `call` is called from there for each question.
    ///
    /// # Errors
    /// [`Error`] names the first address that could not be had; nothing stays open then.
    pub fn start(
        addresses: &[SocketAddr],
        call: impl Fn() + Send + Sync + 'static,
    ) -> Result<(Server, Receiver<Question>), Error> {
        let bound = addresses.iter().map(|at| bind(*at).map_err(|why| Error::Bind { at: *at, why }));
        let bound = bound.collect::<Result<Vec<_>, _>>()?;
        let addresses: Result<Vec<_>, _> = bound.iter().map(TcpListener::local_addr).collect();
        let addresses = addresses.map_err(Error::Start)?;
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Start)?;
        let (questions, asked) = sync_channel(WAITING);
        let (end, ended) = watch::channel(false);
        let door = Door::new(questions, Arc::new(call));
        let thread = std::thread::Builder::new()
            .name("http".to_owned())
            .spawn(move || runtime.block_on(serve_all(bound, &door, ended)))
            .map_err(Error::Start)?;
        Ok((Server { addresses, end, thread: Some(thread) }, asked))
    }

    /// The addresses actually bound, in the order given.
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
async fn serve_all(bound: Vec<TcpListener>, door: &Door, mut ended: watch::Receiver<bool>) {
    for listener in bound {
        tokio::spawn(routes::serve(listener, door.clone()));
    }
    // An error says that the server is gone, which is the end too.
    let _ = ended.wait_for(|end| *end).await;
}
