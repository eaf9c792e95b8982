//! What ties streams and packets together: groups and header extensions.

use crate::{Field, Text};

/// `a=group` (RFC 5888): a meaning and the `mid`s it holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// `BUNDLE`, `LS`, …
    pub semantics: Text<'a>,
    mids: Text<'a>,
}

impl<'a> Group<'a> {
    /// Reads `SEMANTICS MID…`.
    pub fn parse(value: Text<'a>) -> Option<Group<'a>> {
        let (semantics, mids) = value.split_once(b' ').unwrap_or((value, Text::default()));
        (!semantics.is_empty()).then_some(Group { semantics, mids })
    }

    /// Whether the group is a bundle (RFC 9143).
    pub fn is_bundle(&self) -> bool {
        self.semantics == "BUNDLE"
    }

    /// The members, in order.
    pub fn mids(&self) -> impl Iterator<Item = Text<'a>> + use<'a> {
        self.mids.words()
    }
}

/// `a=extmap` (RFC 8285): `ID[/DIRECTION] URI [ATTRIBUTES]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extmap<'a> {
    /// 1 to 14 for one-byte headers, 16 to 255 otherwise.
    pub id: u8,
    /// What stands between the id and the URI: empty, or a slash and a direction.
    pub direction: Field<'a>,
    /// The extension.
    pub uri: Field<'a>,
    /// What follows the URI; mostly empty.
    pub attributes: Field<'a>,
}

impl<'a> Extmap<'a> {
    /// Reads a value. Ids 0, 15 and above 255 cannot be used on the wire and give `None`.
    pub fn parse(value: Text<'a>) -> Option<Extmap<'a>> {
        let (head, rest) = value.split_once(b' ')?;
        let slash = head.iter().position(|&b| b == b'/').unwrap_or(head.len());
        let (id, direction) = head.as_bytes().split_at(slash);
        let id = Text::new(id).number().filter(|&id: &u8| id != 0 && id != 15)?;
        let rest = rest.trimmed();
        let (uri, attributes) = rest.split_once(b' ').unwrap_or((rest, Text::default()));
        (!uri.is_empty()).then_some(Extmap {
            id,
            direction: direction.into(),
            uri: uri.into(),
            attributes: attributes.into(),
        })
    }

    /// The same, no longer borrowing from the body.
    pub fn into_owned(self) -> Extmap<'static> {
        Extmap {
            id: self.id,
            direction: self.direction.into_owned(),
            uri: self.uri.into_owned(),
            attributes: self.attributes.into_owned(),
        }
    }

    /// A plain extension without direction or attributes.
    pub fn new(id: u8, uri: impl Into<Field<'a>>) -> Extmap<'a> {
        Extmap { id, direction: Field::default(), uri: uri.into(), attributes: Field::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extmap_with_direction_and_attributes() {
        let e = Extmap::parse("3/sendonly urn:x:y a=1 b".into()).unwrap();
        assert_eq!(
            (e.id, &e.direction, &e.uri, &e.attributes),
            (3, &"/sendonly".into(), &"urn:x:y".into(), &"a=1 b".into())
        );
        for id in [1, 14, 16, 255] {
            assert_eq!(Extmap::parse(format!("{id} u").as_str().into()).unwrap().id, id);
        }
        for value in ["0 u", "15 u", "256 u", "4096 u", "x u", "3", "3 ", "2x u"] {
            assert!(Extmap::parse(value.into()).is_none(), "{value}");
        }
    }

    #[test]
    fn group_members() {
        let g = Group::parse("BUNDLE 0  audio 2".into()).unwrap();
        assert!(g.is_bundle());
        assert_eq!(g.mids().map(|m| m.to_string()).collect::<Vec<_>>(), ["0", "audio", "2"]);
        assert!(!Group::parse("LS 1".into()).unwrap().is_bundle());
        assert!(Group::parse("".into()).is_none());
        assert_eq!(Group::parse("BUNDLE".into()).unwrap().mids().count(), 0);
    }
}
