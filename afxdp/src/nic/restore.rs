use super::Channels;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// How one change is undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undo {
    /// These were the queue counts.
    Channels(Channels),
    /// This was the queue of every hash value.
    Indirection(Vec<u32>),
    /// Receive rules were switched off.
    RulesOff,
    /// There was no receive rule at this place.
    Rule(u32),
    /// This was the number in a file of the interface's folder.
    Sysfs(String, u64),
}

/// How a NIC becomes what it was: written to a file before anything is changed, so that it can be done after a crash
/// too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restore {
    /// Name of the interface.
    pub interface: String,
    /// What to do, in this order.
    pub undo: Vec<Undo>,
}

/// Why a written restore cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RestoreError {
    /// The first line must name the interface.
    #[error("the first line does not name an interface")]
    NoInterface,
    /// A line that says nothing known.
    #[error("line {0} is not understood")]
    Line(usize),
}

impl fmt::Display for Undo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Undo::Channels(was) => {
                write!(f, "channels {} {} {} {}", was.rx, was.tx, was.other, was.combined)
            }
            Undo::Indirection(queues) => {
                f.write_str("indirection")?;
                queues.iter().try_for_each(|queue| write!(f, " {queue}"))
            }
            Undo::RulesOff => f.write_str("rules-off"),
            Undo::Rule(place) => write!(f, "rule {place}"),
            Undo::Sysfs(file, value) => write!(f, "sysfs {file} {value}"),
        }
    }
}

impl FromStr for Undo {
    type Err = ();

    fn from_str(line: &str) -> Result<Undo, ()> {
        let mut words = line.split_ascii_whitespace();
        let kind = words.next().ok_or(())?;
        let words: Vec<&str> = words.collect();
        let number = |word: &&str| word.parse::<u32>().map_err(|_| ());
        match (kind, words.as_slice()) {
            ("channels", [rx, tx, other, combined]) => Ok(Undo::Channels(Channels {
                rx: number(rx)?,
                tx: number(tx)?,
                other: number(other)?,
                combined: number(combined)?,
                ..Channels::default()
            })),
            ("indirection", queues) => {
                Ok(Undo::Indirection(queues.iter().map(number).collect::<Result<_, _>>()?))
            }
            ("rules-off", []) => Ok(Undo::RulesOff),
            ("rule", [place]) => Ok(Undo::Rule(number(place)?)),
            // The file may be damaged: nothing outside of the interface's folder is written.
            ("sysfs", [file, value])
                if file.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') =>
            {
                Ok(Undo::Sysfs((*file).to_owned(), value.parse().map_err(|_| ())?))
            }
            _ => Err(()),
        }
    }
}

impl fmt::Display for Restore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "interface {}", self.interface)?;
        self.undo.iter().try_for_each(|undo| writeln!(f, "{undo}"))
    }
}

impl FromStr for Restore {
    type Err = RestoreError;

    fn from_str(text: &str) -> Result<Restore, RestoreError> {
        let mut lines = text.lines().enumerate();
        let interface = lines
            .next()
            .and_then(|(_, line)| line.strip_prefix("interface "))
            .filter(|name| !name.is_empty() && !name.contains(['/', ' ']) && !name.starts_with('.'))
            .ok_or(RestoreError::NoInterface)?;
        let undo = lines
            .map(|(number, line)| line.parse().map_err(|()| RestoreError::Line(number + 1)))
            .collect::<Result<_, _>>()?;
        Ok(Restore { interface: interface.to_owned(), undo })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let restore = Restore {
            interface: "enp1s0f0".to_owned(),
            undo: vec![
                Undo::Sysfs("gro_flush_timeout".to_owned(), 20_000),
                Undo::Rule(1023),
                Undo::RulesOff,
                Undo::Indirection(vec![0, 1, 0, 1]),
                Undo::Channels(Channels { combined: 8, other: 1, ..Channels::default() }),
            ],
        };
        assert_eq!(restore.to_string().parse(), Ok(restore));
    }

    #[test]
    fn damage_is_refused_not_obeyed() {
        assert_eq!("".parse::<Restore>(), Err(RestoreError::NoInterface));
        assert_eq!("interface ../x\n".parse::<Restore>(), Err(RestoreError::NoInterface));
        for line in ["sysfs ../../x 1", "sysfs a", "rule x", "channels 1 2 3", "rules-off now", "", "else"] {
            let text = format!("interface eth0\nrule 1\n{line}\n");
            assert_eq!(text.parse::<Restore>(), Err(RestoreError::Line(3)), "{line}");
        }
    }
}
