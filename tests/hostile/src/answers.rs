//! What may come back from the ng port.

use lab::{Value, ng};

/// What is expected of the reply to a bad datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Without a cookie there is nobody to answer.
    Silence,
    /// A body that cannot be read is answered by its cookie, a space and nothing more.
    Blank,
    /// A dictionary with `result` `error` and a reason.
    Error,
    /// A dictionary with a `result`; if that is `error`, there is a reason.
    Result,
    /// [`Expect::Result`] or [`Expect::Blank`]: the datagram may be readable by luck.
    Either,
    /// Any of them: the cookie may be gone too.
    Anything,
}

impl Expect {
    /// Says what is wrong with `body`, the reply after its cookie and space; `None` when no reply came.
    ///
    /// # Errors
    /// What is wrong.
    pub fn judge(self, body: Option<&[u8]>) -> Result<(), String> {
        match (self, body) {
            (Expect::Silence | Expect::Anything, None) => Ok(()),
            (_, None) => Err("was not answered".into()),
            (Expect::Silence, Some(body)) => Err(format!("was answered with {}", shown(body))),
            (Expect::Blank | Expect::Either | Expect::Anything, Some([])) => Ok(()),
            (Expect::Blank, Some(body)) => Err(format!("was read, and answered with {}", shown(body))),
            (_, Some([])) => Err("was answered with nothing but its cookie".into()),
            (_, Some(body)) => {
                let reply = ng::decode_body(body)
                    .map_err(|_| format!("got a reply nobody can read: {}", shown(body)))?;
                result(&reply, self == Expect::Error)
            }
        }
    }
}

fn result(reply: &Value, must_be_error: bool) -> Result<(), String> {
    let result = reply.text("result").ok_or_else(|| format!("got a reply without a result: {reply:?}"))?;
    if result == "error" {
        let reason = reply.text("error-reason").unwrap_or_default();
        return match reason.trim().is_empty() {
            true => Err(format!("got an error without a reason: {reply:?}")),
            false => Ok(()),
        };
    }
    match must_be_error {
        true => Err(format!("got {result:?} instead of an error: {reply:?}")),
        false => Ok(()),
    }
}

/// The start of something for a message.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let cut = if bytes.len() > 120 { "…" } else { "" };
    format!("{} bytes \"{}\"{cut}", bytes.len(), bytes[..bytes.len().min(120)].escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_expectation_takes_what_it_says_and_nothing_else() {
        let error: Option<&[u8]> = Some(b"d6:result5:error12:error-reason3:bade");
        let mute: Option<&[u8]> = Some(b"d6:result5:errore");
        let ok: Option<&[u8]> = Some(b"d6:result2:oke");
        let (blank, garbage): (Option<&[u8]>, Option<&[u8]>) = (Some(b""), Some(b"d6:result"));
        let json: Option<&[u8]> = Some(b"{\"result\":\"error\",\"error-reason\":\"bad\"}");
        let all = [None, blank, error, mute, ok, garbage, json];
        let taken = |expect: Expect| all.map(|body| expect.judge(body).is_ok());
        assert_eq!(taken(Expect::Silence), [true, false, false, false, false, false, false]);
        assert_eq!(taken(Expect::Blank), [false, true, false, false, false, false, false]);
        assert_eq!(taken(Expect::Error), [false, false, true, false, false, false, true]);
        assert_eq!(taken(Expect::Result), [false, false, true, false, true, false, true]);
        assert_eq!(taken(Expect::Either), [false, true, true, false, true, false, true]);
        assert_eq!(taken(Expect::Anything), [true, true, true, false, true, false, true]);
    }
}
