//! ng over TCP.

use super::{Bench, Options, Transport};

fn bench() -> Bench {
    Bench::new(Transport::Tcp, "127.0.0.1:0", Options::default())
}

#[test]
fn messages_come_back_to_back_and_in_pieces() {
    let mut bench = bench();
    let mut client = bench.connect(Transport::Tcp);
    bench.write(&client, b"a d7:command4:pingeb {\"command\":\"ping\"}c d7:comm");
    assert_eq!(bench.read(&mut client, 36), "a d6:result4:pongeb {\"result\":\"pong\"}"[..36]);
    assert_eq!(bench.read(&mut client, 1), "}");
    assert_eq!(bench.desk.peers.len(), 2);
    for byte in b"and4:pinge" {
        bench.write(&client, &[*byte]);
    }
    assert_eq!(bench.read(&mut client, 18), "c d6:result4:ponge");
    assert_eq!(bench.desk.peers[2].transport, Transport::Tcp);
}

#[test]
fn many_requests_in_one_write_are_all_answered() {
    let mut bench = bench();
    let mut client = bench.connect(Transport::Tcp);
    let requests: String = (0..500).map(|number| format!("k{number:03} d7:command4:pinge")).collect();
    bench.write(&client, requests.as_bytes());
    for number in 0..500 {
        assert_eq!(bench.read(&mut client, 21), format!("k{number:03} d6:result4:ponge"));
    }
}

#[test]
fn a_long_message_passes_and_a_longer_one_ends_the_connection() {
    let mut bench = bench();
    let mut client = bench.connect(Transport::Tcp);
    let request = |len: usize| format!("c{len} d7:command6:length3:sdp{len}:{}e", "v".repeat(len));
    bench.write(&client, request(200_000).as_bytes());
    assert_eq!(bench.read(&mut client, 38), "c200000 d6:lengthi200000e6:result2:oke");
    let bytes = request(300_000);
    bench.write(&client, &bytes.as_bytes()[..262_200]);
    assert_eq!(bench.read_to_end(&mut client), "c300000 ");
    assert_eq!(bench.listeners.open_connections(), 0);
}

#[test]
fn garbage_ends_the_connection() {
    let mut bench = bench();
    for (garbage, reply) in [
        ("c xyz", "c "),
        ("c d7:command4:pin4:xxe", "c "),
        (" d7:command4:pinge", ""),
        (&*"x".repeat(1500), ""),
    ] {
        let mut client = bench.connect(Transport::Tcp);
        bench.write(&client, garbage.as_bytes());
        assert_eq!(bench.read_to_end(&mut client), reply, "{garbage:.30}");
    }
    assert_eq!(bench.listeners.counts().malformed, 4);
    assert_eq!(bench.listeners.open_connections(), 0);
}

#[test]
fn a_well_framed_message_that_is_no_request_keeps_the_connection() {
    let mut bench = bench();
    let mut client = bench.connect(Transport::Tcp);
    bench.write(&client, b"a di1ei2eeb d7:command4:pinge");
    assert_eq!(bench.read(&mut client, 20), "a b d6:result4:ponge");
}

#[test]
fn replies_still_come_after_the_client_stopped_writing() {
    let mut bench = bench();
    let mut client = bench.connect(Transport::Tcp);
    bench.write(&client, b"a d7:command4:pingeb d7:comm");
    client.end_writing();
    assert_eq!(bench.read_to_end(&mut client), "a d6:result4:ponge");
}

#[test]
fn who_does_not_read_is_not_read_from() {
    const REQUESTS: usize = 200;
    const SIZE: usize = 100_000;
    let mut bench = bench();
    let mut client = bench.connect(Transport::Tcp);
    let mut other = bench.connect(Transport::Tcp);
    let requests: String =
        (0..REQUESTS).map(|number| format!("k{number:03} d7:command3:pad4:sizei{SIZE}ee")).collect();
    bench.write(&client, requests.as_bytes());
    // The other client's answer proves that the first one's requests had their turn.
    bench.write(&other, b"o d7:command4:pinge");
    bench.read(&mut other, 18);
    let executed = bench.desk.peers.len() - 1;
    assert!(executed < REQUESTS, "replies for a silent reader must not pile up: {executed}");
    let whole = format!("k000 d3:pad{SIZE}:").len() + SIZE + "6:result2:oke".len();
    for number in 0..REQUESTS {
        let reply = bench.read(&mut client, whole);
        assert!(reply.starts_with(&format!("k{number:03} d3:pad{SIZE}:xx")), "{reply:.40}");
    }
    assert_eq!(bench.desk.peers.len() - 1, REQUESTS);
}

#[test]
fn connections_are_bounded_and_the_idlest_makes_room() {
    let options = Options { max_connections: 2, idle_ms: 5_000, ..Options::default() };
    let mut bench = Bench::new(Transport::Tcp, "127.0.0.1:0", options);
    let ping = |bench: &mut Bench, client: &mut super::Client, cookie: &str| {
        bench.write(client, format!("{cookie} d7:command4:pinge").as_bytes());
        assert_eq!(bench.read(client, 18), format!("{cookie} d6:result4:ponge"));
    };
    let (mut first, mut second) = (bench.connect(Transport::Tcp), bench.connect(Transport::Tcp));
    ping(&mut bench, &mut first, "1");
    ping(&mut bench, &mut second, "2");
    let mut third = bench.connect(Transport::Tcp);
    assert_eq!(bench.read_to_end(&mut third), "", "both are busy");
    bench.now_ms += 4_000;
    ping(&mut bench, &mut second, "3");
    bench.now_ms += 2_000;
    let mut fourth = bench.connect(Transport::Tcp);
    ping(&mut bench, &mut fourth, "4");
    assert_eq!(bench.read_to_end(&mut first), "", "idle for six seconds");
    ping(&mut bench, &mut second, "5");
    let counts = bench.listeners.counts();
    assert_eq!((counts.connections, counts.evicted, bench.listeners.open_connections()), (3, 2, 2));
}

#[test]
fn what_would_be_answered_later_is_settled_at_once() {
    let mut bench = Bench::new(Transport::Tcp, "127.0.0.1:0", Options::default());
    let mut client = bench.connect(Transport::Tcp);
    bench.write(&client, b"a d7:command5:latere");
    assert_eq!(bench.read(&mut client, 27), "a d6:ticketi1e6:result2:oke");
    assert_eq!(bench.desk.settled, [1]);
}
