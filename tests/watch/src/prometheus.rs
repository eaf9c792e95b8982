//! A real Prometheus that scrapes the relay.

use crate::{HTTP, PATIENCE, get, repository};
use lab::{LabError, Namespace, Process, Result};
use std::time::Duration;

/// Where it listens inside the relay's namespace.
const AT: &str = "127.0.0.1:9090";

/// A running Prometheus; ends when dropped.
#[derive(Debug)]
pub struct Prometheus {
    namespace: Namespace,
    process: Process,
    _folder: tempfile::TempDir,
}

impl Prometheus {
    /// Starts one that scrapes the relay and evaluates our rules every second, and waits until it is ready.
    pub fn start(namespace: &Namespace) -> Result<Prometheus> {
        let failed = |what: &'static str| LabError::io(what);
        let folder = tempfile::tempdir().map_err(failed("making a folder"))?;
        let rules = folder.path().join("rtpengine.rules.yml");
        std::fs::write(&rules, repository("packaging/prometheus/rtpengine.rules.yml"))
            .map_err(failed("writing the rules"))?;
        let config = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [{}]\n\
             scrape_configs:\n- job_name: rtpengine\n  static_configs: [{{targets: [\"{HTTP}\"]}}]\n",
            rules.display()
        );
        let file = folder.path().join("prometheus.yml");
        std::fs::write(&file, config).map_err(failed("writing the configuration"))?;
        let mut command = namespace.command("prometheus");
        command.arg(format!("--config.file={}", file.display()));
        command.arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()));
        command.arg(format!("--web.listen-address={AT}"));
        let mut process = Process::start("prometheus", command)?;
        process.wait_for_log("Server is ready to receive web requests", PATIENCE)?;
        Ok(Prometheus { namespace: namespace.clone(), process, _folder: folder })
    }

    /// Waits until a query has data; `prod` is called between tries.
    pub fn wait_for(
        &mut self,
        query: &str,
        mut prod: impl FnMut() -> Result<()>,
    ) -> Result<serde_json::Value> {
        let namespace = self.namespace.clone();
        let mut said = serde_json::Value::Null;
        let mut trouble = None;
        let what = format!("data for {query}");
        let until = self.process.wait_until(&what, PATIENCE, |_| match ask(&namespace, query) {
            Ok(answer) => {
                said = answer;
                assert_eq!(said["status"], "success", "{query}: {said}");
                let data = said["data"]["result"].as_array().is_some_and(|rows| !rows.is_empty());
                if !data && trouble.is_none() {
                    trouble = prod().err();
                }
                data || trouble.is_some()
            }
            Err(error) => {
                trouble = Some(error);
                true
            }
        });
        match trouble {
            Some(error) => Err(error),
            None => until.map(|()| said),
        }
    }

    /// Ends it.
    pub fn stop(mut self) -> Result<()> {
        self.process.terminate(Duration::from_secs(30)).map(drop)
    }
}

fn ask(namespace: &Namespace, query: &str) -> Result<serde_json::Value> {
    let escaped: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let said = get(namespace, AT, &format!("/api/v1/query?query={escaped}"))?;
    Ok(serde_json::from_str(&said).unwrap_or_else(|error| panic!("{query}: {error}: {said}")))
}
