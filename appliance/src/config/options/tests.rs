//! The table is whole: nothing doubled, every path real, every classic option there.

use std::collections::BTreeSet;

use super::{Availability, Carry, Kind, Opt, Value, all, find, nearest};
use crate::config::raw::{self, SectionKind};

#[test]
fn names_and_letters_are_unique() {
    let mut names = BTreeSet::new();
    let mut letters = BTreeSet::from(['h', 'v']);
    for option in all() {
        assert!(names.insert(option.name), "{} twice", option.name);
        if let Some(letter) = option.short {
            assert!(letters.insert(letter), "-{letter} twice");
        }
    }
}

#[test]
fn every_path_exists_in_the_toml_form() {
    for option in all() {
        let Some(path) = option.carry.path() else { continue };
        let (section, key) = path.split_once('.').unwrap_or((path, ""));
        let section =
            raw::section(section).unwrap_or_else(|| panic!("{}: no section {section}", option.name));
        if section.kind != SectionKind::Table {
            assert_eq!(key, "", "{}", option.name);
            continue;
        }
        let key = key.split('.').next().unwrap();
        assert!(section.fields.iter().any(|field| field.key() == key), "{}: no key {path}", option.name);
    }
}

#[test]
fn an_option_that_works_has_a_home() {
    for option in all() {
        if option.available == Availability::Works && option.kind != Kind::Action {
            assert_ne!(option.carry, Carry::Nowhere, "{} claims to work but goes nowhere", option.name);
        }
        assert!(!option.help.is_empty() && !option.help.ends_with('.'), "{}", option.name);
    }
}

#[test]
fn the_classic_letters_mean_what_they_meant() {
    for (letter, name) in [
        ('t', "table"),
        ('F', "no-fallback"),
        ('i', "interface"),
        ('S', "save-interface-ports"),
        ('n', "listen-ng"),
        ('N', "listen-tcp-ng"),
        ('c', "listen-cli"),
        ('u', "listen-udp"),
        ('l', "listen-tcp"),
        ('g', "graphite"),
        ('G', "graphite-interval"),
        ('T', "tos"),
        ('o', "timeout"),
        ('s', "silent-timeout"),
        ('a', "final-timeout"),
        ('m', "port-min"),
        ('M', "port-max"),
        ('r', "redis"),
        ('w', "redis-write"),
        ('q', "no-redis-required"),
        ('k', "subscribe-keyspace"),
        ('b', "b2b-url"),
        ('x', "xmlrpc-format"),
        ('d', "delete-delay"),
        ('L', "log-level"),
        ('E', "log-stderr"),
        ('p', "pidfile"),
        ('f', "foreground"),
    ] {
        assert_eq!(find(name).and_then(|option| option.short), Some(letter), "{name}");
    }
}

#[test]
fn every_classic_option_is_recognised() {
    let missing: Vec<_> = CLASSIC.split_whitespace().filter(|name| find(name).is_none()).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(nearest("tiemout"), Some("timeout"));
}

#[test]
fn values_are_read_by_their_kind() {
    let option = |name: &str| find(name).unwrap();
    let read = |name: &str, text: &str| Value::parse(option(name), &[text]);
    assert_eq!(read("tos", " 184 "), Ok(Value::Int(184)));
    assert_eq!(read("tos", "0xb8"), Ok(Value::Int(184)));
    assert_eq!(read("table", "-1"), Ok(Value::Int(-1)));
    assert_eq!(read("foreground", "TRUE"), Ok(Value::Flag(true)));
    assert_eq!(read("max-load", "2.5"), Ok(Value::Float(2.5)));
    assert_eq!(read("endpoint-learning", "OFF"), Ok(Value::Text("off".to_owned())));
    assert_eq!(Value::parse(option("cn-payload"), &["60", " 7"]), Ok(Value::Ints(vec![60, 7])));
    for (name, text, want) in [
        ("tos", "256", "256 is not within 0 to 255"),
        ("tos", "", "`` is not a whole number"),
        ("table", "64", "64 is not within -1 to 63"),
        ("foreground", "maybe", "`maybe` is neither true nor false"),
        ("max-load", "-1", "`-1` is not a number of 0 or more"),
        ("max-load", "nan", "`nan` is not a number of 0 or more"),
        (
            "endpoint-learning",
            "delay",
            "`delay` is not one of heuristic, delayed, immediate, off; did you mean `delayed`?",
        ),
    ] {
        assert_eq!(read(name, text).unwrap_err().to_string(), want);
    }
}

