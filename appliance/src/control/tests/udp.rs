//! ng over UDP.

use std::net::{SocketAddr, UdpSocket};

use super::{Bench, Options, Transport};

fn bench(address: &str) -> Bench {
    Bench::new(Transport::Udp, address, Options::default())
}

/// A client that hears only the address it talks to, as a proxy with a connected socket does.
fn client_of(address: SocketAddr) -> UdpSocket {
    let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let client = UdpSocket::bind(any).unwrap();
    client.connect(address).unwrap();
    client
}

#[test]
fn ping_over_both_families() {
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let mut bench = bench(address);
        let client = client_of(bench.address(Transport::Udp));
        client.send(b"1_2 d7:command4:pinge").unwrap();
        assert_eq!(bench.datagram(&client), "1_2 d6:result4:ponge");
        client.send(b"1_3 {\"command\":\"ping\"}").unwrap();
        assert_eq!(bench.datagram(&client), "1_3 {\"result\":\"pong\"}");
        assert_eq!(bench.desk.peers[0].remote, client.local_addr().unwrap());
        assert_eq!(bench.desk.peers[0].transport, Transport::Udp);
    }
}

#[test]
fn the_reply_leaves_from_the_address_that_was_asked() {
    let mut bench = bench("0.0.0.0:0");
    let port = bench.address(Transport::Udp).port();
    for host in ["127.0.0.1", "127.0.0.2", "127.8.9.10"] {
        let address = SocketAddr::new(host.parse().unwrap(), port);
        let client = client_of(address);
        client.send(format!("{host} d7:command4:pinge").as_bytes()).unwrap();
        assert_eq!(bench.datagram(&client), format!("{host} d6:result4:ponge"));
        assert_eq!(bench.desk.peers.last().unwrap().local, address);
    }
}

#[test]
fn the_reply_leaves_from_the_address_that_was_asked_in_ipv6() {
    let mut bench = bench("[::]:0");
    let address = SocketAddr::new("::1".parse().unwrap(), bench.address(Transport::Udp).port());
    let client = client_of(address);
    client.send(b"c d7:command4:pinge").unwrap();
    assert_eq!(bench.datagram(&client), "c d6:result4:ponge");
    assert_eq!(bench.desk.peers[0].local, address);
}

#[test]
fn both_wildcards_share_a_port() {
    let v4 = bench("0.0.0.0:0");
    let port = v4.address(Transport::Udp).port();
    let v6 = bench(&format!("[::]:{port}"));
    assert_eq!(v6.address(Transport::Udp).port(), port);
}

#[test]
fn a_retransmission_gets_the_same_bytes_and_is_not_executed() {
    let mut bench = bench("127.0.0.1:0");
    let client = client_of(bench.address(Transport::Udp));
    for request in ["c d7:command4:pinge", "c d7:command4:pinge", "c d7:command5:othere"] {
        client.send(request.as_bytes()).unwrap();
        assert_eq!(bench.datagram(&client), "c d6:result4:ponge");
    }
    assert_eq!(bench.desk.peers.len(), 1);
    bench.now_ms += 61_000;
    client.send(b"c d7:command4:pinge").unwrap();
    bench.datagram(&client);
    assert_eq!(bench.desk.peers.len(), 2, "after a minute it is a new request");
}

#[test]
fn malformed_bodies_get_the_cookie_and_strangers_get_silence() {
    let mut bench = bench("127.0.0.1:0");
    let client = client_of(bench.address(Transport::Udp));
    client.send(b"nocookie").unwrap();
    client.send(b"").unwrap();
    client.send(b"r d6:result5:errore").unwrap();
    client.send(b"c d7:command4:pin").unwrap();
    assert_eq!(bench.datagram(&client), "c ");
    let counts = bench.listeners.counts();
    assert_eq!((counts.malformed, counts.requests), (4, 0));
}

#[test]
fn a_burst_longer_than_a_turn_is_answered_to_the_end() {
    let mut bench = bench("127.0.0.1:0");
    let client = client_of(bench.address(Transport::Udp));
    for number in 0..200 {
        client.send(format!("c{number} d7:command4:pinge").as_bytes()).unwrap();
    }
    for number in 0..200 {
        assert_eq!(bench.datagram(&client), format!("c{number} d6:result4:ponge"));
    }
}

#[test]
fn large_replies_pass_and_impossible_ones_say_so() {
    let mut bench = bench("127.0.0.1:0");
    let client = client_of(bench.address(Transport::Udp));
    client.send(b"a d7:command3:pad4:sizei65000ee").unwrap();
    assert_eq!(bench.datagram(&client).len(), 65_027);
    client.send(b"b d7:command3:pad4:sizei65600ee").unwrap();
    assert_eq!(bench.datagram(&client), "b d7:warning33:Reply too long for this transport6:result2:oke");
}

#[test]
fn a_request_of_the_largest_size_is_read() {
    let mut bench = bench("127.0.0.1:0");
    let client = client_of(bench.address(Transport::Udp));
    let request = format!("c d7:command6:length3:sdp60000:{}e", "v".repeat(60_000));
    client.send(request.as_bytes()).unwrap();
    assert_eq!(bench.datagram(&client), "c d6:lengthi60000e6:result2:oke");
}

#[test]
fn replies_carry_the_configured_tos() {
    use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg, setsockopt, sockopt};
    use std::os::fd::AsRawFd;

    let options = Options { tos: Some(0xb8), ..Options::default() };
    let mut bench = Bench::new(Transport::Udp, "127.0.0.1:0", options);
    let client = client_of(bench.address(Transport::Udp));
    setsockopt(&client, sockopt::IpRecvTos, &true).unwrap();
    client.set_nonblocking(true).unwrap();
    client.send(b"c d7:command4:pinge").unwrap();
    let tos = bench.until(|_| {
        let mut bytes = [0; 100];
        let mut slices = [std::io::IoSliceMut::new(&mut bytes)];
        let mut space = nix::cmsg_space!(u8);
        let message =
            recvmsg::<SockaddrIn>(client.as_raw_fd(), &mut slices, Some(&mut space), MsgFlags::empty())
                .ok()?;
        message.cmsgs().unwrap().find_map(|ancillary| match ancillary {
            ControlMessageOwned::Ipv4Tos(tos) => Some(tos),
            _ => None,
        })
    });
    assert_eq!(tos, 0xb8);
}

#[test]
fn what_is_answered_later_is_settled_together_and_goes_to_whom_it_is_for() {
    let mut bench = bench("127.0.0.1:0");
    let address = bench.address(Transport::Udp);
    let clients = [client_of(address), client_of(address)];
    clients[0].send(b"a d7:command5:latere").unwrap();
    // Asked again before it is answered: once is enough.
    clients[0].send(b"a d7:command5:latere").unwrap();
    clients[1].send(b"b d7:command5:latere").unwrap();
    clients[1].send(b"c d7:command4:pinge").unwrap();
    assert_eq!(bench.datagram(&clients[0]), "a d6:ticketi1e6:result2:oke");
    assert_eq!(bench.datagram(&clients[1]), "b d6:ticketi2e6:result2:oke");
    assert_eq!(bench.datagram(&clients[1]), "c d6:result4:ponge", "none overtakes another");
    assert_eq!(bench.desk.settled, [2]);
    assert_eq!(bench.desk.peers.len(), 3);
    clients[0].send(b"a d7:command5:latere").unwrap();
    assert_eq!(bench.datagram(&clients[0]), "a d6:ticketi1e6:result2:oke", "it is remembered as any other");
    assert_eq!(bench.desk.settled, [2]);
}
