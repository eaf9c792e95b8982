//! bencode, read without copying and written in our own key order.
//!
//! The reader is as lenient as rtpengine's: keys in any order, `+5` for a number, and containers left open at the
//! very end of the input count as closed. It is as strict where leniency would be guessing: no leading zeros,
//! no `-0`, no number outside `i64`, keys must be strings, nesting at most [`MAX_DEPTH`].

use std::borrow::Cow;

use crate::{Dict, Malformed, Value};

/// How deep lists and dictionaries may nest, the outermost counted. rtpengine draws the line at the same place.
pub const MAX_DEPTH: usize = 64;

/// Longest run of digits in a number or a string length; more cannot be an `i64`.
const MAX_DIGITS: usize = 19;

/// Reads the value at the start of `input`; returns it with the number of bytes it took.
///
/// # Errors
/// [`Malformed::Body`] or [`Malformed::TooDeep`].
pub fn parse(input: &[u8]) -> Result<(Value<'_>, usize), Malformed> {
    let mut reader = Reader { input, at: 0 };
    let value = reader.value(0)?;
    Ok((value, reader.at))
}

/// Reads the pairs of a dictionary, without what begins and ends it.
///
/// # Errors
/// As [`parse`].
pub(crate) fn parse_pairs(input: &[u8]) -> Result<Dict<'_>, Malformed> {
    let mut reader = Reader { input, at: 0 };
    let mut dict = Dict::new();
    while !reader.container_ends() {
        let key = reader.string()?;
        dict.push_bytes(key, reader.value(1)?);
    }
    Ok(dict)
}

/// Appends `value` to `out`.
pub fn write(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Int(number) => {
            out.push(b'i');
            push_decimal(*number, out);
            out.push(b'e');
        }
        Value::Bytes(bytes) => write_bytes(bytes, out),
        Value::List(list) => {
            out.push(b'l');
            list.iter().for_each(|member| write(member, out));
            out.push(b'e');
        }
        Value::Dict(dict) => write_dict(dict, out),
    }
}

/// Appends a dictionary to `out`, keys in their own order.
pub fn write_dict(dict: &Dict<'_>, out: &mut Vec<u8>) {
    write_pairs(dict.iter(), out);
}

/// Appends a dictionary of these pairs.
pub(crate) fn write_pairs<'v, 'a: 'v>(
    pairs: impl Iterator<Item = (&'v [u8], &'v Value<'a>)>,
    out: &mut Vec<u8>,
) {
    out.push(b'd');
    for (key, value) in pairs {
        write_bytes(key, out);
        write(value, out);
    }
    out.push(b'e');
}

pub(crate) fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    // A length always fits: slices are at most isize::MAX bytes long.
    push_decimal(bytes.len() as i64, out);
    out.push(b':');
    out.extend_from_slice(bytes);
}

pub(crate) fn push_decimal(number: i64, out: &mut Vec<u8>) {
    // Nearly every length, and most numbers.
    match number {
        0..=9 => return out.push(b'0' + number as u8),
        10..=99 => return out.extend_from_slice(&[b'0' + (number / 10) as u8, b'0' + (number % 10) as u8]),
        _ => {}
    }
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}

