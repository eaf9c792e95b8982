use super::super::examine::tests::{userspace, with};
use super::super::system::tests::painted;
use super::*;
use crate::config::checked::Config;
use std::net::IpAddr;

const RANGE: &str = "proc/sys/net/ipv4/ip_local_port_range";
const RESERVED: &str = "proc/sys/net/ipv4/ip_local_reserved_ports";
const HEAD: &str =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref\n";

fn subject(config: &Config) -> Subject<'_> {
    Subject { config, written: true, attach: false }
}

#[test]
fn ports_that_the_system_hands_out_are_told_unless_reserved() {
    let config = userspace();
    let look = |files: &[(&str, &str)]| {
        let (_folder, system) = painted(files);
        local_ports(&subject(&config), &system)
    };
    assert_eq!(look(&[(RANGE, "40000\t60999\n")]).state, State::Ok);
    let finding = look(&[(RANGE, "32768\t60999\n"), (RESERVED, "8080\n")]);
    assert_eq!(finding.state, State::Warn);
    assert_eq!(finding.fix.unwrap(), "sysctl -w net.ipv4.ip_local_reserved_ports=8080,30000-39999");
    assert_eq!(look(&[(RANGE, "32768 60999"), (RESERVED, "8080,30000-39999")]).state, State::Ok);
    assert_eq!(look(&[(RANGE, "32768 60999"), (RESERVED, "30000-39998")]).state, State::Warn, "one is left");
    assert_eq!(look(&[]).state, State::Skip);
}

/// Lines as the kernel prints them on this machine.
fn line(addr: &str, port: u16, inode: u64) -> String {
    let octets = match addr.parse::<IpAddr>().unwrap() {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    };
    let words: String = octets
        .chunks(4)
        .map(|word| format!("{:08X}", u32::from_ne_bytes(word.try_into().unwrap())))
        .collect();
    format!(
        "  12: {words}:{port:04X} 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 {inode} 2\n"
    )
}

#[test]
fn sockets_are_read_as_the_kernel_writes_them() {
    let text = format!("{HEAD}{}{}garbage\n", line("127.0.0.1", 30_000, 77), line("2001:db8::1", 53, 78));
    let read: Vec<BoundSocket> = bound_sockets(&text).collect();
    let expected = |addr: &str, port, inode| BoundSocket { addr: addr.parse().unwrap(), port, inode };
    assert_eq!(read, [expected("127.0.0.1", 30_000, 77), expected("2001:db8::1", 53, 78)]);
    // This very process, on the real host.
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let real = System::real().read("proc/net/udp").unwrap();
    assert!(bound_sockets(&real).any(|bound| bound.port == port && bound.addr.is_loopback()));
}

#[test]
fn ports_of_others_are_told_with_their_owner() {
    let config = with(
        "[[interface]]\nname = \"b\"\naddress = \"127.0.0.1\"\nports = \"40000-40009\"\nexclude-ports = [40004]\n",
    );
    let look = |lines: &[String]| {
        let table = format!("{HEAD}{}", lines.concat());
        let files =
            [("proc/net/udp", table.as_str()), ("proc/9/comm", "named\n"), ("proc/8/comm", "rtpengine\n")];
        let (folder, system) = painted(&files);
        for (process, inode) in [("9", 77), ("8", 78)] {
            std::fs::create_dir_all(folder.path().join(format!("proc/{process}/fd"))).unwrap();
            let link = folder.path().join(format!("proc/{process}/fd/3"));
            std::os::unix::fs::symlink(format!("socket:[{inode}]"), link).unwrap();
        }
        foreign_sockets(&subject(&config), &system)
    };
    assert_eq!(look(&[]).state, State::Ok);
    assert_eq!(
        look(&[line("127.0.0.1", 53, 77), line("192.0.2.7", 40_000, 79)]).state,
        State::Ok,
        "not ours"
    );
    assert_eq!(
        look(&[line("127.0.0.1", 40_000, 78)]).what,
        "1 media ports are open, all of them rtpengine's"
    );
    assert_eq!(look(&[line("127.0.0.1", 40_004, 77)]).state, State::Ok, "left out on purpose");
    let finding =
        look(&[line("0.0.0.0", 40_001, 77), line("127.0.0.1", 40_000, 78), line("127.0.0.1", 40_002, 99)]);
    assert_eq!(finding.state, State::Warn);
    assert_eq!(
        finding.what,
        "2 media ports are taken by others: 0.0.0.0:40001 (named), 127.0.0.1:40002 (unknown)"
    );
}
