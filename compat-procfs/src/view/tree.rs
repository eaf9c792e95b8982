//! Names, numbers and modes of the tree, free of FUSE.

use super::{Refusal, Source, render};
use crate::abi::TABLES_MAX;

/// A node of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Root,
    MainControl,
    MainList,
    Table(u32),
    File(u32, File),
}

/// A file of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum File {
    Blist,
    Control,
    List,
    Stats,
    Status,
}

const FILES: [(&str, File); 5] = [
    ("blist", File::Blist),
    ("control", File::Control),
    ("list", File::List),
    ("stats", File::Stats),
    ("status", File::Status),
];

/// Numbers of tables start here; each has as many numbers as a directory and its files need.
const FIRST: u64 = 16;
const STRIDE: u64 = 8;

impl Node {
    pub(super) fn number(self) -> u64 {
        match self {
            Node::Root => 1,
            Node::MainControl => 2,
            Node::MainList => 3,
            Node::Table(id) => FIRST + STRIDE * u64::from(id),
            Node::File(id, file) => Node::Table(id).number() + 1 + file as u64,
        }
    }

    pub(super) fn of(number: u64) -> Option<Node> {
        match number {
            1 => return Some(Node::Root),
            2 => return Some(Node::MainControl),
            3 => return Some(Node::MainList),
            _ => {}
        }
        let at = number.checked_sub(FIRST)?;
        let id = u32::try_from(at / STRIDE).ok().filter(|id| *id < TABLES_MAX)?;
        match at % STRIDE {
            0 => Some(Node::Table(id)),
            place => FILES.get(place as usize - 1).map(|(_, file)| Node::File(id, *file)),
        }
    }

    pub(super) fn is_directory(self) -> bool {
        matches!(self, Node::Root | Node::Table(_))
    }

    pub(super) fn mode(self) -> u16 {
        match self {
            Node::Root | Node::Table(_) => 0o555,
            Node::MainControl => 0o220,
            Node::File(_, File::Control) => 0o660,
            Node::MainList | Node::File(..) => 0o444,
        }
    }

    /// The child of that name.
    pub(super) fn child(self, name: &str, source: &dyn Source) -> Option<Node> {
        self.children(source).into_iter().find(|(here, _)| here == name).map(|(_, node)| node)
    }

    /// What a directory holds.
    pub(super) fn children(self, source: &dyn Source) -> Vec<(String, Node)> {
        match self {
            Node::Root => {
                let mut all = vec![("control".into(), Node::MainControl), ("list".into(), Node::MainList)];
                let tables = source.tables().into_iter().filter(|id| *id < TABLES_MAX);
                all.extend(tables.map(|id| (id.to_string(), Node::Table(id))));
                all
            }
            Node::Table(id) => {
                FILES.iter().map(|(name, file)| ((*name).to_owned(), Node::File(id, *file))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Still there?
    pub(super) fn exists(self, source: &dyn Source) -> bool {
        match self {
            Node::Table(id) | Node::File(id, _) => source.tables().contains(&id),
            _ => true,
        }
    }

    /// What a reader gets; `None` when the table has gone.
    pub(super) fn content(self, source: &dyn Source) -> Option<Vec<u8>> {
        let Node::File(id, file) = self else {
            return Some(match self {
                Node::MainList => {
                    source.tables().iter().map(|id| format!("{id}\n")).collect::<String>().into_bytes()
                }
                _ => Vec::new(),
            });
        };
        let table = source.table(id)?;
        Some(match file {
            File::Blist => render::blist(&table),
            File::Control => Vec::new(),
            File::List => render::list(&table).into_bytes(),
            File::Stats => render::stats(&table).into_bytes(),
            File::Status => render::status(&table).into_bytes(),
        })
    }
}

/// What was written to the main control file; `None`: not a command.
pub(super) fn command(text: &[u8], source: &dyn Source) -> Option<Result<(), Refusal>> {
    let (word, id) = std::str::from_utf8(text).ok()?.trim_end().split_once(' ')?;
    let id: u32 = id.trim().parse().ok().filter(|id| *id < TABLES_MAX)?;
    match word {
        "add" => Some(source.add(id)),
        "del" => Some(source.del(id)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_name_nodes_and_nodes_have_numbers() {
        let mut nodes = vec![Node::Root, Node::MainControl, Node::MainList];
        for id in 0..TABLES_MAX {
            nodes.push(Node::Table(id));
            nodes.extend(FILES.iter().map(|(_, file)| Node::File(id, *file)));
        }
        for node in nodes {
            assert_eq!(Node::of(node.number()), Some(node));
        }
        for number in [0, 4, 15, FIRST + 6, FIRST + 7, FIRST + STRIDE * u64::from(TABLES_MAX), u64::MAX] {
            assert_eq!(Node::of(number), None, "{number}");
        }
    }
}
