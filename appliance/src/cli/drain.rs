use super::Drain;
use super::answer::unknown;
use crate::desk::Desk;

/// `drain [exit|stay]`.
pub(super) fn drain(desk: &mut Desk, how: &str) -> String {
    desk.console.drain = match how {
        "" | "exit" => Drain::Exit,
        "stay" => Drain::Refuse,
        other => return unknown(other),
    };
    tracing::warn!("draining: new calls are refused");
    standing(desk)
}

/// `undrain`.
pub(super) fn undrain(desk: &mut Desk) -> String {
    if std::mem::take(&mut desk.console.drain) != Drain::Off {
        tracing::warn!("not draining any more: new calls are taken");
    }
    standing(desk)
}

/// `list drain`.
pub(super) fn standing(desk: &Desk) -> String {
    let calls = desk.book.len();
    match desk.console.drain {
        Drain::Off => format!("Not draining: new calls are taken. Calls now: {calls}\n"),
        Drain::Refuse => format!("Draining: new calls are refused. Calls left: {calls}\n"),
        Drain::Exit => format!(
            "Draining: new calls are refused, and the daemon ends with the last call. Calls left: {calls}\n"
        ),
    }
}
