use super::super::mailbox::{Mailbox, Order, Refused};
use super::super::outbox::Outbox;
use super::*;

fn waker() -> (Poll, Waker) {
    let poll = Poll::new().unwrap();
    let waker = Waker::new(poll.registry(), Token(0)).unwrap();
    (poll, waker)
}

fn called(poll: &mut Poll, patience: Duration) -> bool {
    let mut events = Events::with_capacity(4);
    poll.poll(&mut events, Some(patience)).unwrap();
    !events.is_empty()
}

fn withdraw(port: u16) -> Change {
    Change::Withdraw { key: FlowKey::new(IpAddr::from([127, 0, 0, 1]), port), generation: Generation(0) }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_millis(20)
}

#[test]
fn a_full_mailbox_refuses_after_the_deadline_and_keeps_what_it_has() {
    let (_poll, waker) = waker();
    let mailbox = Mailbox::new(2, waker);
    for port in [1, 2] {
        mailbox.send(Order::Change(withdraw(port)), soon()).unwrap();
    }
    assert_eq!(mailbox.send(Order::Change(withdraw(3)), soon()), Err(Refused::Full));
    for port in [1, 2] {
        assert!(matches!(mailbox.take(), Some(Order::Change(change)) if change == withdraw(port)));
    }
    assert!(mailbox.is_empty());
}

#[test]
fn a_sender_that_waits_goes_on_when_there_is_room_or_an_end() {
    let (_poll, waker) = waker();
    let mailbox = Mailbox::new(1, waker);
    mailbox.send(Order::Change(withdraw(1)), soon()).unwrap();
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| {
            mailbox.send(Order::Change(withdraw(2)), Instant::now() + PATIENCE)?;
            mailbox.send(Order::Change(withdraw(3)), Instant::now() + PATIENCE)
        });
        assert!(mailbox.take().is_some());
        mailbox.made_room();
        mailbox.end();
        // whichever it was doing, it ends long before its patience does
        assert!(matches!(sender.join().unwrap(), Ok(()) | Err(Refused::Ended)));
    });
    assert_eq!(mailbox.send(Order::Change(withdraw(4)), soon()), Err(Refused::Ended));
}

#[test]
fn a_worker_is_called_once_until_it_looks() {
    let (mut poll, waker) = waker();
    let mailbox = Mailbox::new(8, waker);
    for round in 0..3 {
        mailbox.send(Order::Change(withdraw(round)), soon()).unwrap();
        mailbox.send(Order::Change(withdraw(round)), soon()).unwrap();
        assert!(called(&mut poll, PATIENCE), "round {round}");
        assert!(!called(&mut poll, Duration::ZERO));
        mailbox.look();
        while mailbox.take().is_some() {}
    }
}

#[test]
fn events_that_do_not_fit_stay_in_order_and_their_worker_is_called_back() {
    let (mut poll, waker) = waker();
    let outbox = Outbox::new(3, 2, Arc::new(waker));
    let event = |port| Event::PeerLearned {
        stream: StreamId(0),
        key: FlowKey::new(IpAddr::from([127, 0, 0, 1]), port),
        generation: Generation(0),
        peer: SocketAddr::from(([127, 0, 0, 1], port)),
    };
    let mut events: Vec<_> = (1..6).map(event).collect();
    outbox.put(1, &mut events);
    assert_eq!(events, [event(4), event(5)]);
    assert!(called(&mut poll, PATIENCE));
    let mut out = Vec::new();
    assert_eq!(outbox.drain(&mut out).collect::<Vec<_>>(), [1]);
    outbox.put(1, &mut events);
    assert!(events.is_empty() && called(&mut poll, PATIENCE));
    assert_eq!(outbox.drain(&mut out).count(), 0);
    assert_eq!(out, (1..6).map(|port| (1, event(port))).collect::<Vec<_>>());
}
