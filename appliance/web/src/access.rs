use crate::server::Error;
use std::fmt;
use std::fs;
use std::path::Path;
use subtle::{Choice, ConstantTimeEq};

/// Shortest token, in bytes: shorter ones can be guessed.
const SHORTEST: usize = 16;

/// Words that let a client in. There are no tokens in its `Debug`.
#[derive(Clone)]
pub struct Tokens(Vec<String>);

impl fmt::Debug for Tokens {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Tokens({})", self.0.len())
    }
}

impl Tokens {
    /// Reads a file with one token per line. Empty lines and lines that begin with `#` are none.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be read, [`Error::Tokens`] when there is no token in it, or one that is shorter
    /// than 16 characters or has a character that does not go into a header.
    pub fn read(path: &Path) -> Result<Tokens, Error> {
        let text = fs::read_to_string(path).map_err(|why| Error::File { path: path.to_path_buf(), why })?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let tokens: Vec<String> = lines.map(str::to_owned).collect();
        let good = |token: &String| token.len() >= SHORTEST && token.bytes().all(|b| b.is_ascii_graphic());
        if tokens.is_empty() || !tokens.iter().all(good) {
            return Err(Error::Tokens { path: path.to_path_buf() });
        }
        Ok(Tokens(tokens))
    }

    /// Whether the value of an `Authorization` header has one of the tokens (RFC 6750 §2.1). Takes the same time
    /// whichever it is and wherever a wrong one differs.
    pub(crate) fn admit(&self, authorization: Option<&[u8]>) -> bool {
        let Some((scheme, said)) = authorization.and_then(|value| value.split_at_checked(7)) else {
            return false;
        };
        if !scheme.eq_ignore_ascii_case(b"bearer ") {
            return false;
        }
        let known = self.0.iter().map(|token| token.as_bytes().ct_eq(said));
        known.fold(Choice::from(0), |one, this| one | this).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Tokens, Error> {
        let path = std::env::temp_dir().join(format!("tokens-{}-{}", std::process::id(), text.len()));
        fs::write(&path, text).unwrap();
        let tokens = Tokens::read(&path);
        fs::remove_file(&path).unwrap();
        tokens
    }

    #[test]
    fn one_of_the_tokens_is_enough() {
        let tokens = read("# Prometheus\nabcdefghijklmnop\n\n  0123456789abcdef  \n").unwrap();
        assert!(tokens.admit(Some(b"Bearer abcdefghijklmnop")));
        assert!(tokens.admit(Some(b"bearer 0123456789abcdef")));
        for wrong in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer abcdefghijklmno",
            "Bearer abcdefghijklmnopq",
            "Basic abcdefghijklmnop",
        ] {
            assert!(!tokens.admit(Some(wrong.as_bytes())), "{wrong}");
        }
        assert!(!tokens.admit(None));
        assert_eq!(format!("{tokens:?}"), "Tokens(2)");
    }

    #[test]
    fn a_file_without_a_good_token_is_an_error() {
        for text in ["", "# nothing\n", "short\n", "long enough, but blanks\n"] {
            assert!(matches!(read(text), Err(Error::Tokens { .. })), "{text}");
        }
        assert!(matches!(Tokens::read(Path::new("/nowhere/at/all")), Err(Error::File { .. })));
    }
}
