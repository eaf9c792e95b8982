use crate::book::{Book, Outside};
use crate::call::CallNumber;
use thiserror::Error;

/// What `block media` and its opposite are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockScope<'a> {
    /// The whole call.
    Call,
    /// What the party with this tag sends.
    Tag(&'a [u8]),
    /// What the party with this label sends.
    Label(&'a [u8]),
    /// What the party whose SDP has this address sends.
    Address(std::net::IpAddr),
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
    #[error("Failed to match call participant to given address")]
    UnknownAddress,
}

impl Book {
    /// Blocks media, or lets it flow again.
    ///
    /// # Errors
    /// When the call or the party is not known.
    pub fn block(
        &mut self,
        call_id: &[u8],
        scope: BlockScope<'_>,
        on: bool,
        outside: &mut Outside<'_>,
    ) -> Result<CallNumber, Block> {
        let number = self.number(call_id).ok_or(Block::UnknownCall)?;
        self.with(number, outside, |call, env| {
            let party = match scope {
                BlockScope::Call => None,
                BlockScope::Tag(tag) => Some(call.party(tag).ok_or(Block::UnknownTag)?),
                BlockScope::Label(label) => Some(
                    call.parties
                        .iter()
                        .position(|p| p.label.as_deref() == Some(label))
                        .ok_or(Block::UnknownLabel)?,
                ),
                BlockScope::Address(addr) => Some(
                    call.parties
                        .iter()
                        .position(|p| p.medias.iter().any(|m| m.rtp.is_some_and(|at| at.ip() == addr)))
                        .ok_or(Block::UnknownAddress)?,
                ),
            };
            match party {
                None => call.blocked = on,
                Some(at) => call.parties[at].blocked = on,
            }
            call.compile(env.now, false, &mut env.changes);
            Ok(number)
        })
        .unwrap_or(Err(Block::UnknownCall))
    }
}
