//! What is known to differ, and the judgement with it.

const RTCP_SHORT: &str = "RTCP shorter than 8 bytes is counted as an error";

/// Scenarios that a path does not play yet: path, scenario, why. One that plays again must be taken off, or the test
/// fails.
const OPEN: &[(&str, &str, &str)] = &[
    ("engine", "shorter_rtcp_ends_without_an_error", RTCP_SHORT),
    ("af-xdp", "shorter_rtcp_ends_without_an_error", RTCP_SHORT),
    ("driver", "shorter_rtcp_ends_without_an_error", RTCP_SHORT),
    ("userspace", "shorter_rtcp_ends_without_an_error", RTCP_SHORT),
    ("kernel", "shorter_rtcp_ends_without_an_error", RTCP_SHORT),
];

/// Fails with everything that was different in any scenario, those known apart.
#[allow(clippy::print_stdout, reason = "shown with the test's output")]
#[track_caller]
pub(crate) fn judge<'s>(path: &str, played: impl IntoIterator<Item = (&'s str, Vec<String>)>) {
    let mut wrong = Vec::new();
    for (name, findings) in played {
        let known =
            OPEN.iter().find(|(over, known, _)| *over == path && *known == name).map(|(.., why)| *why);
        match (known, findings.is_empty()) {
            (None, true) => {}
            (None, false) => wrong.push(format!("{name}\n  {}", findings.join("\n  "))),
            (Some(why), false) => println!("known: {name}: {why}\n  {}", findings.join("\n  ")),
            (Some(why), true) => wrong.push(format!("{name} plays now; take it off the list ({why})")),
        }
    }
    assert!(wrong.is_empty(), "{} scenarios over {path}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_finding_fails_and_so_does_a_stale_excuse() {
    let fails = |path: &str, name: &'static str, findings: Vec<String>| {
        let path = path.to_owned();
        std::panic::catch_unwind(move || judge(&path, [(name, findings)])).is_err()
    };
    assert!(fails("engine", "no scenario", vec!["x".into()]));
    assert!(!fails("engine", "no scenario", Vec::new()));
    for (path, name, _) in OPEN {
        assert!(!fails(path, name, vec!["x".into()]));
        assert!(fails(path, name, Vec::new()), "{name}");
        assert!(fails("foreign", name, vec!["x".into()]), "{name}");
    }
}
