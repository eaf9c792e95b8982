use crate::book::{Book, Outside};
use crate::call::{Call, CallNumber};
use crate::party::PartyIx;
use thiserror::Error;

/// What is done to media that a client does not want heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bar {
    /// It is dropped (`block media`).
    Block,
    /// It is replaced by silence, where that is known how (`silence media`).
    Silence,
}

/// What is done to some media.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Barred {
    pub(crate) blocked: bool,
    pub(crate) silenced: bool,
}

impl Barred {
    pub(crate) fn set(&mut self, bar: Bar, on: bool) {
        match bar {
            Bar::Block => self.blocked = on,
            Bar::Silence => self.silenced = on,
        }
    }
}

/// What `block media`, `silence media` and their opposites are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockScope<'a> {
    /// The whole call. What is blocked of single parties stays so.
    Call,
    /// The whole call; let flow again with every party of it, but for flows blocked one by one.
    Everything,
    /// What one party sends to anybody, or to some.
    Sent(Sender<'a>, Receiver<'a>),
}

/// How the party that sends is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender<'a> {
    /// By its tag.
    Tag(&'a [u8]),
    /// By its label.
    Label(&'a [u8]),
    /// By an address in its SDP.
    Address(std::net::IpAddr),
}

/// To whom it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receiver<'a> {
    /// To anybody, now and later.
    Anybody,
    /// To those it sends to now, one by one.
    Everybody,
    /// To the party with this tag.
    Tag(&'a [u8]),
    /// To the party with this label.
    Label(&'a [u8]),
}

/// Why media could not be blocked. The texts are what clients see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Block {
    /// No such call.
    #[error("Unknown call-ID")]
    UnknownCall,
    /// No such tag.
    #[error("From-tag given, but no such tag exists")]
    UnknownTag,
    /// No such label.
    #[error("No monologue matching the given label")]
    UnknownLabel,
    /// No such address.
    #[error("Failed to match address to any tag")]
    UnknownAddress,
    /// No receiver of that tag.
    #[error("Media flow not found (to-tag not found)")]
    UnknownReceiver,
    /// No receiver of that label.
    #[error("Media flow not found (to-label not found)")]
    UnknownReceiverLabel,
    /// The receiver does not hear the sender.
    #[error("Media flow not found (to-tag not subscribed)")]
    NoFlow,
}

impl Book {
    /// Blocks or silences media, or lets it flow again.
    ///
    /// # Errors
    /// When the call or a party is not known, or the one does not send to the other.
    pub fn block(
        &mut self,
        call_id: &[u8],
        scope: BlockScope<'_>,
        (bar, on): (Bar, bool),
        outside: &mut Outside<'_>,
    ) -> Result<CallNumber, Block> {
        let number = self.number(call_id).ok_or(Block::UnknownCall)?;
        self.with(number, outside, |call, env| {
            call.bar(scope, bar, on)?;
            call.compile(env.now, false, &mut env.changes);
            Ok(number)
        })
        .unwrap_or(Err(Block::UnknownCall))
    }
}

impl Call {
    fn bar(&mut self, scope: BlockScope<'_>, bar: Bar, on: bool) -> Result<(), Block> {
        match scope {
            BlockScope::Call => self.barred.set(bar, on),
            BlockScope::Everything => {
                self.barred.set(bar, on);
                self.parties.iter_mut().filter(|_| !on).for_each(|party| party.barred.set(bar, false));
            }
            BlockScope::Sent(sender, receiver) => {
                let sender = self.sender(sender)?;
                match self.receivers(sender, receiver)? {
                    None => self.parties[sender].barred.set(bar, on),
                    Some(receivers) => self.bar_towards(sender, &receivers, bar, on),
                }
            }
        }
        Ok(())
    }

    fn bar_towards(&mut self, sender: PartyIx, receivers: &[PartyIx], bar: Bar, on: bool) {
        let aside = &mut self.parties[sender].aside;
        let barred = match bar {
            Bar::Block => &mut aside.blocked,
            Bar::Silence => &mut aside.silenced,
        };
        barred.retain(|at| !receivers.contains(at));
        if on {
            barred.extend_from_slice(receivers);
        }
        aside.tidy();
    }

    fn sender(&self, named: Sender<'_>) -> Result<PartyIx, Block> {
        match named {
            Sender::Tag(tag) => self.party(tag).ok_or(Block::UnknownTag),
            Sender::Label(label) => self.labelled(label).ok_or(Block::UnknownLabel),
            Sender::Address(addr) => self
                .parties
                .iter()
                .position(|p| p.medias.iter().any(|m| m.rtp.is_some_and(|at| at.ip() == addr)))
                .ok_or(Block::UnknownAddress),
        }
    }

    /// `None` is anybody.
    fn receivers(&self, sender: PartyIx, named: Receiver<'_>) -> Result<Option<Vec<PartyIx>>, Block> {
        let one = match named {
            Receiver::Anybody => return Ok(None),
            Receiver::Everybody => return Ok(Some(self.parties[sender].peers.clone())),
            Receiver::Tag(tag) => self.party(tag).ok_or(Block::UnknownReceiver)?,
            Receiver::Label(label) => self.labelled(label).ok_or(Block::UnknownReceiverLabel)?,
        };
        match self.parties[sender].peers.contains(&one) {
            true => Ok(Some(vec![one])),
            false => Err(Block::NoFlow),
        }
    }

    fn labelled(&self, label: &[u8]) -> Option<PartyIx> {
        self.parties.iter().position(|p| p.label.as_deref() == Some(label))
    }
}
