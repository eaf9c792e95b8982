use super::slack::Slack;
use super::{Desk, OpenError, Reload};
use crate::boot::{self, Boot, Levels, Signal, Signals, Supervisor};
use crate::cli::Drain;
use crate::config::checked::{Config, Tls};
use crate::control::{self, Addresses, Answer, Handler, Listeners, Options, Peer, Place, Printed, Ticket};
use call::CallNumber;
use flow::{Micros, Moment};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use ng::{Incoming, Reply};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;
use thiserror::Error;

const SIGNALS: Token = Token(0);
const WORKERS: Token = Token(1);
/// Routes and neighbours, and whatever else a fast path listens to.
const PATHS: Token = Token(2);
/// The first token of the control listeners; those before are ours.
const LISTENERS: Token = Token(16);
/// How often calls are looked at for what is over.
const SWEEP: Micros = Micros::from_secs(1);

/// Why the daemon did not start, or ended by itself.
#[derive(Debug, Error)]
pub enum RunError {
    /// The desk could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A control port could not be had.
    #[error(transparent)]
    Control(#[from] control::Error),
    /// HTTP could not be served.
    #[error(transparent)]
    Http(#[from] web::Error),
    /// The process could not be made ready.
    #[error(transparent)]
    Boot(#[from] boot::Error),
    /// The system refused something that always works.
    #[error("the event loop failed: {0}")]
    Poll(#[from] io::Error),
}

/// Runs the daemon with the configuration that `reload` has until it is told to stop.
///
/// # Errors
/// [`RunError`]; nothing was served then, except after a failure of the event loop itself.
pub fn run(reload: Reload, boot: Boot) -> Result<(), RunError> {
    let config = reload.started();
    let Boot { levels, mut signals, ready, supervisor } = boot;
    let poll = Poll::new()?;
    poll.registry().register(&mut signals, SIGNALS, Interest::READABLE)?;
    let waker = Arc::new(Waker::new(poll.registry(), WORKERS)?);
    let addresses = Addresses {
        udp: config.control.ng_udp.clone(),
        tcp: config.control.ng_tcp.clone(),
        cli: config.control.cli.clone(),
    };
    let options = Options { tos: config.control.tos, ..Options::default() };
    let listeners = Listeners::bind(&addresses, &options, poll.registry(), LISTENERS)?;
    let web = serve_http(config, Arc::clone(&waker))?;
    let mut desk = Desk::open(config, waker)?;
    desk.console.levels = Some(levels.clone());
    crate::cli::remember(&mut desk, config);
    for descriptor in desk.paths.descriptors() {
        poll.registry().register(&mut SourceFd(&descriptor), PATHS, Interest::READABLE)?;
    }
    let pidfile = ready.announce()?;
    for (transport, at) in listeners.local_addresses() {
        tracing::info!("listening for {transport} on {at}");
    }
    for (nth, at) in web.iter().flat_map(|(server, _)| server.local_addresses()).enumerate() {
        let what = if nth < config.control.http.len() { "HTTP" } else { "HTTPS" };
        tracing::info!("listening for {what} on {at}");
    }
    tracing::info!("{} is up", config.control.software_id);
    supervisor.ready("serving");
    let (empty, drained, slack) = (false, false, Slack::default());
    let mut counter = Counter {
        poll,
        signals,
        levels,
        listeners,
        web,
        desk,
        empty,
        drained,
        supervisor,
        reload,
        slack,
        freeing: false,
        judging: false,
        counting: false,
    };
    counter.serve()?;
    let Counter { desk, web, supervisor, .. } = counter;
    supervisor.stopping();
    drop(web);
    desk.close();
    drop(pidfile);
    tracing::info!("ended");
    Ok(())
}

/// The HTTP server and what is asked of it, if it is to be there.
type Web = Option<(web::Server, Receiver<web::Question>)>;

fn serve_http(config: &Config, desk: Arc<Waker>) -> Result<Web, RunError> {
    let (control, http) = (&config.control, &config.http);
    if control.http.is_empty() && control.https.is_empty() {
        return Ok(None);
    }
    let options = web::Options {
        plain: control.http.clone(),
        secure: control.https.clone(),
        tls: http.tls.clone().map(|Tls { certificate, key, client_ca }| web::Tls {
            certificate,
            key,
            client_ca,
        }),
        tokens: http.tokens.as_deref().map(web::Tokens::read).transpose()?,
        idle: http.idle,
        connections: http.connections,
    };
    // A call that fails leaves the question where it is: the next one, or the sweep, brings the desk.
    Ok(Some(web::Server::start(options, move || drop(desk.wake()))?))
}

/// Where the desk meets everything that can wake it.
struct Counter {
    poll: Poll,
    signals: Signals,
    levels: Levels,
    listeners: Listeners,
    web: Web,
    desk: Desk,
    /// Draining, and there was no call at the last sweep.
    empty: bool,
    /// It is time to end.
    drained: bool,
    supervisor: Supervisor,
    reload: Reload,
    slack: Slack,
    /// The packet threads have been asked to give memory back.
    freeing: bool,
    /// Calls are due that have not been judged.
    judging: bool,
    /// Calls are being counted.
    counting: bool,
}

impl Counter {
    fn serve(&mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(256);
        let mut next = self.desk.clock.now() + SWEEP;
        loop {
            let busy = self.judging || self.counting;
            let wait = if busy { Micros(0) } else { next.since(self.desk.clock.now()) };
            match self.poll.poll(&mut events, Some(Duration::from_micros(wait.0))) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            for event in &events {
                match event.token() {
                    SIGNALS if self.obey() => return Ok(()),
                    SIGNALS => {}
                    WORKERS => {
                        self.desk.hear();
                        self.desk.hear_agents();
                        self.desk.look_at_paths();
                        self.desk.answer_view();
                        self.answer_web();
                    }
                    PATHS => self.desk.look_at_paths(),
                    token => {
                        let now_ms = self.desk.clock.now().0 / 1000;
                        self.listeners.on_ready(token, now_ms, &mut self.desk);
                    }
                }
            }
            self.desk.ports.pool().call_told();
            next = self.sweep_if_due(next);
            self.judging = self.judging && self.desk.judge_some();
            self.counting = self.counting && self.desk.count_some();
            self.desk.ports.pool().call_told();
            if let Some(tos) = self.desk.console.take_control_tos() {
                self.listeners.set_tos(tos);
            }
            if self.drained {
                tracing::info!("drained: the last call has ended");
                return Ok(());
            }
        }
    }

    fn answer_web(&mut self) {
        let Some((_, questions)) = &self.web else { return };
        let now_ms = self.desk.clock.now().0 / 1000;
        for question in questions.try_iter() {
            self.listeners.answer(question, now_ms, &mut self.desk);
        }
    }

    fn sweep_if_due(&mut self, next: Moment) -> Moment {
        if self.desk.clock.now() < next {
            return next;
        }
        let empty = self.desk.console.drain == Drain::Exit && self.desk.book.is_empty();
        // Of two sweeps, so that whoever said the last word hears the answer.
        self.drained = empty && std::mem::replace(&mut self.empty, empty);
        if self.desk.sweep() {
            self.supervisor.alive();
        }
        self.judging = true;
        self.desk.count_again();
        self.counting = true;
        let now = self.desk.clock.now();
        self.listeners.forget(now.0 / 1000);
        if std::mem::take(&mut self.freeing) {
            // After the packet threads: of two that give back at once, one leaves it to the other.
            boot::give_memory_back();
        }
        if self.slack.look(self.desk.book.len(), now) {
            self.desk.book.shrink();
            self.desk.paths.shrink();
            self.desk.console.shrink();
            self.desk.watch.shrink();
            if self.desk.book.is_empty() {
                // It takes milliseconds, which media would wait for.
                self.desk.ports.pool().give_back(boot::give_memory_back);
            }
            self.freeing = true;
        }
        // Counted from now: after a pause (a suspended machine) there is nothing to catch up with.
        self.desk.clock.now() + SWEEP
    }

    /// Does what signals ask for. True when it is to end.
    fn obey(&mut self) -> bool {
        let (mut stop, mut reload) = (false, false);
        for signal in self.signals.pending() {
            match signal {
                Signal::Stop => stop = true,
                Signal::LogLess => self.levels.shift(-1),
                Signal::LogMore => self.levels.shift(1),
                Signal::Reload => reload = true,
            }
        }
        if reload && !stop {
            self.read_again();
        }
        stop
    }

    /// Reads the configuration again. One that is wrong changes nothing.
    fn read_again(&mut self) {
        self.supervisor.reloading();
        let status = match self.reload.read() {
            Ok(wanted) => {
                wanted.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
                let told = self.desk.reload(&mut self.reload, wanted, &self.levels);
                told.taken.iter().for_each(|line| tracing::info!("changed: {line}"));
                told.kept.iter().for_each(|line| tracing::warn!("takes a restart: {line}"));
                let (taken, kept) = (told.taken.len(), told.kept.len());
                tracing::info!(
                    "the configuration was read again: {taken} changes, {kept} more take a restart"
                );
                match kept {
                    0 => "serving".to_owned(),
                    _ => format!("serving; {kept} changes of the configuration take a restart"),
                }
            }
            Err(wrong) => {
                wrong.lines().for_each(|line| tracing::error!("{line}"));
                tracing::error!("the configuration stays as it was: what is in the files cannot be used");
                format!("serving; the configuration stays as it was: {wrong}")
            }
        };
        self.supervisor.ready(&status);
    }
}

/// A list goes on below this call.
fn place(below: CallNumber) -> Place {
    Place(below.0.into())
}

impl Handler for Desk {
    fn request(&mut self, peer: &Peer, incoming: &Incoming<'_>) -> Answer {
        crate::verbs::carry_out(self, &incoming.dict, peer.remote)
    }

    fn settle(&mut self) -> Vec<(Ticket, Reply)> {
        crate::verbs::settle(self);
        self.endings.told()
    }

    fn answered(&mut self, peer: &Peer, message: &[u8], reply: &[u8]) {
        self.show_ng(peer, message, reply);
    }

    fn line(&mut self, _peer: &Peer, line: &str) -> Printed {
        match crate::cli::first_page(self, line) {
            Some((text, next)) => Printed { text, more: next.map(place) },
            None => crate::cli::answer(self, line).into(),
        }
    }

    fn page(&mut self, Place(below): Place) -> Printed {
        let below = CallNumber(u32::try_from(below).unwrap_or(u32::MAX));
        let (text, next) = crate::cli::page(self, below);
        Printed { text, more: next.map(place) }
    }

    fn metrics(&mut self) -> String {
        crate::export::metrics(self)
    }
}