struct Reader<'a> {
    input: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.input.get(self.at).copied()
    }

    /// True at the end of a container: its `e`, or the end of the input.
    fn container_ends(&mut self) -> bool {
        match self.peek() {
            Some(b'e') => {
                self.at += 1;
                true
            }
            Some(_) => false,
            None => true,
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, Malformed> {
        match self.peek() {
            Some(b'i') => {
                let token = match integer(&self.input[self.at..])? {
                    Token::Whole(number, len) => (number, len),
                    Token::Cut => return Err(Malformed::Body("number cut short")),
                };
                self.at += token.1;
                Ok(Value::Int(token.0))
            }
            Some(b'0'..=b'9') => Ok(Value::Bytes(Cow::Borrowed(self.string()?))),
            Some(b'l') => {
                self.enter(depth)?;
                let mut list = Vec::new();
                while !self.container_ends() {
                    list.push(self.value(depth + 1)?);
                }
                Ok(Value::List(list))
            }
            Some(b'd') => {
                self.enter(depth)?;
                // A request has about a dozen keys; what is inside it, few.
                let mut dict = if depth == 0 { Dict::with_capacity(16) } else { Dict::new() };
                while !self.container_ends() {
                    let key = self.string()?;
                    dict.push_bytes(key, self.value(depth + 1)?);
                }
                Ok(Value::Dict(dict))
            }
            Some(_) => Err(Malformed::Body("no value starts with this byte")),
            None => Err(Malformed::Body("value missing")),
        }
    }

    fn enter(&mut self, depth: usize) -> Result<(), Malformed> {
        if depth >= MAX_DEPTH {
            return Err(Malformed::TooDeep);
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<&'a [u8], Malformed> {
        let (len, prefix) = match string_length(&self.input[self.at..])? {
            Token::Whole(len, prefix) => (len, prefix),
            Token::Cut => return Err(Malformed::Body("string length cut short")),
        };
        let start = self.at + prefix;
        let end = start.checked_add(len).filter(|end| *end <= self.input.len());
        let end = end.ok_or(Malformed::Body("string cut short"))?;
        self.at = end;
        Ok(&self.input[start..end])
    }
}

/// Finds where a bencode value ends in a stream that arrives in pieces. Remembers where it was, so that a long
/// message is walked once however small the pieces are.
#[derive(Clone, Debug, Default)]
pub struct Scanner {
    at: usize,
    depth: usize,
}

impl Scanner {
    /// Looks at all of `input` received so far (always from the value's first byte) and returns the length of
    /// the value once it is complete. Does not prove the value well formed; [`parse`] does.
    ///
    /// # Errors
    /// [`Malformed`] as soon as no further byte could make it a value.
    pub fn scan(&mut self, input: &[u8]) -> Result<Option<usize>, Malformed> {
        while let Some(first) = input.get(self.at) {
            let rest = &input[self.at..];
            match first {
                b'l' | b'd' if self.depth == MAX_DEPTH => return Err(Malformed::TooDeep),
                b'l' | b'd' => {
                    self.depth += 1;
                    self.at += 1;
                }
                b'e' if self.depth > 0 => {
                    self.depth -= 1;
                    self.at += 1;
                }
                b'i' => match integer(rest)? {
                    Token::Whole(_, len) => self.at += len,
                    Token::Cut => return Ok(None),
                },
                b'0'..=b'9' => match string_length(rest)? {
                    Token::Whole(len, prefix) if len <= rest.len() - prefix => self.at += prefix + len,
                    Token::Whole(..) | Token::Cut => return Ok(None),
                },
                _ => return Err(Malformed::Body("no value starts with this byte")),
            }
            if self.depth == 0 {
                return Ok(Some(self.at));
            }
        }
        Ok(None)
    }
}

/// A token and its length in bytes, or the news that the input ends inside it.
enum Token<T> {
    Whole(T, usize),
    Cut,
}

/// `i` [`+` | `-`] digits `e`.
fn integer(input: &[u8]) -> Result<Token<i64>, Malformed> {
    let signed = matches!(input.get(1), Some(b'+' | b'-'));
    let negative = input.get(1) == Some(&b'-');
    let start = 1 + usize::from(signed);
    let (digits, end) = match digits(&input[start.min(input.len())..], b'e')? {
        Token::Whole(digits, len) => (digits, start + len),
        Token::Cut => return Ok(Token::Cut),
    };
    if negative && digits == b"0" {
        return Err(Malformed::Body("minus zero"));
    }
    // Towards the negative side, so that i64::MIN is a number too.
    let negated =
        digits.iter().try_fold(0i64, |sum, digit| sum.checked_mul(10)?.checked_sub(i64::from(digit - b'0')));
    let number = if negative { negated } else { negated.and_then(i64::checked_neg) };
    Ok(Token::Whole(number.ok_or(Malformed::Body("number too large"))?, end))
}

/// digits `:`, without the string itself. Every key and text of a message begins with one, so it is read in one go.
fn string_length(input: &[u8]) -> Result<Token<usize>, Malformed> {
    let mut length = 0usize;
    for (at, byte) in input.iter().take(MAX_DIGITS + 1).enumerate() {
        match byte {
            b'0'..=b'9' if at == 1 && length == 0 => return Err(Malformed::Body("leading zero")),
            b'0'..=b'9' => {
                let longer =
                    length.checked_mul(10).and_then(|length| length.checked_add(usize::from(byte - b'0')));
                length = longer.ok_or(Malformed::Body("string length too large"))?;
            }
            b':' if at > 0 => return Ok(Token::Whole(length, at + 1)),
            _ => return Err(Malformed::Body("digits expected")),
        }
    }
    if input.len() > MAX_DIGITS { Err(Malformed::Body("too many digits")) } else { Ok(Token::Cut) }
}

/// A run of digits up to `stop`; the token's length includes `stop`.
fn digits(input: &[u8], stop: u8) -> Result<Token<&[u8]>, Malformed> {
    let count = input.iter().take(MAX_DIGITS + 1).take_while(|byte| byte.is_ascii_digit()).count();
    if count > MAX_DIGITS {
        return Err(Malformed::Body("too many digits"));
    }
    if count > 1 && input[0] == b'0' {
        return Err(Malformed::Body("leading zero"));
    }
    match input.get(count) {
        None => Ok(Token::Cut),
        Some(byte) if *byte == stop && count > 0 => Ok(Token::Whole(&input[..count], count + 1)),
        Some(_) => Err(Malformed::Body("digits expected")),
    }
}
