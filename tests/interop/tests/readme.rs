//! The lines for Kamailio in README.md are a configuration that Kamailio takes.

use std::path::Path;
use std::process::Command;

/// What the lines rely on: modules and settings of any configuration that relays calls.
const BEFORE: &str = r#"#!KAMAILIO
listen=udp:127.0.0.1:5099
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "siputils.so"
"#;

#[test]
fn kamailio_takes_the_lines_of_the_readme() -> lab::Result<()> {
    lab::need_tool!("kamailio");
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(readme).map_err(lab::LabError::io("reading README.md"))?;
    let (_, rest) = readme.split_once("```kamailio\n").expect("a block for Kamailio");
    let (lines, _) = rest.split_once("```").expect("its end");
    let written = lines.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).count();
    assert!(written <= 10, "{written} lines are no ten");
    let (global, rest) = lines.split_once("# in request_route").expect("what goes into the route");
    let (route, others) = rest.split_once("# beside the other routes").expect("what goes beside it");
    // The rest of each comment ends with its line.
    let [route, others] = [route, others].map(|part| part.split_once('\n').expect("a line").1);
    let text = format!("{BEFORE}{global}\nrequest_route {{\n{route}\nt_relay();\n}}\n{others}");
    let folder = tempfile::tempdir().map_err(lab::LabError::io("making a folder"))?;
    let file = folder.path().join("kamailio.cfg");
    std::fs::write(&file, &text).map_err(lab::LabError::io("writing kamailio.cfg"))?;
    let mut kamailio = Command::new("kamailio");
    kamailio.env("PATH", format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default()));
    let out =
        kamailio.args(["-c", "-m", "32", "-M", "4", "-f"]).arg(&file).arg("-Y").arg(folder.path()).output();
    let out = out.map_err(lab::LabError::io("running kamailio"))?;
    assert!(out.status.success(), "{}\n{text}", String::from_utf8_lossy(&out.stderr));
    Ok(())
}
