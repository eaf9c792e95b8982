use super::Desk;
use crate::boot::{Boot, Signal};
use crate::config::checked::Config;
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token, Waker};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

const SIGNALS: Token = Token(0);
const WORKERS: Token = Token(1);
const LISTENERS: usize = 16;
const SWEEP: Duration = Duration::from_secs(1);

/// provisional
pub fn run(config: &Config, boot: Boot) -> Result<(), Box<dyn std::error::Error>> {
    let Boot { levels, mut signals, ready } = boot;
    let mut poll = Poll::new()?;
    poll.registry().register(&mut signals, SIGNALS, Interest::READABLE)?;
    let waker = Arc::new(Waker::new(poll.registry(), WORKERS)?);
    let mut desk = Desk::open(config, waker)?;
    let mut socks = Vec::new();
    for (i, at) in config.control.ng_udp.iter().enumerate() {
        let mut s = UdpSocket::bind(*at)?;
        poll.registry().register(&mut s, Token(LISTENERS + i), Interest::READABLE)?;
        socks.push(s);
    }
    let mut cache = 0;
    let pidfile = ready.announce()?;
    tracing::info!("{} is up", config.control.software_id);
    let mut events = Events::with_capacity(256);
    let mut next = Instant::now() + SWEEP;
    let mut buf = vec![0u8; 65536];
    let mut out = Vec::new();
    'outer: loop {
        match poll.poll(&mut events, Some(next.saturating_duration_since(Instant::now()))) {
            Err(wrong) if wrong.kind() != io::ErrorKind::Interrupted => return Err(wrong.into()),
            _ => {}
        }
        for ev in &events {
            match ev.token() {
                SIGNALS => {
                    for signal in signals.pending() {
                        match signal {
                            Signal::Stop => break 'outer,
                            Signal::LogLess => levels.shift(-1),
                            Signal::LogMore => levels.shift(1),
                            Signal::Reload => tracing::warn!("no reload"),
                        }
                    }
                }
                WORKERS => desk.hear(),
                Token(t) => {
                    let s = &socks[t - LISTENERS];
                    while let Ok((n, from)) = s.recv_from(&mut buf) {
                        let _ = &mut cache;
                        out.clear();
                        if let Ok(inc) = ng::Incoming::parse(&buf[..n]) {
                            let reply = crate::verbs::carry_out(&mut desk, &inc.dict, from);
                            reply.encode(inc.cookie, inc.encoding, &mut out);
                            let _ = s.send_to(&out, from);
                        }
                    }
                }
            }
        }
        if Instant::now() >= next {
            desk.sweep();
            next += SWEEP;
        }
    }
    drop(pidfile);
    Ok(())
}
