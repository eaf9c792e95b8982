//! The rules and the dashboard that come with the relay, in a real Prometheus: every query returns data.

use lab::Result;
use std::process::Command;
use watch::{Prometheus, Scene, repository};

const RULES: &str = "packaging/prometheus/rtpengine.rules.yml";
const DASHBOARD: &str = "packaging/grafana/rtpengine.json";

/// The expressions of the rules file: of alerts without the comparison at the end, as a good relay has nothing beyond it.
fn rules() -> Vec<String> {
    let mut found = Vec::new();
    let mut folded = None::<String>;
    for line in repository(RULES).lines() {
        let words = line.trim();
        match folded.take() {
            Some(so_far) if line.starts_with("          ") => folded = Some(format!("{so_far} {words}")),
            Some(whole) => found.push(whole),
            None => {}
        }
        match words.strip_prefix("expr: ") {
            Some(">-") => folded = Some(String::new()),
            Some(expression) => found.push(expression.to_owned()),
            None => {}
        }
    }
    found.into_iter().map(|expression| without_threshold(expression.trim()).to_owned()).collect()
}

fn without_threshold(expression: &str) -> &str {
    for comparison in [" > ", " < ", " == "] {
        if let Some((left, right)) = expression.rsplit_once(comparison)
            && right.parse::<f64>().is_ok()
        {
            return left;
        }
    }
    expression
}

/// The queries of the dashboard with its variables filled in.
fn dashboard() -> Vec<String> {
    let board: serde_json::Value = serde_json::from_str(&repository(DASHBOARD)).expect("JSON");
    let panels = board["panels"].as_array().expect("panels");
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    let filled = |target: &serde_json::Value| {
        let query = target["expr"].as_str().expect("an expression");
        let query = query.replace("$__rate_interval", "1m").replace("$instance", ".*");
        assert!(!query.contains('$'), "a variable that is not known: {query}");
        query
    };
    targets.map(filled).collect()
}

#[test]
fn the_files_hold_rules_and_queries() {
    let rules = rules();
    let wanted = repository(RULES).lines().filter(|line| line.trim().starts_with("expr:")).count();
    assert_eq!(rules.len(), wanted);
    assert!(rules.len() >= 20 && dashboard().len() >= 25);
    assert!(rules.contains(&"up{job=~\".*rtpengine.*\"}".to_owned()), "{rules:#?}");
}

#[test]
fn promtool_takes_the_rules_and_each_alert_can_fire() -> Result<()> {
    lab::need_tool!("promtool");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging/prometheus");
    for arguments in [["check", "rules", "rtpengine.rules.yml"], ["test", "rules", "rtpengine.tests.yml"]] {
        let out = Command::new("promtool").args(arguments).current_dir(folder).output();
        let out = out.map_err(lab::LabError::io("running promtool"))?;
        let said = [out.stdout, out.stderr].concat();
        assert!(out.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&said));
    }
    let tests = repository("packaging/prometheus/rtpengine.tests.yml");
    for line in repository(RULES).lines() {
        if let Some(alert) = line.trim().strip_prefix("- alert: ") {
            assert!(tests.contains(&format!("# alertname: {alert}\n")), "{alert} is never tested");
        }
    }
    Ok(())
}

#[test]
fn every_query_of_rules_and_dashboard_returns_data() -> Result<()> {
    lab::need_root!();
    lab::need_tool!("prometheus");
    let mut scene = Scene::open(|daemon| daemon)?;
    let mut prometheus = Prometheus::start(&scene.net.relay)?;
    scene.talk()?;
    // Rates need counters that grow between two scrapes.
    for query in rules().into_iter().chain(dashboard()) {
        prometheus.wait_for(&query, || {
            scene.short_call()?;
            scene.report()
        })?;
    }
    prometheus.stop()?;
    scene.daemon.stop()?;
    Ok(())
}
