//! One typed value of one option, read from text.

use super::spec::{Kind, Opt};

/// A value of the kind that its option wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// On or off.
    Flag(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A text or word.
    Text(String),
    /// Texts.
    Texts(Vec<String>),
    /// Whole numbers.
    Ints(Vec<i64>),
}

/// Why a text is not a value of an option.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ValueError {
    /// Neither on nor off.
    #[error("`{0}` is neither true nor false")]
    Flag(String),
    /// Not a whole number.
    #[error("`{0}` is not a whole number")]
    Int(String),
    /// A number beyond the bounds.
    #[error("{0} is not within {1} to {2}")]
    Bounds(i64, i64, i64),
    /// Not a number, or a negative one.
    #[error("`{0}` is not a number of 0 or more")]
    Float(String),
    /// None of the known words.
    #[error("`{given}` is not one of {}; did you mean `{nearest}`?", .known.join(", "))]
    Word {
        /// What was written.
        given: String,
        /// What may be written.
        known: &'static [&'static str],
        /// The likeliest meaning.
        nearest: &'static str,
    },
    /// An option with several values got none.
    #[error("the list is empty")]
    Empty,
    /// Not a setting.
    #[error("this acts and exits, so it belongs on the command line only")]
    Action,
}

impl Value {
    /// Reads the value of `option` from the texts it was given: exactly one, or all elements of a list.
    ///
    /// # Errors
    /// When a text is not of the option's kind.
    pub fn parse(option: &Opt, texts: &[&str]) -> Result<Self, ValueError> {
        let last = || texts.last().map(|text| text.trim()).ok_or(ValueError::Empty);
        match option.kind {
            Kind::Flag => flag(last()?).map(Self::Flag),
            Kind::Int(low, high) => {
                let number = int(last()?)?;
                if (low..=high).contains(&number) {
                    Ok(Self::Int(number))
                } else {
                    Err(ValueError::Bounds(number, low, high))
                }
            }
            Kind::Float => {
                let text = last()?;
                let number: f64 = text.parse().map_err(|_| ValueError::Float(text.to_owned()))?;
                if number.is_finite() && number >= 0.0 {
                    Ok(Self::Float(number))
                } else {
                    Err(ValueError::Float(text.to_owned()))
                }
            }
            Kind::Text => texts.last().map(|text| Self::Text((*text).to_owned())).ok_or(ValueError::Empty),
            Kind::Word(known) => word(last()?, known).map(|word| Self::Text(word.to_owned())),
            Kind::Texts => match texts {
                [] => Err(ValueError::Empty),
                texts => Ok(Self::Texts(texts.iter().map(|text| text.trim().to_owned()).collect())),
            },
            Kind::Ints => {
                let numbers: Result<Vec<i64>, _> = texts.iter().map(|text| int(text.trim())).collect();
                numbers.map(Self::Ints)
            }
            Kind::Action => Err(ValueError::Action),
        }
    }
}

fn flag(text: &str) -> Result<bool, ValueError> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(ValueError::Flag(text.to_owned())),
    }
}

fn int(text: &str) -> Result<i64, ValueError> {
    // TOS values are customarily written in hexadecimal
    let parsed = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => i64::from_str_radix(hex, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| ValueError::Int(text.to_owned()))
}

fn word(text: &str, known: &'static [&'static str]) -> Result<&'static str, ValueError> {
    if let Some(word) = known.iter().find(|word| word.eq_ignore_ascii_case(text)) {
        return Ok(word);
    }
    let nearest = crate::config::nearest::nearest(text, known.iter().copied()).unwrap_or_default();
    Err(ValueError::Word { given: text.to_owned(), known, nearest })
}
