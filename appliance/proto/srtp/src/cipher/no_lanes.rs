use super::Message;

/// Where nothing is faster than one message after the other.
#[derive(Clone, Copy)]
pub(crate) enum Lanes {}

impl Lanes {
    /// The fewest messages that are worth it.
    pub(crate) const LEAST: usize = usize::MAX;

    pub(crate) fn find() -> Option<Lanes> {
        None
    }

    pub(crate) fn of_any_speed() -> Option<Lanes> {
        None
    }

    pub(crate) fn tags<'a>(
        self,
        _messages: impl Iterator<Item = (usize, Message<'a>)>,
        _made: impl FnMut(usize, [u8; 20]),
    ) {
        match self {}
    }
}
