use super::leftovers::{Ends, Found, Leftovers};
use super::*;
use call::EndReason;
use flow::{
    Counters, FlowKey, FlowTable, Generation, InstallError, Micros, Moment, Recipe, Snapshot, StreamId,
};
use std::collections::BTreeMap;
use std::net::UdpSocket;

/// A table that remembers when each flow was last heard.
#[derive(Default)]
struct Heard(BTreeMap<FlowKey, Snapshot>);

impl FlowTable for Heard {
    fn install(&mut self, _recipe: &Recipe) -> Result<(), InstallError> {
        Ok(())
    }
    fn withdraw(&mut self, key: FlowKey, generation: Generation) -> Option<Snapshot> {
        assert_eq!(generation, Generation(7));
        self.0.remove(&key)
    }
    fn snapshot(&self, key: FlowKey) -> Option<Snapshot> {
        self.0.get(&key).cloned()
    }
}

impl Heard {
    fn hear(&mut self, key: FlowKey, at: Moment) {
        self.0.get_mut(&key).unwrap().counters.last_packet = Some(at);
    }
}

fn found(table: usize, call: u64, key: FlowKey, age_s: u64) -> Found {
    Found { table, flow: snapshot(call, key), age: Micros::from_secs(age_s) }
}

fn snapshot(call: u64, key: FlowKey) -> Snapshot {
    Snapshot {
        heard: Default::default(),
        left: Default::default(),
        key,
        generation: Generation(7),
        stream: StreamId(call << 32 | u64::from(key.port)),
        peer: None,
        confirmed: false,
        counters: Counters::default(),
        ssrcs: Default::default(),
        sent_ssrcs: Default::default(),
        progress: flow::Progress::default(),
    }
}

/// A port of the loopback that is free now.
fn free_port() -> FlowKey {
    FlowKey::from(UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap())
}

#[test]
fn an_old_call_goes_on_while_one_side_speaks_and_its_ports_are_held() {
    let [one, two, other] = [free_port(), free_port(), free_port()];
    let mut tables = [Heard::default(), Heard::default()];
    let mut all = Vec::new();
    for (table, call, key) in [(0, 1, one), (1, 1, two), (0, 2, other)] {
        tables[table].0.insert(key, snapshot(call, key));
        all.push(found(table, call, key, 10));
    }
    let ends = Ends { silence: Micros::from_secs(60), age: None };
    let mut old = Leftovers::new(all, ends, Moment(5_000_000));
    assert_eq!(old.len(), 2);
    for key in [one, two, other] {
        assert!(UdpSocket::bind(std::net::SocketAddr::from(key)).is_err(), "{key} is held");
    }
    tables[1].hear(two, Moment(40_000_000));
    assert!(old.sweep(&mut tables, Moment(64_999_999)).is_empty());
    // Nobody was heard in call 2 since the start; call 1 has one side that speaks.
    let ended = old.sweep(&mut tables, Moment(65_000_000));
    assert_eq!(ended.len(), 1);
    assert_eq!((ended[0].reason, ended[0].age), (EndReason::Timeout, Micros::from_secs(70)));
    assert_eq!(ended[0].flows, [snapshot(2, other)]);
    assert_eq!((tables[0].0.len(), tables[1].0.len(), old.len()), (1, 1, 1));
    assert!(UdpSocket::bind(std::net::SocketAddr::from(other)).is_ok(), "{other} is free again");
    assert!(old.sweep(&mut tables, Moment(99_999_999)).is_empty());
    assert_eq!(old.sweep(&mut tables, Moment(100_000_000)).len(), 1);
    assert!(tables.iter().all(|table| table.0.is_empty()));
}

#[test]
fn an_old_call_ends_at_its_age_though_somebody_speaks_or_when_we_do() {
    let [one, two, other] = [free_port(), free_port(), free_port()];
    let mut tables = [Heard::default()];
    let mut all = Vec::new();
    // The younger flow of a call is one that was installed again.
    for (call, key, age) in [(1, one, 3), (1, two, 100), (2, other, 3)] {
        tables[0].0.insert(key, snapshot(call, key));
        all.push(found(0, call, key, age));
    }
    let ends = Ends { silence: Micros::from_secs(60), age: Some(Micros::from_secs(110)) };
    let mut old = Leftovers::new(all, ends, Moment(5_000_000));
    for key in [one, other] {
        tables[0].hear(key, Moment(14_000_000));
    }
    assert!(old.sweep(&mut tables, Moment(14_999_999)).is_empty());
    let ended = old.sweep(&mut tables, Moment(15_000_000));
    assert_eq!(ended.len(), 1);
    assert_eq!((ended[0].reason, ended[0].age), (EndReason::FinalTimeout, Micros::from_secs(110)));
    assert_eq!(ended[0].flows.len(), 2);
    let ended = old.end_all(&mut tables, Moment(16_000_000));
    assert_eq!((ended.len(), old.len(), tables[0].0.len()), (1, 0, 0));
    assert_eq!((ended[0].reason, ended[0].age), (EndReason::ForceTerminated, Micros::from_secs(14)));
}

#[test]
fn what_the_module_cannot_give_ends_a_start_that_must_not_fall_back() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = compat_procfs::Tables::at(folder.path().join("rtpengine"));
    let config = |text: &str| {
        let path = folder.path().join("r.toml");
        std::fs::write(&path, text).unwrap();
        let sources = crate::config::load::Sources {
            file: crate::config::load::FileChoice::Named(path),
            section: String::new(),
            options: Vec::new(),
        };
        crate::config::load::load_checked(&sources, &crate::config::host::Host::now().unwrap())
            .unwrap()
            .config
    };
    let text = "[control]\nlisten-ng = [\"127.0.0.1:2223\"]\n[[interface]]\naddress = \"127.0.0.1\"\n[kernel]\ntable = 42\n";
    let open = |text: &str| KernelTables::open_at(&nowhere, &config(text), std::time::Instant::now());
    assert_eq!(open(text).unwrap().ids().count(), 0);
    let wrong = open(&format!("{text}fallback = false\n")).unwrap_err().to_string();
    assert!(wrong.contains("kernel table 42") && wrong.contains("modprobe xt_RTPENGINE"), "{wrong}");
    assert!(wrong.ends_with("userspace fallback is disallowed (kernel.fallback, --no-fallback)"), "{wrong}");
    // No interface wants the module: nothing is asked of it.
    let without = "[control]\nlisten-ng = [\"127.0.0.1:2223\"]\n[[interface]]\naddress = \"127.0.0.1\"\n[kernel]\nfallback = false\n";
    assert_eq!(open(without).unwrap().ids().count(), 0);
}
