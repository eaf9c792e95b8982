use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;
use thiserror::Error;

/// Pages that may wait for the thread. A server that does not take them in time misses the next ones.
const WAITING: usize = 2;

/// Why nothing is sent to Graphite.
#[derive(Debug, Error)]
#[error("cannot send to Graphite at {at}: {why}")]
pub struct GraphiteError {
    at: SocketAddr,
    why: io::Error,
}

/// The way to the server: a bounded queue and a thread, so that nobody waits for it. The thread ends with the queue;
/// nobody waits for that either.
#[derive(Debug)]
pub(super) struct Sender {
    queue: SyncSender<String>,
}

impl Sender {
    /// Starts the thread. The server need not be there yet.
    ///
    /// # Errors
    /// [`GraphiteError`] when there is no thread.
    pub(super) fn start(at: SocketAddr, patience: Duration) -> Result<Sender, GraphiteError> {
        let (queue, pages) = sync_channel(WAITING);
        let body = move || send_all(&pages, &mut Way { at, patience, stream: None });
        let thread = std::thread::Builder::new().name("graphite".to_owned()).spawn(body);
        thread.map(|_| Sender { queue }).map_err(|why| GraphiteError { at, why })
    }

    /// Puts a page into the queue; false when that is full.
    pub(super) fn send(&self, page: String) -> bool {
        self.queue.try_send(page).is_ok()
    }
}

fn send_all(pages: &Receiver<String>, way: &mut Way) {
    let mut good = true;
    for page in pages {
        match way.send(page.as_bytes()) {
            Ok(()) if !good => tracing::info!("Graphite at {} takes figures again", way.at),
            Err(why) if good => tracing::warn!("figures do not reach Graphite at {}: {why}", way.at),
            Ok(()) | Err(_) => {}
        }
        good = way.stream.is_some();
    }
}

struct Way {
    at: SocketAddr,
    patience: Duration,
    stream: Option<TcpStream>,
}

impl Way {
    fn send(&mut self, page: &[u8]) -> io::Result<()> {
        // A connection that the server has closed meanwhile is noticed by writing only: once more with a new one.
        if let Some(stream) = &mut self.stream
            && stream.write_all(page).is_ok()
        {
            return Ok(());
        }
        self.stream = None;
        let mut stream = TcpStream::connect_timeout(&self.at, self.patience)?;
        stream.set_write_timeout(Some(self.patience))?;
        stream.write_all(page)?;
        self.stream = Some(stream);
        Ok(())
    }
}
