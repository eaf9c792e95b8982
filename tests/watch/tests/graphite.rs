//! Figures at a Graphite server: the names that a real rtpengine 26 sends, and what happens between two pages.

use lab::{Call, LabError, Namespace, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};
use watch::{PATIENCE, Scene};

const SERVER: &str = "127.0.0.1:2003";

/// Commands, as they are in the names of figures.
const COMMANDS: &str = "\
    ping offer answer delete query list start_recording stop_recording pause_recording start_forwarding
    stop_forwarding block_DTMF unblock_DTMF block_media unblock_media play_media stop_media play_DTMF statistics
    silence_media unsilence_media block_silence_media unblock_silence_media publish subscribe_request
    subscribe_answer unsubscribe inject_start inject_stop connect cli transform create create_answer";

/// Figures that there is one of.
const FIGURES: &str = "\
    call_dur average_call_dur forced_term_sess managed_sess managed_sess_min managed_sess_max
    current_sessions_total current_sessions_own current_sessions_foreign current_transcoded_media
    current_sessions_ipv4 current_sessions_ipv6 current_sessions_mixed nopacket_relayed_sess oneway_stream_sess
    regular_term_sess relayed_errors_user relayed_packets_user relayed_bytes_user relayed_errors_kernel
    relayed_packets_kernel relayed_bytes_kernel relayed_errors relayed_packets relayed_bytes
    silent_timeout_sess final_timeout_sess offer_timeout_sess timeout_sess reject_sess";

/// What the server gets, page by page.
struct Server {
    lines: std::io::Lines<BufReader<TcpStream>>,
    next: (String, f64),
}

type Page = BTreeMap<String, f64>;

impl Server {
    /// Waits for the daemon, which tries again each second.
    fn accept(namespace: &Namespace) -> Result<Server> {
        let failed = || LabError::io("a Graphite server");
        let listener = namespace.enter(|| TcpListener::bind(SERVER))?.map_err(failed())?;
        listener.set_nonblocking(true).map_err(failed())?;
        let deadline = Instant::now() + PATIENCE;
        let stream = loop {
            match listener.accept() {
                Ok((stream, _)) => break stream,
                Err(_) => assert!(Instant::now() < deadline, "nobody has come"),
            }
            std::thread::park_timeout(Duration::from_millis(50));
        };
        stream.set_nonblocking(false).map_err(failed())?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(failed())?;
        let mut server = Server { lines: BufReader::new(stream).lines(), next: (String::new(), 0.0) };
        server.read();
        Ok(server)
    }

    fn read(&mut self) {
        let line = self.lines.next().expect("the connection stays").expect("a line");
        let words: Vec<&str> = line.split(' ').collect();
        let [name, value, second] = words[..] else { panic!("{line:?}") };
        let name = name.strip_prefix("lab.west.").unwrap_or_else(|| panic!("{line:?}"));
        assert!(second.parse::<u64>().is_ok(), "{line:?}");
        self.next = (name.to_owned(), value.parse().unwrap_or_else(|_| panic!("{line:?}")));
    }

    /// All figures of a page, which begins with the first command's.
    fn page(&mut self) -> Page {
        let mut page = Page::new();
        loop {
            let (name, value) = std::mem::take(&mut self.next);
            assert!(page.insert(name.clone(), value).is_none(), "{name} twice");
            self.read();
            if self.next.0 == "ping_time_min" {
                return page;
            }
        }
    }

    /// Adds a figure up, page by page, until there is enough of it; the last page.
    fn until(&mut self, name: &str, wanted: f64) -> Page {
        let deadline = Instant::now() + PATIENCE;
        let mut sum = 0.0;
        loop {
            let page = self.page();
            sum += page[name];
            if sum >= wanted {
                assert_eq!(sum, wanted, "{name}");
                return page;
            }
            assert!(Instant::now() < deadline, "{name} is {sum} instead of {wanted}");
        }
    }
}

#[test]
fn figures_arrive_under_the_names_of_rtpengine() -> Result<()> {
    lab::need_root!();
    let scene = Scene::open(|daemon| {
        daemon
            .arg(format!("--graphite={SERVER}"))
            .arg("--graphite-interval=1")
            .arg("--graphite-prefix=lab.west.")
            .arg("--graphite-timeout=5")
            .arg("--delete-delay=0")
    })?;
    let mut server = Server::accept(&scene.net.relay)?;
    let page = server.page();
    let mut wanted: BTreeSet<String> = FIGURES.split_whitespace().map(str::to_owned).collect();
    for command in COMMANDS.split_whitespace() {
        for figure in ["_time_min", "_time_max", "_time_avg", "s_ps_min", "s_ps_max", "s_ps_avg", "_count"] {
            wanted.insert(format!("{command}{figure}"));
        }
    }
    let (ports, others): (BTreeSet<String>, BTreeSet<String>) =
        page.keys().cloned().partition(|name| name.starts_with("ports_"));
    assert_eq!(others, wanted);
    assert!(
        ports.contains("ports_free_caller_198.51.100.1") && ports.contains("ports_used_caller_198.51.100.1")
    );
    for (name, value) in [
        ("offer_count", 1.0),
        ("answer_count", 1.0),
        ("current_sessions_total", 1.0),
        ("current_sessions_ipv4", 1.0),
        ("managed_sess_max", 1.0),
        ("ports_used_caller_198.51.100.1", 2.0),
    ] {
        assert_eq!(page[name], value, "{name}");
    }
    scene.talk()?;
    let page = server.until("relayed_packets", 40.0);
    assert_eq!(page["relayed_packets"], page["relayed_packets_user"]);
    assert!(page["relayed_bytes"] >= 12.0 * page["relayed_packets"]);
    let Scene { daemon, call, .. } = scene;
    Call::delete(call, &mut daemon.ng()?)?;
    let page = server.until("regular_term_sess", 1.0);
    assert_eq!((page["managed_sess"], page["current_sessions_total"]), (1.0, 0.0));
    assert!(page["average_call_dur"] > 0.0 && page["call_dur"] >= 0.0);
    assert_eq!(page["delete_count"], 1.0);
    daemon.stop()?;
    Ok(())
}
