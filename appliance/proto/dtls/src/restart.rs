use crate::{Fingerprint, Role};

/// What the peer's SDP says about its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// `a=fingerprint`, each of them. Empty as long as there was no SDP: a handshake may begin before (RFC 5763 §6.2),
    /// but nothing is told until the peer can be judged.
    pub fingerprints: Vec<Fingerprint>,
    /// `a=tls-id` (RFC 8842 §4).
    pub tls_id: Option<String>,
}

/// Why a new association is needed (RFC 8842 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Restart {
    /// Client and server change places.
    Role,
    /// A fingerprint came, went or changed.
    Fingerprint,
    /// The peer says so with another `a=tls-id`.
    TlsId,
}

impl Peer {
    /// Compares with what the next SDP says; `role` is ours before and after. A `tls-id` that comes or goes means
    /// nothing: boxes in between take it out.
    pub fn restart(&self, role: Role, next: &Peer, next_role: Role) -> Option<Restart> {
        let includes = |some: &Peer, others: &Peer| {
            some.fingerprints.iter().all(|print| others.fingerprints.contains(print))
        };
        if role != next_role {
            Some(Restart::Role)
        } else if self.fingerprints.is_empty() {
            None
        } else if !includes(self, next) || !includes(next, self) {
            Some(Restart::Fingerprint)
        } else {
            match (&self.tls_id, &next.tls_id) {
                (Some(before), Some(after)) if before != after => Some(Restart::TlsId),
                _ => None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Hash;

    fn peer(prints: &[u8], tls_id: &str) -> Peer {
        let print = |byte: &u8| Fingerprint::new(Hash::Sha1, &[*byte; 20]).unwrap();
        Peer {
            fingerprints: prints.iter().map(print).collect(),
            tls_id: (!tls_id.is_empty()).then(|| tls_id.to_owned()),
        }
    }

    #[test]
    fn reasons_for_a_restart() {
        let role = Role::Server;
        type Said = (&'static [u8], &'static str);
        let table: [(Said, Said, Option<Restart>); 8] = [
            ((&[1], "a"), (&[1], "a"), None),
            ((&[1, 2], "a"), (&[2, 1], "a"), None),
            ((&[1], ""), (&[1], "a"), None),
            ((&[1], "a"), (&[1], ""), None),
            ((&[1], "a"), (&[1], "b"), Some(Restart::TlsId)),
            ((&[1], "a"), (&[1, 2], "a"), Some(Restart::Fingerprint)),
            ((&[1, 2], "a"), (&[1], "a"), Some(Restart::Fingerprint)),
            ((&[], ""), (&[1], "a"), None),
        ];
        for ((before, old_id), (after, new_id), expected) in table {
            let (before, after) = (peer(before, old_id), peer(after, new_id));
            assert_eq!(before.restart(role, &after, role), expected, "{before:?} {after:?}");
            assert_eq!(before.restart(role, &after, Role::Client), Some(Restart::Role));
        }
    }
}
