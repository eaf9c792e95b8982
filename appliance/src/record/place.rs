use super::name::{Facts, escaped, expand};
use std::path::{Component, Path, PathBuf};

/// What a request says about where its recording is to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish<'a> {
    /// The file, as a path.
    pub file: Option<&'a str>,
    /// The folder.
    pub folder: Option<&'a str>,
    /// A pattern instead of the configured one.
    pub pattern: Option<&'a str>,
}

/// Where the files of a recording are: while it lasts, and afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The packets, while they are written.
    pub(super) packets_spool: PathBuf,
    /// What is known of the call, meanwhile.
    pub(super) facts_spool: PathBuf,
    /// The packets, at the end.
    pub(super) packets: PathBuf,
    /// What is known of the call, at the end.
    pub(super) facts: PathBuf,
}

/// Folders below the one for recordings.
pub(super) const SPOOL: &str = "tmp";
pub(super) const PACKETS: &str = "pcaps";
pub(super) const FACTS: &str = "metadata";
pub(super) const TARGET: &str = "upload";
const FACTS_STEM: &str = "rtpengine-meta-";

impl Place {
    /// The place of a recording below `root`, and what was wished for and is not done: no wish leads out of `root`.
    pub(super) fn choose(
        root: &Path,
        pattern: &str,
        wish: Wish<'_>,
        facts: &Facts<'_>,
    ) -> (Place, Option<String>) {
        let mut refused = None;
        let mut refuse = |what: &str, text: &str| {
            refused = Some(format!(
                "{what} `{}` is not used: it is not below the folder for recordings",
                text.escape_debug()
            ));
        };
        let name = wish.pattern.and_then(|pattern| expand(pattern, facts).ok());
        let name = name.or_else(|| expand(pattern, facts).ok()).unwrap_or_else(|| facts.random.to_owned());
        // Whatever a pattern says and however long its parts are, no two recordings have the same name.
        let name = if name.contains(facts.random) { name } else { format!("{name}-{}", facts.random) };
        let mut folder = root.join(PACKETS);
        if let Some(text) = wish.folder.filter(|text| !text.is_empty()) {
            match below(root, text) {
                Some(inside) => folder = inside,
                None => refuse("recording-dir", text),
            }
        }
        let mut packets = folder.join(format!("{name}.pcap"));
        if let Some(text) = wish.file.filter(|text| !text.is_empty() && !text.ends_with('/')) {
            let base = if wish.folder.is_some() { &*folder } else { root };
            let inside = if Path::new(text).is_absolute() { below(root, text) } else { below(base, text) };
            match inside {
                Some(inside) if inside != root => packets = inside,
                _ => refuse("recording-file", text),
            }
        }
        let stem = stem(facts);
        let spool = root.join(SPOOL);
        let place = Place {
            packets_spool: spool.join(format!("{stem}.pcap")),
            facts_spool: spool.join(format!("{FACTS_STEM}{stem}.tmp")),
            facts: root.join(FACTS).join(format!("{FACTS_STEM}{stem}.txt")),
            packets,
        };
        (place, refused)
    }

    /// The place of a recording that another process began, from the file in the spool that says what it knows of the call,
    /// and the first line of that, which is where the packets belong.
    pub(super) fn resume(root: &Path, facts_spool: &Path, first_line: &str) -> Option<Place> {
        let name = facts_spool.file_name()?.to_str()?;
        let stem = name.strip_prefix(FACTS_STEM)?.strip_suffix(".tmp")?;
        let packets = below(root, first_line).filter(|path| path != root);
        Some(Place {
            packets_spool: root.join(SPOOL).join(format!("{stem}.pcap")),
            facts_spool: facts_spool.to_owned(),
            facts: root.join(FACTS).join(format!("{FACTS_STEM}{stem}.txt")),
            packets: packets.unwrap_or_else(|| root.join(PACKETS).join(format!("{stem}.pcap"))),
        })
    }
}

/// The name that all files of a recording share, as rtpengine makes it.
fn stem(facts: &Facts<'_>) -> String {
    format!("{}-{}", escaped(facts.call_id), facts.random)
}

/// A path that does not leave `base`: relative to it, or absolute and below it.
fn below(base: &Path, text: &str) -> Option<PathBuf> {
    let path = Path::new(text);
    let inside = if path.is_absolute() { path.strip_prefix(base).ok()? } else { path };
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    let harmless = !text.contains('\0') && inside.components().all(plain);
    harmless.then(|| base.join(inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(wish: Wish<'_>) -> (String, bool) {
        let facts = Facts { call_id: b"a b", random: "00ff", ..Facts::default() };
        let (place, refused) = Place::choose(Path::new("/rec"), "%c-%r", wish, &facts);
        assert_eq!(place.facts, Path::new("/rec/metadata/rtpengine-meta-a%20b-00ff.txt"));
        let again = Place::resume(Path::new("/rec"), &place.facts_spool, place.packets.to_str().unwrap());
        assert_eq!(again.as_ref(), Some(&place), "the next process finds it again");
        (place.packets.display().to_string(), refused.is_some())
    }

    #[test]
    fn wishes_are_fulfilled_below_the_folder_and_nowhere_else() {
        let usual = "/rec/pcaps/a%20b-00ff.pcap".to_owned();
        let file = |file| Wish { file: Some(file), ..Wish::default() };
        let folder = |folder| Wish { folder: Some(folder), ..Wish::default() };
        assert_eq!(chosen(Wish::default()), (usual.clone(), false));
        assert_eq!(chosen(file("mine")), ("/rec/mine".to_owned(), false));
        assert_eq!(chosen(file("/rec/x/mine.pcap")), ("/rec/x/mine.pcap".to_owned(), false));
        assert_eq!(chosen(folder("sub")), ("/rec/sub/a%20b-00ff.pcap".to_owned(), false));
        assert_eq!(chosen(Wish { file: Some("f"), ..folder("sub") }), ("/rec/sub/f".to_owned(), false));
        for hostile in ["/etc/cron.d/x", "../x", "a/../../x", "/rec/../etc/x", "/recs/x", ".", "/rec", "a\0b"]
        {
            assert_eq!(chosen(file(hostile)), (usual.clone(), true), "{hostile:?}");
        }
        assert_eq!(chosen(folder("/var/tmp")), (usual.clone(), true));
        let pattern = |pattern| Wish { pattern: Some(pattern), ..Wish::default() };
        assert_eq!(chosen(pattern("%Y/%c")), ("/rec/pcaps/1970/a%20b-00ff.pcap".to_owned(), false));
        assert_eq!(chosen(pattern("%Q")), (usual, false));
    }
}
