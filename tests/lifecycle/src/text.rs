//! The text interface, asked over ng.

use lab::{Result, ng};

/// What a line is answered.
pub fn line(client: &mut ng::Client, line: &str) -> Result<String> {
    let reply = client.ok(&ng::request("cli").set("body", line))?;
    Ok(reply.text("response").unwrap_or_default().to_owned())
}
