//! The arithmetic of `a=setup` (RFC 4145, RFC 5763 §5, RFC 8842 §5): who is client, and what to write.

use std::fmt;

/// Who opens the association (RFC 5763 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// We send the ClientHello (`active`).
    Client,
    /// We wait for one (`passive`).
    Server,
}

/// `a=setup` (RFC 4145 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the role of that name")]
pub enum Setup {
    Active,
    Passive,
    Actpass,
    Holdconn,
}

impl Setup {
    /// Reads a role, case ignored.
    pub fn parse(text: &[u8]) -> Option<Setup> {
        [Setup::Active, Setup::Passive, Setup::Actpass, Setup::Holdconn]
            .into_iter()
            .find(|setup| setup.as_str().as_bytes().eq_ignore_ascii_case(text))
    }

    /// The role's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Setup::Active => "active",
            Setup::Passive => "passive",
            Setup::Actpass => "actpass",
            Setup::Holdconn => "holdconn",
        }
    }
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What we would rather be (`DTLS=active|passive|off`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Preference {
    /// Client, if the peer leaves it to us.
    #[default]
    Active,
    /// Server, if the peer leaves it to us.
    Passive,
    /// No DTLS at all.
    Off,
}

/// What becomes of an offer: our role, if there is a handshake, and what `a=setup` of the answer says, if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Our role; without one there is no handshake, or not now.
    pub role: Option<Role>,
    /// `a=setup` to write.
    pub write: Option<Setup>,
}

impl Choice {
    const NONE: Choice = Choice { role: None, write: None };
    const CLIENT: Choice = Choice { role: Some(Role::Client), write: Some(Setup::Active) };
    const SERVER: Choice = Choice { role: Some(Role::Server), write: Some(Setup::Passive) };
}

/// Answers an offer that has fingerprints. `offered` is its `a=setup`; an offer without one means `active` (RFC 4145
/// §4.1). `standing` is our role in the association that goes on, which an `actpass` keeps (RFC 8842 §5.3).
pub fn answer(offered: Option<Setup>, preference: Preference, standing: Option<Role>) -> Choice {
    if preference == Preference::Off {
        return Choice::NONE;
    }
    match offered {
        None | Some(Setup::Active) => Choice::SERVER,
        Some(Setup::Passive) => Choice::CLIENT,
        Some(Setup::Holdconn) => Choice { role: None, write: Some(Setup::Holdconn) },
        Some(Setup::Actpass) => match (standing, preference) {
            (Some(Role::Client), _) => Choice::CLIENT,
            (Some(Role::Server), _) => Choice::SERVER,
            (None, Preference::Passive) => Choice::SERVER,
            (None, _) => Choice::CLIENT,
        },
    }
}

/// What `a=setup` of an offer of ours says: `actpass`, whatever we prefer (RFC 8842 §5.2); nothing without DTLS.
pub fn offer(preference: Preference) -> Option<Setup> {
    (preference != Preference::Off).then_some(Setup::Actpass)
}

/// Our role by the answer to our `actpass`. An answer without `a=setup` means `passive` (RFC 4145 §4.1). One that says
/// `actpass` breaks RFC 8842 §5.3; such a peer waits for us.
pub fn answered(by_peer: Option<Setup>) -> Option<Role> {
    match by_peer {
        Some(Setup::Active) => Some(Role::Server),
        None | Some(Setup::Passive | Setup::Actpass) => Some(Role::Client),
        Some(Setup::Holdconn) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Preference::{Active, Off, Passive};

    #[test]
    fn answers() {
        let table = [
            (Some(Setup::Actpass), Active, None, "client active"),
            (Some(Setup::Actpass), Passive, None, "server passive"),
            (Some(Setup::Actpass), Active, Some(Role::Server), "server passive"),
            (Some(Setup::Actpass), Passive, Some(Role::Client), "client active"),
            (Some(Setup::Active), Active, None, "server passive"),
            (Some(Setup::Active), Passive, Some(Role::Client), "server passive"),
            (Some(Setup::Passive), Active, None, "client active"),
            (Some(Setup::Passive), Passive, Some(Role::Server), "client active"),
            (Some(Setup::Holdconn), Active, None, "- holdconn"),
            (None, Active, None, "server passive"),
            (Some(Setup::Actpass), Off, Some(Role::Client), "- -"),
            (Some(Setup::Holdconn), Off, None, "- -"),
        ];
        for (offered, preference, standing, expected) in table {
            let choice = answer(offered, preference, standing);
            let role = match choice.role {
                Some(Role::Client) => "client",
                Some(Role::Server) => "server",
                None => "-",
            };
            let write = choice.write.map_or("-", Setup::as_str);
            assert_eq!(format!("{role} {write}"), expected, "{offered:?} {preference:?} {standing:?}");
        }
    }

    #[test]
    fn the_two_sides_never_choose_the_same_role() {
        for preference in [Active, Passive] {
            let choice = answer(offer(Active), preference, None);
            assert_ne!(answered(choice.write), choice.role);
        }
        assert_eq!(offer(Off), None);
        assert_eq!(answered(None), Some(Role::Client));
        assert_eq!(answered(Some(Setup::Holdconn)), None);
    }

    #[test]
    fn spellings() {
        for setup in [Setup::Active, Setup::Passive, Setup::Actpass, Setup::Holdconn] {
            assert_eq!(Setup::parse(setup.to_string().to_uppercase().as_bytes()), Some(setup));
        }
        assert_eq!(Setup::parse(b"actpas"), None);
    }
}