#[test]
fn kinds_of_actions_take_no_value() {
    let actions: Vec<&Opt> = all().filter(|option| option.kind == Kind::Action).collect();
    assert_eq!(actions.len(), 4);
    for option in actions {
        assert!(Value::parse(option, &["true"]).is_err());
    }
}

/// Long names of the classic command line, of all versions in use.
const CLASSIC: &str = "\
    active-switchover amr-dtx audio-buffer-delay audio-buffer-length audio-player b2b-url cn-payload
    codec-chain-lib-path codec-num-threads codecs config-file config-section control-pmtu control-tos
    db-cache-expire db-cache-reload db-media-cache db-media-expire db-media-reload debug-srtp delete-delay
    dtls-cert-cipher dtls-ciphers dtls-mtu dtls-passive dtls-rsa-key-size dtls-signature dtmf-digit-delay
    dtmf-log-dest dtmf-log-ng-tcp dtmf-no-log-injects dtmf-no-suppress dtx-buffer dtx-cn-params dtx-delay
    dtx-lag dtx-shift endpoint-learning evs-dtx evs-lib-path expiry-timer final-timeout foreground graphite
    graphite-interval graphite-prefix graphite-timeout homer homer-disable-rtcp-stats homer-enable-ng homer-id
    homer-ng-capture-proto homer-protocol http-buf-size http-idle-timeout http-threads https-cert https-key
    idle-priority idle-scheduling interface interfaces-config io-uring io-uring-buffers iptables-chain
    janus-secret jb-adaptive jb-adaptive-max jb-adaptive-min jb-clock-drift jitter-buffer kernel-num-threads
    kernel-player kernel-player-media kernel-slots listen-cli listen-http listen-https listen-ng listen-tcp
    listen-tcp-ng listen-udp log-facility log-facility-cdr log-facility-dtmf log-facility-rtcp log-format
    log-level log-level-codec log-level-control log-level-core log-level-crypto log-level-dtx log-level-ffmpeg
    log-level-http log-level-ice log-level-internals log-level-rtcp log-level-spandsp log-level-srtp
    log-level-transcoding log-mark-prefix log-mark-suffix log-name log-srtp-keys log-stderr max-bandwidth
    max-cpu max-dtx max-load max-log-line-length max-recv-iters max-sessions measure-rtp media-files-expire
    media-files-reload media-num-threads moh-attr-name moh-max-duration moh-max-repeats moh-prevent-double-hold
    mos mqtt-cafile mqtt-capath mqtt-certfile mqtt-host mqtt-id mqtt-keepalive mqtt-keyfile mqtt-pass mqtt-port
    mqtt-publish-interval mqtt-publish-qos mqtt-publish-scope mqtt-publish-topic mqtt-tls-alpn mqtt-user
    mysql-host mysql-pass mysql-port mysql-query mysql-user nftables-append nftables-base-chain nftables-chain
    nftables-family nftables-start nftables-status nftables-stop ng-client-retries ng-client-timeout
    no-fallback no-log-timestamps no-redis-required num-threads offer-timeout pidfile player-cache
    poller-per-thread poller-size port-max port-min preload-db-cache preload-db-media preload-media-files
    priority record-both record-egress recording-dir recording-format recording-method redis
    redis-allowed-errors redis-cmd-timeout redis-connect-timeout redis-disable-time redis-expires redis-format
    redis-num-threads redis-resolve-on-reconnect redis-subscribe redis-tcp-keepalive-intvl
    redis-tcp-keepalive-probes redis-tcp-keepalive-time redis-write reject-invalid-sdp rtcp-interval
    save-interface-ports scheduling silence-detect silent-timeout sip-source socket-cpu-affinity software-id
    split-logs ssrc-reporting subscribe-keyspace table templates thread-stack timeout timer-accuracy tos
    transcode-config vsc-pause-rec vsc-pause-resume-rec vsc-start-pause-resume-rec vsc-start-rec
    vsc-start-stop-rec vsc-stop-rec xmlrpc-format xtables";
