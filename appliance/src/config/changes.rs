//! What differs between two configurations, key by key, and which of it a running daemon can take.

use toml::Value as Toml;

use super::raw::Config;

/// Keys and sections that a running daemon takes. Interfaces are looked at one by one and are not in this list; whatever
/// else is not in it is read at the start only.
const LIVE: &[&str] = &[
    "aliases",
    "templates",
    "media.ports",
    "media.tos",
    "media.endpoint-learning",
    "media.sip-source",
    "media.receive-buffer",
    "timeouts",
    "limits",
    "log.level",
    "log.levels",
];

/// A key whose value is another one now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Its section and name, for example `limits.sessions`.
    pub key: String,
    /// Its value before, as in a file; empty if it had none.
    pub before: String,
    /// Its value now; empty if it has none.
    pub now: String,
}

/// All keys outside of `[[interface]]` that a running daemon takes and whose values differ.
#[must_use]
pub fn taken(running: &Config, wanted: &Config) -> Vec<Changed> {
    changes(running, wanted).into_iter().filter(|change| live(&change.key)).collect()
}

/// All keys outside of `[[interface]]` that are read at the start only and whose values differ from those at the start.
#[must_use]
pub fn kept(started: &Config, wanted: &Config) -> Vec<Changed> {
    changes(started, wanted).into_iter().filter(|change| !live(&change.key)).collect()
}

fn live(key: &str) -> bool {
    LIVE.iter()
        .any(|known| key.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

fn changes(before: &Config, now: &Config) -> Vec<Changed> {
    let mut found = Vec::new();
    walk("", &whole(before), &whole(now), &mut found);
    found
}

/// A configuration without its interfaces. One that was read can be written.
fn whole(config: &Config) -> toml::Table {
    let mut table = toml::Table::try_from(config).unwrap_or_default();
    table.remove("interface");
    table
}

fn walk(path: &str, before: &toml::Table, now: &toml::Table, found: &mut Vec<Changed>) {
    let mut keys: Vec<&String> = before.keys().chain(now.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    for name in keys {
        let key = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let empty = toml::Table::new();
        match (before.get(name), now.get(name)) {
            (before, now) if before == now => {}
            (Some(Toml::Table(before)), Some(Toml::Table(now))) => walk(&key, before, now, found),
            (Some(Toml::Table(before)), None) => walk(&key, before, &empty, found),
            (None, Some(Toml::Table(now))) => walk(&key, &empty, now, found),
            (before, now) => found.push(Changed { key, before: shown(before), now: shown(now) }),
        }
    }
}

fn shown(value: Option<&Toml>) -> String {
    value.map(Toml::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Config {
        toml::from_str(text).unwrap()
    }

    fn keys(changes: &[Changed]) -> Vec<&str> {
        changes.iter().map(|change| change.key.as_str()).collect()
    }

    #[test]
    fn every_difference_is_told_once_and_in_its_place() {
        let before = read(
            "[media]\nports = \"30000-30009\"\n[limits]\nsessions = 5\n[log]\nlevel = 6\nfacility = \"daemon\"\n\
             [control]\nlisten-ng = [\"127.0.0.1:2223\"]\n[templates]\nwebrtc = \"a\"\n",
        );
        let now = read(
            "[media]\nports = \"30000-30019\"\n[timeouts]\nmedia = 9\n[log]\nlevel = 7\nfacility = \"local1\"\n\
             [log.levels]\nice = 7\n[control]\nlisten-ng = [\"127.0.0.1:2224\"]\n",
        );
        let taken = taken(&before, &now);
        assert_eq!(
            keys(&taken),
            [
                "limits.sessions",
                "log.level",
                "log.levels.ice",
                "media.ports",
                "templates.webrtc",
                "timeouts.media"
            ]
        );
        assert_eq!(
            taken[3],
            Changed {
                key: "media.ports".into(),
                before: "\"30000-30009\"".into(),
                now: "\"30000-30019\"".into()
            }
        );
        assert_eq!((taken[0].before.as_str(), taken[0].now.as_str()), ("5", ""));
        assert_eq!(keys(&kept(&before, &now)), ["control.listen-ng", "log.facility"]);
        assert!(super::taken(&now, &now).is_empty() && kept(&now, &now).is_empty());
    }
}
