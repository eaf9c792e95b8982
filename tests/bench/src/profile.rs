use crate::BenchError;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What is compared, and where it runs.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Profile {
    /// The core of the relay, and of the kernel's work for it.
    #[serde(default = "one")]
    pub relay_core: usize,
    /// The core of the generator and the sink.
    #[serde(default)]
    pub load_core: usize,
    /// Packets are sealed and opened: this suite, as SDP calls it. Each is relayed twice, and counts so ([`crate::Stage`]).
    #[serde(default)]
    pub suite: Option<String>,
    /// The subjects, in the order in which they take turns.
    #[serde(rename = "subject")]
    pub subjects: Vec<Subject>,
}

fn one() -> usize {
    1
}

/// One way to relay packets.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Subject {
    /// What tables call it.
    pub name: String,
    /// What it is.
    #[serde(default)]
    pub role: Role,
    /// The daemon; a path, or a name to be found in PATH. Without it: ours, from the folder this program was built in.
    pub binary: Option<PathBuf>,
    /// Arguments of a daemon that is not ours. `{caller}`, `{callee}` stand for its addresses, `{ng}` for where it must
    /// listen for ng.
    #[serde(default)]
    pub args: Vec<String>,
    /// Ours: lines for every `[[interface]]` of its configuration.
    #[serde(default)]
    pub interface: String,
    /// Ours: the rest of its configuration.
    #[serde(default)]
    pub config: String,
    /// Ours: at least this share of the packets must be relayed by a fast path, as the daemon's statistics say.
    #[serde(default)]
    pub fast_share: f64,
    /// The cores it may use, as `taskset` has them, if not the relay's only. Costs count all of its threads; what others used
    /// of its cores is only seen on the relay's.
    #[serde(default)]
    pub cores: Option<String>,
    /// The bare forwarder never sleeps.
    #[serde(default)]
    pub busy: bool,
}

/// What a subject is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A daemon that speaks ng.
    #[default]
    Relay,
    /// The bare forwarder of this package: the AF_XDP rings of ours, and nothing but new MAC addresses.
    L2fwd,
    /// An XDP program that sets MAC addresses and redirects to the other NIC, and nothing else.
    Xdpfwd,
    /// The bare forwarder over shared sockets: those of ours, and nothing but new addresses.
    Udpfwd,
    /// The kernel, routing.
    Routing,
}

impl Profile {
    /// Reads a profile.
    ///
    /// # Errors
    /// When it cannot be read or is none.
    pub fn read(path: &Path) -> Result<Profile, BenchError> {
        let text = std::fs::read_to_string(path).map_err(BenchError::system(path.display().to_string()))?;
        Profile::parse(&text).map_err(|error| BenchError::Profile(format!("{}: {error}", path.display())))
    }

    /// Reads the text of a profile.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Profile, BenchError> {
        let profile: Profile =
            toml::from_str(text).map_err(|error| BenchError::Profile(error.to_string()))?;
        if profile.relay_core == profile.load_core {
            return Err(BenchError::Profile("relay and load need a core each".to_owned()));
        }
        Ok(profile)
    }

    /// Keeps the subjects named, in this order.
    ///
    /// # Errors
    /// When one is not there.
    pub fn only(mut self, names: &[String]) -> Result<Profile, BenchError> {
        if names.is_empty() {
            return Ok(self);
        }
        let find = |name: &String| {
            let found = self.subjects.iter().find(|subject| subject.name == *name).cloned();
            found.ok_or_else(|| BenchError::Profile(format!("no subject is called {name}")))
        };
        self.subjects = names.iter().map(find).collect::<Result<_, _>>()?;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_that_comes_with_the_house_is_one() {
        let profile =
            Profile::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles/datapaths.toml")).unwrap();
        assert!(profile.subjects.len() > 4);
        let two = profile.clone().only(&["worker".to_owned(), "l2fwd".to_owned()]).unwrap();
        assert_eq!(two.subjects[1].role, Role::L2fwd);
        assert!(profile.only(&["nobody".to_owned()]).is_err());
    }

    #[test]
    fn so_is_that_of_srtp() {
        let profile = Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles/secure.toml");
        let profile = Profile::read(&profile).unwrap();
        assert_eq!(profile.suite.as_deref(), Some("AES_CM_128_HMAC_SHA1_80"));
        assert!(profile.only(&["worker".to_owned()]).is_ok());
    }

    #[test]
    fn one_core_for_both_is_refused() {
        assert!(Profile::parse("relay-core = 0\nsubject = []").is_err());
    }
}
