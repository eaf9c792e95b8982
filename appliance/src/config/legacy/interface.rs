//! The short form of an interface: `[NAME/]ADDRESS[!ADVERTISED]` or `ALIAS=NAME`.

/// What one short form says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InterfaceSpec {
    /// Another name for an interface.
    Alias {
        /// The new name.
        alias: String,
        /// The interface it stands for.
        name: String,
    },
    /// An address of an interface.
    Address {
        /// Name of the interface; `default` if none was written.
        name: String,
        /// Address, device, host name or `any`.
        address: String,
        /// What to write into SDP instead.
        advertise: Option<String>,
    },
}

/// Reads one short form.
///
/// # Errors
/// A sentence about what is wrong with it.
pub fn interface_spec(text: &str) -> Result<InterfaceSpec, String> {
    let text = text.trim();
    let bad =
        |what: &str| Err(format!("`{text}` is not an interface: {what}; write NAME/ADDRESS or ADDRESS"));
    if let Some((alias, name)) = text.split_once('=') {
        let (alias, name) = (alias.trim(), name.trim());
        if alias.is_empty() || name.is_empty() {
            return bad("an alias is written ALIAS=NAME");
        }
        return Ok(InterfaceSpec::Alias { alias: alias.to_owned(), name: name.to_owned() });
    }
    let (name, rest) = match text.split_once('/') {
        Some((name, rest)) => (name.trim(), rest.trim()),
        None => ("default", text),
    };
    let (address, advertise) = match rest.split_once('!') {
        Some((address, advertise)) => (address.trim(), Some(advertise.trim())),
        None => (rest, None),
    };
    if name.is_empty() {
        return bad("the name before the slash is empty");
    }
    if address.is_empty() {
        return bad("it has no address");
    }
    if advertise == Some("") {
        return bad("nothing follows the exclamation mark");
    }
    let unbracketed = |text: &str| text.trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok(InterfaceSpec::Address {
        name: name.to_owned(),
        address: unbracketed(address),
        advertise: advertise.map(unbracketed),
    })
}
