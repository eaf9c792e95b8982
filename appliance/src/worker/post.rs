use super::ask::Ask;
use super::mailbox::{Mailbox, Order};
use super::pool::PoolError;
use flow::{Change, FlowKey, Snapshot};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A datagram of our own that shall leave from one of a packet thread's ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// The port it leaves from, with the traffic class of its flow. Without a flow there it is not sent.
    pub from: FlowKey,
    /// Where it goes.
    pub to: SocketAddr,
    /// The UDP payload.
    pub bytes: Box<[u8]>,
}

/// RTCP of our own for the party that a port faces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnReport {
    /// The port it leaves from, under the keys of its flow. While the party is not known it is not sent.
    pub from: FlowKey,
    /// The compound, in clear.
    pub bytes: Vec<u8>,
}

/// The way to one packet thread for who does not own the pool.
#[derive(Clone, Debug)]
pub struct Post {
    worker: usize,
    mailbox: Arc<Mailbox>,
}

impl Post {
    pub(super) fn new(worker: usize, mailbox: Arc<Mailbox>) -> Post {
        Post { worker, mailbox }
    }

    /// Sends these, in order. Does not wait: whoever sends handshakes sends them again.
    ///
    /// # Errors
    /// [`PoolError::Full`], [`PoolError::Ended`]; none was sent then.
    pub fn send(&self, parcels: Vec<Parcel>) -> Result<(), PoolError> {
        if parcels.is_empty() {
            return Ok(());
        }
        let sent = self.mailbox.send(Order::Send(parcels), Instant::now());
        sent.map_err(|refused| PoolError::of(refused, self.worker))
    }

    /// Copies of those of `keys` that are flows of this thread, taken just before it carries the changes out. Who has
    /// the answer can rely on no packet being worked on before they are.
    ///
    /// # Errors
    /// [`PoolError`]; waits up to `patience`.
    pub fn tell_and_ask(
        &self,
        keys: &[FlowKey],
        changes: Vec<Change>,
        patience: Duration,
    ) -> Result<Vec<Snapshot>, PoolError> {
        let (ask, deadline) = (Arc::new(Ask::of_flows(keys.to_vec())), Instant::now() + patience);
        let question = std::iter::once(Order::Answer(Arc::clone(&ask)));
        let orders = Order::Many(question.chain(changes.into_iter().map(Order::Change)).collect());
        self.mailbox.send(orders, deadline).map_err(|refused| PoolError::of(refused, self.worker))?;
        Ok(ask.wait(deadline).ok_or(PoolError::Silent(self.worker))?.snapshots)
    }
}
