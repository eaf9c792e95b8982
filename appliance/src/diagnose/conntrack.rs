//! Whether the kernel keeps a connection entry for every media stream.

use super::rules::Rules;
use super::{Code, Finding, State, Subject, System};
use std::collections::BTreeSet;

pub(super) fn conntrack(subject: &Subject<'_>, system: &System, rules: &Rules) -> Finding {
    let code = Code::Conntrack;
    let number = |file: &str| system.number(&format!("proc/sys/net/netfilter/nf_conntrack_{file}"));
    let Some(count) = number("count") else {
        return Finding::ok(code, "connections are not tracked");
    };
    let most = number("max").unwrap_or(0);
    let tracks = if rules.known() { rules.track() } else { count > 0 };
    if !tracks {
        return Finding::ok(code, "no firewall rule makes the kernel track connections");
    }
    if rules.exempt() {
        return Finding::ok(
            code,
            format!("some packets are exempt (notrack); {count} of {most} entries are in use"),
        );
    }
    let full = if most > 0 && count >= most / 10 * 8 { ", nearly full" } else { "" };
    let ranges: BTreeSet<String> = subject
        .config
        .interfaces
        .addresses()
        .map(|(_, local)| format!("{}-{}", local.ports.range().low(), local.ports.range().high()))
        .collect();
    let ports = ranges.into_iter().collect::<Vec<_>>().join(", ");
    let ports = if ports.contains(',') { format!("{{ {ports} }}") } else { ports };
    let what = format!("media is tracked like connections ({count} of {most} entries are in use{full})");
    let fix = format!(
        "nft 'table inet media {{ chain in {{ type filter hook prerouting priority raw; udp dport {ports} notrack; }}; \
         chain out {{ type filter hook output priority raw; udp sport {ports} notrack; }}; }}', and accept these ports \
         by number"
    );
    Finding::bad(code, State::Warn, what, fix)
}

#[cfg(test)]
mod tests {
    use super::super::examine::tests::{userspace, with};
    use super::super::rules::tests::nft;
    use super::super::system::tests::painted;
    use super::*;

    const COUNT: &str = "proc/sys/net/netfilter/nf_conntrack_count";
    const MAX: &str = "proc/sys/net/netfilter/nf_conntrack_max";

    fn look(files: &[(&str, &str)], rules: &Rules) -> Finding {
        let config = userspace();
        let (_folder, system) = painted(files);
        conntrack(&Subject { config: &config, written: true, attach: false }, &system, rules)
    }

    #[test]
    fn only_tracking_without_exemption_is_told() {
        let loaded = [(COUNT, "90"), (MAX, "100")];
        assert_eq!(look(&[], &nft("ct state new")).state, State::Ok);
        assert_eq!(look(&loaded, &nft("udp dport 1 accept")).state, State::Ok);
        assert_eq!(look(&loaded, &nft("ct state new; udp dport 1 notrack")).state, State::Ok);
        let finding = look(&loaded, &nft("ct state new"));
        assert_eq!(finding.state, State::Warn);
        assert!(finding.what.contains("90 of 100 entries are in use, nearly full"), "{finding:?}");
        assert!(finding.fix.unwrap().contains("udp dport 30000-39999 notrack"));
        // Nobody may look at the rules: what is in the table tells.
        assert_eq!(look(&loaded, &Rules::default()).state, State::Warn);
        assert_eq!(look(&[(COUNT, "0"), (MAX, "100")], &Rules::default()).state, State::Ok);
    }

    #[test]
    fn several_ranges_make_a_set() {
        let config = with("[[interface]]\nname = \"b\"\naddress = \"127.0.0.1\"\nports = \"40000-40001\"\n");
        let (_folder, system) = painted(&[(COUNT, "1"), (MAX, "100")]);
        let subject = Subject { config: &config, written: true, attach: false };
        let fix = conntrack(&subject, &system, &nft("ct state new")).fix.unwrap();
        assert!(fix.contains("udp dport { 30000-39999, 40000-40001 } notrack"), "{fix}");
    }
}
