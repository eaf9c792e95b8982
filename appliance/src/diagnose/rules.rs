//! Firewall rules, as the tools that people use print them.

use std::process::{Command, Stdio};

/// What the tools print; None where a tool is missing or may not look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rules {
    pub(super) nft: Option<String>,
    pub(super) iptables: Option<String>,
}

impl Rules {
    pub(super) fn of_this_host() -> Rules {
        let iptables: Vec<String> =
            ["iptables-save", "ip6tables-save"].iter().filter_map(|tool| print(tool, &[])).collect();
        Rules {
            nft: print("nft", &["list", "ruleset"]),
            iptables: (!iptables.is_empty()).then(|| iptables.concat()),
        }
    }

    pub(super) fn known(&self) -> bool {
        self.nft.is_some() || self.iptables.is_some()
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        [&self.nft, &self.iptables].into_iter().flatten().flat_map(|text| text.split_whitespace())
    }

    /// Some rule needs connections to be tracked.
    pub(super) fn track(&self) -> bool {
        const WORDS: &[&str] = &[
            "ct",
            "conntrack",
            "state",
            "masquerade",
            "dnat",
            "snat",
            "MASQUERADE",
            "DNAT",
            "SNAT",
            "REDIRECT",
        ];
        let mut last = "";
        self.words().any(|word| {
            // `state` alone is a word of comments; as a match it follows `ct` or `-m`
            let hit = WORDS.contains(&word) && (word != "state" || last == "-m");
            last = word;
            hit
        })
    }

    /// Some rule keeps packets from being tracked.
    pub(super) fn exempt(&self) -> bool {
        self.words().any(|word| matches!(word, "notrack" | "--notrack" | "NOTRACK"))
    }

    /// Some rule brings packets to the kernel module.
    pub(super) fn to_the_module(&self) -> bool {
        self.words().any(|word| matches!(word.trim_matches('"'), "rtpengine" | "RTPENGINE"))
    }
}

fn print(tool: &str, arguments: &[&str]) -> Option<String> {
    let out = Command::new(tool).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    out.status.success().then(|| String::from_utf8_lossy(&out.stdout).into_owned())
}

#[cfg(test)]
pub(super) mod tests {
    use super::Rules;

    pub(in crate::diagnose) fn nft(text: &str) -> Rules {
        Rules { nft: Some(text.to_owned()), iptables: None }
    }

    #[test]
    fn rules_are_read_by_their_words() {
        let plain = nft(
            "table inet filter {\n chain input {\n  udp dport 30000-39999 accept comment \"the state\"\n }\n}\n",
        );
        assert!(plain.known() && !plain.track() && !plain.exempt() && !plain.to_the_module());
        assert!(nft("chain x { ct state established accept }").track());
        assert!(nft("chain x { type nat hook postrouting priority 100; masquerade }").track());
        assert!(nft("chain x { udp dport 30000-39999 notrack }").exempt());
        assert!(nft("chain rtpengine { rtpengine id 0 }").to_the_module());
        let iptables = |text: &str| Rules { nft: None, iptables: Some(text.to_owned()) };
        assert!(iptables("-A INPUT -m state --state NEW -j ACCEPT").track());
        assert!(iptables("-A PREROUTING -p udp -j CT --notrack").exempt());
        assert!(iptables("-A INPUT -p udp -j RTPENGINE --id 0").to_the_module());
        assert!(!Rules::default().known());
    }
}
