//! Plain forwarding: what arrives, what is counted, what passes up.

use crate::lab::{addr, flow, output, picture, receive, rtcp, rtp, sh, shown, silent, socket, table};
use compat_procfs::abi::{self, Pt};
use compat_procfs::{Claim, Control, Tables};

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn a_call_is_carried_by_the_kernel_and_shown_as_people_know_it() {
    let (left, right) = (socket("10.0.1.2:4000"), socket("10.0.2.2:5000"));
    let (near, far) = (socket("10.0.1.1:30000"), socket("10.0.2.1:30000"));
    let mut table = table();
    for (source, local, from, to) in [
        ("10.0.1.2:4000", "10.0.1.1:30000", "10.0.2.1:30000", "10.0.2.2:5000"),
        ("10.0.2.2:5000", "10.0.2.1:30000", "10.0.1.1:30000", "10.0.1.2:4000"),
    ] {
        let (mut flow, out) = flow(source, local, from, to);
        flow.carries = abi::CARRIES_RTP;
        flow.pt_count = 2;
        flow.pts[1].pt = 8;
        table.install(&flow, &[out]).unwrap();
    }
    for seq in 0..10 {
        let there = rtp(0, seq, 0xaabb_ccdd, 160);
        left.send_to(&there, "10.0.1.1:30000").unwrap();
        assert_eq!(receive(&right), there);
        let back = rtp(0, seq, 0x1122_3344, 160);
        right.send_to(&back, "10.0.2.1:30000").unwrap();
        assert_eq!(receive(&left), back);
    }
    right.send_to(&rtp(0, 10, 0x1122_3344, 160), "10.0.2.1:30000").unwrap();
    receive(&left);
    silent(&near);
    silent(&far);
    // Byte by byte what the module before us showed for such a call.
    assert_eq!(
        shown("list"),
        "\
local inet4 10.0.1.1:30000
    stats:                 1720 bytes,                   10 packets,                    0 errors
        RTP payload type   0:                 1720 bytes,                   10 packets
        RTP payload type   8:                    0 bytes,                    0 packets
    SSRC in: aabbccdd
    output #0
       src inet4 10.0.2.1:30000
       dst inet4 10.0.2.2:5000
local inet4 10.0.2.1:30000
    stats:                 1892 bytes,                   11 packets,                    0 errors
        RTP payload type   0:                 1892 bytes,                   11 packets
        RTP payload type   8:                    0 bytes,                    0 packets
    SSRC in: 11223344
    output #0
       src inet4 10.0.1.1:30000
       dst inet4 10.0.1.2:4000
"
    );
    let pid = std::process::id();
    assert_eq!(shown("status"), format!("Refcount:    1\nControl PID: {pid}\nTargets:     2\n"));
    let said = table.snapshot(addr("10.0.2.1:30000")).unwrap();
    assert_eq!((said.received.packets, said.received.bytes), (11, 1892));
    assert_eq!((said.outputs[0].packets, said.outputs[0].bytes), (11, 1892));
    assert_eq!((said.ssrcs[0].state.index, said.ssrcs[0].lost, said.ssrcs[0].reordered), (10, 0, 0));
    assert!(said.last_packet_ns >= said.installed_ns && said.installed_ns > 0);
    assert!(shown("stats").contains("bytes_forwarded      3612\n"), "{}", shown("stats"));
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn headers_are_rewritten_and_loss_is_counted() {
    let (left, right) = (socket("10.0.1.2:4010"), socket("10.0.2.2:5010"));
    let mut table = table();
    let (flow, mut out) = flow("10.0.1.2:4010", "10.0.1.1:30010", "10.0.2.1:30010", "10.0.2.2:5010");
    out.flags |= abi::OUT_SSRC | abi::OUT_PT;
    out.ssrc = [0xdead_beef; 4];
    out.index_offset = [-3; 4];
    (out.pt_from, out.pt_to, out.tos) = (96, 111, 184);
    table.install(&flow, &[out]).unwrap();
    socket2::SockRef::from(&right).set_recv_tos_v4(true).unwrap();
    // 2 and 3 lost, 5 twice, 6 late; across the end of the numbers.
    for seq in [65534, 65535, 0, 1, 4, 5, 5, 7, 6] {
        let mut sent = rtp(96, seq, 7, 40);
        sent[1] |= 0x80;
        left.send_to(&sent, "10.0.1.1:30010").unwrap();
        let mut wanted = rtp(111, seq, 0xdead_beef, 40);
        wanted[1] |= 0x80;
        wanted[2..4].copy_from_slice(&seq.wrapping_sub(3).to_be_bytes());
        wanted[4..8].copy_from_slice(&sent[4..8]);
        assert_eq!(receive(&right), wanted);
    }
    let said = table.snapshot(addr("10.0.1.1:30010")).unwrap();
    let ssrc = said.ssrcs[0];
    assert_eq!((ssrc.state.ssrc, ssrc.first_index, ssrc.state.index), (7, 65534, 0x1_0007));
    assert_eq!((ssrc.lost, ssrc.duplicates, ssrc.reordered, ssrc.last_pt), (2, 1, 1, 96));
    assert!(shown("list").contains(" SSRC out: deadbeef\n"));
    // Other payload types keep their number.
    left.send_to(&rtp(8, 8, 7, 40), "10.0.1.1:30010").unwrap();
    assert_eq!(receive(&right)[1], 8);
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn both_families_and_from_one_to_the_other() {
    let mut table = table();
    for (n, source, local, from, to) in [
        (1, "[2001:db8:1::2]:4020", "[2001:db8:1::1]:30020", "[2001:db8:2::1]:30020", "[2001:db8:2::2]:5020"),
        (2, "10.0.1.2:4022", "10.0.1.1:30022", "[2001:db8:2::1]:30022", "[2001:db8:2::2]:5022"),
        (3, "[2001:db8:1::2]:4024", "[2001:db8:1::1]:30024", "10.0.2.1:30024", "10.0.2.2:5024"),
    ] {
        let (a, b) = (socket(source), socket(to));
        let (flow, out) = flow(source, local, from, to);
        table.install(&flow, &[out]).unwrap();
        // Small, large (in one piece on this link, more than a page: not linear), and odd.
        for (seq, body) in [(1, 160), (2, 8000), (3, 0), (4, 1)] {
            let sent = rtp(0, seq, n, body);
            a.send_to(&sent, local).unwrap();
            let mut room = vec![0; 9000];
            let (got, whence) =
                b.recv_from(&mut room).unwrap_or_else(|error| panic!("{error}\n{}", picture()));
            assert_eq!(room[..got], sent);
            assert_eq!(whence, from.parse().unwrap());
        }
        let said = table.snapshot(addr(local)).unwrap();
        assert_eq!((said.received.packets, said.outputs[0].packets), (4, 4), "{source}");
    }
    assert!(shown("list").contains("local inet6 [2001:db8:1::1]:30020\n"), "{}", shown("list"));
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn other_sources_are_ignored_dropped_or_passed_up() {
    let (left, stranger) = (socket("10.0.1.2:4030"), socket("10.0.1.2:4031"));
    let (right, up) = (socket("10.0.2.2:5030"), socket("10.0.1.1:30030"));
    let mut table = table();
    let (mut flow, out) = flow("10.0.1.2:4030", "10.0.1.1:30030", "10.0.2.1:30030", "10.0.2.2:5030");
    let mut generation = 0;
    for check in [abi::SOURCE_PASS, abi::SOURCE_DROP, abi::SOURCE_IGNORE] {
        generation += 1;
        flow.generation = generation;
        flow.source_check = check;
        table.install(&flow, &[out]).unwrap();
        let (ours, theirs) = (rtp(0, generation as u16, 1, 160), rtp(0, 99, 2, 160));
        stranger.send_to(&theirs, "10.0.1.1:30030").unwrap();
        left.send_to(&ours, "10.0.1.1:30030").unwrap();
        match check {
            abi::SOURCE_PASS => assert_eq!(receive(&up), theirs),
            abi::SOURCE_IGNORE => assert_eq!(receive(&right), theirs),
            _ => {}
        }
        assert_eq!(receive(&right), ours);
        silent(&up);
        silent(&right);
    }
    let said = table.snapshot(addr("10.0.1.1:30030")).unwrap();
    assert_eq!((said.fates[abi::FATE_PASS_SOURCE], said.fates[abi::FATE_SOURCE]), (1, 1));
    assert_eq!((said.received.packets, said.received.errors), (4, 1));
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn what_is_not_media_goes_up_untouched() {
    let (left, right) = (socket("10.0.1.2:4040"), socket("10.0.2.2:5040"));
    let up = socket("10.0.1.1:30040");
    let mut table = table();
    let (mut flow, out) = flow("10.0.1.2:4040", "10.0.1.1:30040", "10.0.2.1:30040", "10.0.2.2:5040");
    flow.flags = abi::FLOW_PT_FILTER;
    flow.pt_count = 1;
    flow.pts[0] = Pt { pt: 9, zero: [0; 3], clock_hz: 8000 };
    table.install(&flow, &[out]).unwrap();
    let mut odd: Vec<Vec<u8>> = [0u8, 3, 16, 20, 63, 64, 127, 192, 255].map(|first| vec![first; 40]).to_vec();
    odd.extend([rtcp(5), vec![0x80], vec![0x80, 9, 0], rtp(10, 1, 1, 20)]);
    for packet in &odd {
        left.send_to(packet, "10.0.1.1:30040").unwrap();
        assert_eq!(receive(&up), *packet);
    }
    left.send_to(&[], "10.0.1.1:30040").unwrap();
    assert_eq!(receive(&up), []);
    left.send_to(&rtp(9, 1, 1, 20), "10.0.1.1:30040").unwrap();
    assert_eq!(receive(&right), rtp(9, 1, 1, 20));
    silent(&right);
    let said = table.snapshot(addr("10.0.1.1:30040")).unwrap();
    assert_eq!((said.fates[abi::FATE_PASS_KIND], said.fates[abi::FATE_PASS_PT]), (13, 1), "{}", picture());
    assert_eq!((said.received.packets, said.received.errors), (1, 0));
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn copies_go_to_every_output_and_rtcp_its_own_way() {
    let left = socket("10.0.1.2:4050");
    let rights = ["10.0.2.2:5050", "10.0.2.2:5052", "[2001:db8:2::2]:5054"].map(socket);
    let up = socket("10.0.1.1:30050");
    let mut table = table();
    let (mut flow, first) = flow("10.0.1.2:4050", "10.0.1.1:30050", "10.0.2.1:30050", "10.0.2.2:5050");
    let mut second = output("10.0.2.1:30052", "10.0.2.2:5052");
    second.flags |= abi::OUT_SSRC | abi::OUT_RTCP;
    second.ssrc = [0x55; 4];
    let third = output("[2001:db8:2::1]:30054", "[2001:db8:2::2]:5054");
    flow.flags = abi::FLOW_RTCP_FORWARD;
    table.install(&flow, &[first, second, third]).unwrap();
    let sent = rtp(0, 5, 1, 500);
    left.send_to(&sent, "10.0.1.1:30050").unwrap();
    assert_eq!(receive(&rights[0]), sent);
    assert_eq!(receive(&rights[1]), [&sent[..8], &[0, 0, 0, 0x55], &sent[12..]].concat());
    assert_eq!(receive(&rights[2]), sent);
    left.send_to(&rtcp(1), "10.0.1.1:30050").unwrap();
    assert_eq!(receive(&rights[1]), rtcp(1));
    silent(&up);
    flow.flags |= abi::FLOW_RTCP_COPY;
    flow.generation = 2;
    table.install(&flow, &[first, second, third]).unwrap();
    left.send_to(&rtcp(2), "10.0.1.1:30050").unwrap();
    assert_eq!(receive(&rights[1]), rtcp(2));
    assert_eq!(receive(&up), rtcp(2));
    let said = table.snapshot(addr("10.0.1.1:30050")).unwrap();
    assert_eq!(said.outputs[..3].iter().map(|out| out.packets).collect::<Vec<_>>(), [1, 3, 1]);
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn a_packet_without_a_way_out_goes_up_and_one_without_output_ends() {
    let left = socket("10.0.1.2:4060");
    let up = socket("10.0.1.1:30060");
    let mut table = table();
    let (mut flow, out) = flow("10.0.1.2:4060", "10.0.1.1:30060", "10.0.2.1:30060", "192.0.2.1:9");
    table.install(&flow, &[out]).unwrap();
    left.send_to(&rtp(0, 1, 1, 20), "10.0.1.1:30060").unwrap();
    assert_eq!(receive(&up), rtp(0, 1, 1, 20));
    flow.generation = 2;
    table.install(&flow, &[]).unwrap();
    left.send_to(&rtp(0, 2, 1, 20), "10.0.1.1:30060").unwrap();
    silent(&up);
    let said = table.snapshot(addr("10.0.1.1:30060")).unwrap();
    assert_eq!((said.fates[abi::FATE_PASS_ROUTE], said.fates[abi::FATE_NO_OUTPUT]), (1, 1));
    assert!(shown("list").contains("    option: non forwarding\n"));
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn packets_that_were_put_together_are_taken_apart() {
    let (left, right) = (socket("10.0.1.2:4070"), socket("10.0.2.2:5070"));
    let up = socket("10.0.1.1:30070");
    let mut table = table();
    let (flow, out) = flow("10.0.1.2:4070", "10.0.1.1:30070", "10.0.2.1:30070", "10.0.2.2:5070");
    table.install(&flow, &[out]).unwrap();
    // Six packets in one: four of RTP, one of STUN, one of RTP that is shorter. The link carries them in one piece.
    let mut parts: Vec<Vec<u8>> = (1..=4).map(|seq| rtp(0, seq, 1, 160)).collect();
    parts.push(vec![0; 172]);
    parts.push(rtp(0, 5, 1, 33));
    nix::sys::socket::setsockopt(&left, nix::sys::socket::sockopt::UdpGsoSegment, &172).unwrap();
    left.send_to(&parts.concat(), "10.0.1.1:30070").unwrap();
    for part in parts.iter().filter(|part| part[0] == 0x80) {
        assert_eq!(receive(&right), *part);
    }
    assert_eq!(receive(&up), parts[4]);
    silent(&up);
    silent(&right);
    let said = table.snapshot(addr("10.0.1.1:30070")).unwrap();
    assert_eq!((said.received.packets, said.fates[abi::FATE_PASS_KIND]), (5, 1), "{}", picture());
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn a_rule_that_goes_in_mid_call_leaves_media_to_the_socket() {
    let (left, right) = (socket("10.0.1.2:4080"), socket("10.0.2.2:5080"));
    let up = socket("10.0.1.1:30080");
    let mut table = table();
    let (flow, out) = flow("10.0.1.2:4080", "10.0.1.1:30080", "10.0.2.1:30080", "10.0.2.2:5080");
    table.install(&flow, &[out]).unwrap();
    let rules = |count: &str| assert!(shown("stats").contains(&format!("rules                {count}\n")));
    rules("2");
    left.send_to(&rtp(0, 1, 1, 160), "10.0.1.1:30080").unwrap();
    receive(&right);
    sh("iptables -D INPUT -p udp -j RTPENGINE --id 42");
    left.send_to(&rtp(0, 2, 1, 160), "10.0.1.1:30080").unwrap();
    assert_eq!(receive(&up), rtp(0, 2, 1, 160));
    silent(&right);
    assert_eq!(
        table.snapshot(addr("10.0.1.1:30080")).unwrap().received.packets,
        1,
        "the daemon sees it stand still"
    );
    // In a chain of the operator's own, which only media ports lead to.
    let narrow = "INPUT -p udp --dport 30000:40000 -j media";
    sh(&format!("iptables -N media; iptables -A {narrow}; iptables -A media -j RTPENGINE --id 42"));
    left.send_to(&rtp(0, 3, 1, 160), "10.0.1.1:30080").unwrap();
    assert_eq!(receive(&right), rtp(0, 3, 1, 160));
    silent(&up);
    rules("2");
    sh(&format!(
        "iptables -D {narrow}; iptables -F media; iptables -X media
         iptables -I INPUT -p udp -j RTPENGINE --id 42"
    ));
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn two_instances_keep_to_their_tables() {
    let (left, right) = (socket("10.0.1.2:4090"), socket("10.0.2.2:5090"));
    let up = socket("10.0.1.1:30090");
    let mut ours = table();
    let tables = Tables::default();
    tables.add(7).unwrap();
    let mut theirs = Control::open(&tables, 7).unwrap();
    theirs.claim(Claim::Fresh).unwrap();
    for (control, port) in [(&mut ours, 30090), (&mut theirs, 30092)] {
        let (flow, out) =
            flow("10.0.1.2:4090", &format!("10.0.1.1:{port}"), "10.0.2.1:30090", "10.0.2.2:5090");
        control.install(&flow, &[out]).unwrap();
    }
    // Only one of the tables has a rule so far.
    let far = socket("10.0.1.1:30092");
    left.send_to(&rtp(0, 1, 1, 160), "10.0.1.1:30092").unwrap();
    receive(&far);
    sh("iptables -A INPUT -p udp -j RTPENGINE --id 7");
    for port in [30090, 30092] {
        left.send_to(&rtp(0, 2, 1, 160), ("10.0.1.1", port)).unwrap();
        receive(&right);
    }
    silent(&up);
    silent(&far);
    assert_eq!(ours.snapshot(addr("10.0.1.1:30090")).unwrap().received.packets, 1);
    assert_eq!(theirs.snapshot(addr("10.0.1.1:30092")).unwrap().received.packets, 1);
    sh("iptables -D INPUT -p udp -j RTPENGINE --id 7");
    drop(theirs);
    tables.del(7).unwrap();
}
