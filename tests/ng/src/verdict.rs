//! What to make of a play.

use crate::Result;
use crate::shelf::{Shelf, Whose};
use crate::transcript::{Difference, Transcript, differences};
use std::collections::BTreeMap;

/// The outcome of one script.
#[derive(Debug)]
pub enum Verdict {
    /// As it should be.
    Right,
    /// It needs something this build does not have: what.
    NotYet(String),
    /// It differs from what is expected.
    Wrong(Vec<Difference>),
    /// It could not be played, or there is nothing to compare it with: why.
    Broken(String),
}

/// What is known before playing.
#[derive(Debug)]
pub struct Judge {
    shelf: Shelf,
    not_yet: BTreeMap<String, String>,
    /// The daemon is somebody else's: only what rtpengine does counts.
    foreign: bool,
}

impl Judge {
    /// Reads the table of scripts for later. For a `foreign` daemon neither that nor our own differences apply.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn new(shelf: &Shelf, foreign: bool) -> Result<Judge> {
        Ok(Judge { shelf: shelf.clone(), not_yet: shelf.not_yet()?, foreign })
    }

    /// What this script is expected to give.
    ///
    /// # Errors
    /// A stored transcript cannot be read.
    pub fn expected(&self, name: &str) -> Result<Option<Transcript>> {
        if !self.foreign
            && let Some(ours) = self.shelf.transcript(name, Whose::Ours)?
        {
            return Ok(Some(ours));
        }
        self.shelf.transcript(name, Whose::Rtpengine)
    }

    /// Compares. A script for later that gives what is expected is wrong, too: the table is out of date.
    pub fn judge(&self, name: &str, expected: Option<&Transcript>, outcome: Result<Transcript>) -> Verdict {
        let later = self.not_yet.get(name).filter(|_| !self.foreign);
        let Some(expected) = expected else {
            return Verdict::Broken("no transcript is stored for it".into());
        };
        match (outcome, later) {
            (Err(error), _) => Verdict::Broken(error.to_string()),
            (Ok(got), later) => match (differences(expected, &got), later) {
                (found, None) if found.is_empty() => Verdict::Right,
                (found, None) => Verdict::Wrong(found),
                (found, Some(_)) if found.is_empty() => {
                    Verdict::Broken("it gives what is expected: take it out of not-yet.toml".into())
                }
                (_, Some(needs)) => Verdict::NotYet(needs.clone()),
            },
        }
    }
}

/// What is wrong with the files themselves, one line each: transcripts without script, differences nobody explained,
/// explanations and entries nobody needs any more.
///
/// # Errors
/// A file cannot be read.
pub fn untidy(shelf: &Shelf) -> Result<Vec<String>> {
    let scripts: Vec<String> = shelf.scripts()?.into_iter().map(|script| script.name).collect();
    let (recorded, ours) = (shelf.recorded(Whose::Rtpengine)?, shelf.recorded(Whose::Ours)?);
    let explained = explained(&shelf.differences()?);
    let not_yet = shelf.not_yet()?;
    let mut wrong = Vec::new();
    wrong.extend(missing(&scripts, &recorded).map(|name| format!("{name}: no transcript")));
    wrong.extend(missing(&recorded, &scripts).map(|name| format!("{name}.txt: no such script")));
    wrong.extend(missing(&ours, &scripts).map(|name| format!("{name}.ours.txt: no such script")));
    wrong.extend(missing(&ours, &explained).map(|name| format!("{name}.ours.txt: not in differences.md")));
    wrong.extend(missing(&explained, &ours).map(|name| format!("differences.md: {name} has no .ours.txt")));
    let later: Vec<String> = not_yet.into_keys().collect();
    wrong.extend(missing(&later, &scripts).map(|name| format!("not-yet.toml: {name} is no script")));
    for name in &ours {
        if shelf.transcript(name, Whose::Ours)? == shelf.transcript(name, Whose::Rtpengine)? {
            wrong.push(format!("{name}.ours.txt: equal to {name}.txt, so it can go"));
        }
        if later.contains(name) {
            wrong.push(format!("{name}: both different on purpose and not yet"));
        }
    }
    Ok(wrong)
}

fn missing<'a>(these: &'a [String], those: &'a [String]) -> impl Iterator<Item = &'a String> {
    these.iter().filter(|name| !those.contains(name))
}

/// The scripts an explanation is for: lines `Script: `NAME`` (several: `Scripts: `A`, `B``) of the document.
pub fn explained(document: &str) -> Vec<String> {
    let lines = document.lines().filter(|line| line.starts_with("Script: ") || line.starts_with("Scripts: "));
    lines.flat_map(|line| line.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::Entry;

    fn transcript(line: &str) -> Transcript {
        let entries = vec![Entry { title: "ping1".into(), lines: vec![line.into()] }];
        Transcript { about: "x".into(), entries }
    }

    #[test]
    fn plays_are_judged() {
        let shelf = Shelf { root: "/".into() };
        let not_yet = BTreeMap::from([("later".to_owned(), "needs X".to_owned())]);
        let mut judge = Judge { shelf, not_yet, foreign: false };
        let (pong, ping) = (transcript("  pong"), transcript("  ping"));
        assert!(matches!(judge.judge("now", Some(&pong), Ok(pong.clone())), Verdict::Right));
        assert!(
            matches!(judge.judge("now", Some(&pong), Ok(ping.clone())), Verdict::Wrong(found) if found.len() == 1)
        );
        assert!(matches!(judge.judge("now", None, Ok(ping.clone())), Verdict::Broken(_)));
        assert!(
            matches!(judge.judge("later", Some(&pong), Ok(ping.clone())), Verdict::NotYet(why) if why == "needs X")
        );
        assert!(matches!(judge.judge("later", Some(&pong), Ok(pong.clone())), Verdict::Broken(_)));
        judge.foreign = true;
        assert!(matches!(judge.judge("later", Some(&pong), Ok(ping)), Verdict::Wrong(_)));
    }

    #[test]
    fn explanations_name_scripts() {
        let document = "# x\n\nScript: `01-a`\n\nNot `this`.\nScripts: `02-b`, `03-c`\n";
        assert_eq!(explained(document), ["01-a", "02-b", "03-c"]);
    }
}
