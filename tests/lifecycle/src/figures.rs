//! Figures of the `statistics` command.

use lab::{Result, Value, ng};

/// A reply to `statistics`.
#[derive(Debug)]
pub struct Figures {
    reply: Value,
}

impl Figures {
    /// Asks for them.
    pub fn of(client: &mut ng::Client) -> Result<Figures> {
        Ok(Figures { reply: client.ok(&ng::request("statistics"))? })
    }

    /// Calls there are now.
    pub fn sessions(&self) -> i64 {
        self.number("currentstatistics/sessionstotal")
    }

    /// A figure of `totalstatistics`.
    ///
    /// # Panics
    /// If there is none of this name.
    pub fn total(&self, name: &str) -> i64 {
        self.number(&format!("totalstatistics/{name}"))
    }

    fn number(&self, path: &str) -> i64 {
        let path = format!("statistics/{path}");
        self.reply.int(&path).unwrap_or_else(|| panic!("statistics have no {path}: {:?}", self.reply))
    }
}
