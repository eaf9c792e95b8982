use super::{NicFacts, Plan, Restore, Step, Undo};
use crate::Error;
use crate::sys::Ethtool;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A NIC of this host.
#[derive(Debug)]
pub struct Nic {
    interface: String,
    ethtool: Ethtool,
    folder: PathBuf,
}

impl Nic {
    /// The interface of this name, in the network namespace of the caller.
    ///
    /// # Errors
    /// When there cannot be one of that name.
    pub fn open(interface: &str) -> Result<Nic, Error> {
        Nic::open_at(interface, Path::new("/sys/class/net"))
    }

    fn open_at(interface: &str, folders: &Path) -> Result<Nic, Error> {
        let ethtool =
            Ethtool::of(interface).map_err(Error::sys(format!("looking for interface {interface}")))?;
        Ok(Nic { interface: interface.to_owned(), ethtool, folder: folders.join(interface) })
    }

    /// What it is and can do.
    ///
    /// # Errors
    /// When there is no such interface.
    pub fn facts(&self) -> Result<NicFacts, Error> {
        let driver = self.ethtool.driver().map_err(self.failed("asking for the driver"))?;
        let rules =
            self.ethtool.rule_room().ok().map(|(used, most, _)| (used, most)).filter(|room| room.1 > 0);
        Ok(NicFacts {
            interface: self.interface.clone(),
            driver,
            // What a driver cannot answer, it does not have.
            channels: self.ethtool.channels().ok().filter(|channels| channels.receiving() > 0),
            indirection: self.ethtool.indirection().unwrap_or_default(),
            rules,
            rules_on: self.ethtool.ntuple().unwrap_or(false),
            defer_hard_irqs: self.read("napi_defer_hard_irqs").ok(),
            flush_timeout_ns: self.read("gro_flush_timeout").ok(),
        })
    }

    /// The driver's features by the names that `ethtool -k` knows them by inside the kernel (`rx-lro`,
    /// `tx-checksum-ipv4` …), and whether each is on.
    ///
    /// # Errors
    /// When the driver does not say.
    pub fn features(&self) -> Result<Vec<(String, bool)>, Error> {
        self.ethtool.features().map_err(self.failed("asking for features"))
    }

    /// Carries a plan out. `keep` is called with what undoes everything done so far and what comes next, before each
    /// change, so that it can be written down.
    ///
    /// # Errors
    /// The first change that fails; all before it have been undone.
    pub fn apply(
        &self,
        plan: &Plan,
        mut keep: impl FnMut(&Restore) -> io::Result<()>,
    ) -> Result<Restore, Error> {
        let mut restore = Restore { interface: self.interface.clone(), undo: Vec::new() };
        for step in &plan.steps {
            let done = self.before(step).and_then(|undo| {
                if let Some(undo) = undo {
                    restore.undo.insert(0, undo);
                }
                keep(&restore)?;
                self.change(step)
            });
            match done {
                Ok(Some(undo)) => restore.undo.insert(0, undo),
                Ok(None) => {}
                Err(error) => {
                    self.restore(&restore);
                    return Err(self.failed(&format!("changing {step:?}"))(error));
                }
            }
        }
        keep(&restore).map_err(self.failed("writing down how it was"))?;
        Ok(restore)
    }

    /// Puts back what was; what cannot be put back is told and does not stop the rest.
    pub fn restore(&self, restore: &Restore) -> Vec<Error> {
        let failures = restore.undo.iter().filter_map(|undo| {
            let result = match undo {
                Undo::Channels(was) => self.ethtool.set_channels(was),
                Undo::Indirection(queues) => self.ethtool.set_indirection(queues),
                Undo::RulesOff => self.ethtool.set_ntuple(false),
                Undo::Rule(place) => self.ethtool.delete_rule(*place),
                Undo::Sysfs(file, value) => self.write(file, *value),
            };
            result.err().map(self.failed(&format!("restoring {undo}")))
        });
        failures.collect()
    }

    /// What undoes a step, as far as it can be known before.
    fn before(&self, step: &Step) -> io::Result<Option<Undo>> {
        Ok(match step {
            Step::Channels(_) => Some(Undo::Channels(self.ethtool.channels()?)),
            Step::Indirection(_) => Some(Undo::Indirection(self.ethtool.indirection()?)),
            Step::RulesOn => Some(Undo::RulesOff),
            Step::Rule(_) => None,
            Step::Sysfs(file, _) => Some(Undo::Sysfs((*file).to_owned(), self.read(file)?)),
        })
    }

    /// Carries a step out; returns what undoes it, when only the driver could say.
    fn change(&self, step: &Step) -> io::Result<Option<Undo>> {
        match step {
            Step::Channels(wanted) => self.ethtool.set_channels(wanted)?,
            Step::Indirection(queues) => self.ethtool.set_indirection(queues)?,
            Step::RulesOn => self.ethtool.set_ntuple(true)?,
            Step::Sysfs(file, value) => self.write(file, *value)?,
            Step::Rule(rule) => {
                let (used, most, driver_chooses) = self.ethtool.rule_room()?;
                // From the end, away from rules that others have put at the front.
                let place = (!driver_chooses).then(|| most.saturating_sub(used + 1));
                return Ok(Some(Undo::Rule(self.ethtool.add_rule(rule, place)?)));
            }
        }
        Ok(None)
    }

    fn read(&self, file: &str) -> io::Result<u64> {
        let text = fs::read_to_string(self.folder.join(file))?;
        text.trim().parse().map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
    }

    fn write(&self, file: &str, value: u64) -> io::Result<()> {
        // Without "create": a file that is not there is a setting the kernel does not have.
        use std::io::Write;
        fs::OpenOptions::new()
            .write(true)
            .open(self.folder.join(file))?
            .write_all(value.to_string().as_bytes())
    }

    fn failed(&self, what: &str) -> impl FnOnce(io::Error) -> Error + use<> {
        Error::sys(format!("{}: {what}", self.interface))
    }
}
