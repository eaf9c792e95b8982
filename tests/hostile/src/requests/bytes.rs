//! Bodies that are broken as bytes.

use super::{message, valid};
use crate::Dice;

pub(super) fn truncated(dice: &mut Dice, cookie: &str) -> Vec<u8> {
    let body = valid(dice).encode();
    let cut = dice.below(body.len());
    message(cookie, &body[..cut])
}

pub(super) fn depth_bomb(dice: &mut Dice, cookie: &str) -> Vec<u8> {
    let depth = match dice.below(3) {
        0 => dice.between(2, 200),
        1 => dice.between(200, 5_000),
        _ => dice.between(5_000, 30_000),
    };
    let json = dice.once_in(3);
    let (open, close): (&[u8], &[u8]) = match (json, dice.below(2)) {
        (true, 0) => (b"[", b"]"),
        (true, _) => (b"{\"a\":", b"}"),
        (false, 0) => (b"l", b"e"),
        (false, _) => (b"d1:a", b"e"),
    };
    let mut body = if json { b"{\"command\":".to_vec() } else { b"d7:command".to_vec() };
    body.extend(open.repeat(depth));
    if dice.once_in(2) {
        body.extend(close.repeat(depth));
    }
    message(cookie, &body)
}

/// Lengths that promise more than there is, up to numbers that fit no machine word.
pub(super) fn huge_length(dice: &mut Dice, cookie: &str) -> Vec<u8> {
    let digits = dice.between(1, 60);
    let mut number: String = (0..digits).map(|_| char::from(b'0' + dice.below(10) as u8)).collect();
    number.insert(0, char::from(b'1' + dice.below(9) as u8));
    let body = match dice.below(4) {
        // Promises at least ten bytes and has one.
        0 => format!("d7:command{number}:p"),
        1 => format!("d{number}:c"),
        2 => format!("d7:command4:ping7:call-id{number}:"),
        // A number that never ends.
        _ => format!("d7:command4:ping5:limiti{number}"),
    };
    message(cookie, body.as_bytes())
}

pub(super) fn random_body(dice: &mut Dice, cookie: &str) -> Vec<u8> {
    let length = dice.below(600);
    let mut body = dice.bytes(length);
    if dice.once_in(2) {
        body.insert(0, b'd');
    }
    message(cookie, &body)
}

pub(super) fn random_datagram(dice: &mut Dice, _: &str) -> Vec<u8> {
    let length = dice.between(0, 1200);
    dice.bytes(length)
}

/// No space within the first bytes, or nothing before it.
pub(super) fn no_cookie(dice: &mut Dice, _: &str) -> Vec<u8> {
    let mut out = valid(dice).encode();
    match dice.below(3) {
        0 => out.insert(0, b' '),
        1 => out.retain(|&byte| byte != b' '),
        _ => {
            out = dice.bytes(900);
            out.retain(|&byte| byte != b' ');
        }
    }
    out
}

/// A valid message with some of its bytes changed, the cookie's too.
pub(super) fn flipped(dice: &mut Dice, cookie: &str) -> Vec<u8> {
    let mut out = message(cookie, &valid(dice).encode());
    for _ in 0..dice.between(1, 6) {
        let at = dice.below(out.len());
        out[at] = if dice.once_in(2) { out[at] ^ (1 << dice.below(8)) } else { dice.byte() };
    }
    out
}

pub(super) fn json_garbage(dice: &mut Dice, cookie: &str) -> Vec<u8> {
    let whole = valid(dice).to_json().to_string().into_bytes();
    let body = match dice.below(5) {
        0 => whole[..dice.below(whole.len()).max(1)].to_vec(),
        1 => {
            let mut body = whole;
            let at = dice.between(1, body.len() - 1);
            body[at] = dice.byte();
            body
        }
        2 => format!("{{\"command\":\"\\u{:04x}\\ud800\"}}", dice.below(65536)).into_bytes(),
        3 => {
            format!("{{\"command\":{}{}}}", "9".repeat(dice.between(1, 400)), dice.pick(&["", "e999", ".5"]))
                .into_bytes()
        }
        _ => {
            let length = dice.below(300);
            let mut body = dice.bytes(length);
            body.insert(0, b'{');
            body
        }
    };
    message(cookie, &body)
}
