//! Statistics that leave the daemon.

use super::spec::{Carry, Group, Opt};

const MQTT: &str = "sending figures over MQTT";
const QUALITY: &str = "quality figures";

pub(super) const EXPORT: Group = Group {
    title: "Statistics",
    options: &[
        Opt::text("graphite", "Address of the Graphite server").short('g').to("graphite.address"),
        Opt::count("graphite-interval", "Seconds between sendings")
            .short('G')
            .carry(Carry::Unless(0, "graphite.interval")),
        Opt::text("graphite-prefix", "Text before every name").to("graphite.prefix"),
        Opt::count("graphite-timeout", "Seconds a connection may take")
            .carry(Carry::Unless(0, "graphite.timeout")),
        Opt::text("homer", "Address of the Homer server").to("homer.address"),
        Opt::word("homer-protocol", &["udp", "tcp"], "Transport to the Homer server").to("homer.protocol"),
        Opt::int("homer-id", 0, u32::MAX as i64, "Our capture id").to("homer.capture-id"),
        Opt::flag("homer-disable-rtcp-stats", "Send no RTCP").carry(Carry::Negated("homer.rtcp")),
        Opt::flag("homer-enable-ng", "Send ng traffic").to("homer.ng"),
        Opt::int("homer-ng-capture-proto", 0, 255, "Protocol id of ng traffic").to("homer.ng-protocol"),
        Opt::text("mqtt-host", "MQTT broker").later(MQTT),
        Opt::int("mqtt-port", 0, 65_535, "Port of the broker").later(MQTT),
        Opt::text("mqtt-tls-alpn", "TLS application protocol").later(MQTT),
        Opt::text("mqtt-id", "Our client id").later(MQTT),
        Opt::count("mqtt-keepalive", "Seconds between keep-alives").later(MQTT),
        Opt::text("mqtt-user", "User at the broker").later(MQTT),
        Opt::text("mqtt-pass", "Password at the broker").later(MQTT),
        Opt::text("mqtt-cafile", "File with trusted certificates").later(MQTT),
        Opt::text("mqtt-capath", "Folder with trusted certificates").later(MQTT),
        Opt::text("mqtt-certfile", "Our certificate").later(MQTT),
        Opt::text("mqtt-keyfile", "Our private key").later(MQTT),
        Opt::int("mqtt-publish-qos", 0, 2, "Quality of service").later(MQTT),
        Opt::text("mqtt-publish-topic", "Topic").later(MQTT),
        Opt::count("mqtt-publish-interval", "Milliseconds between messages").later(MQTT),
        Opt::word("mqtt-publish-scope", &["global", "summary", "call", "media"], "What a message covers")
            .later(MQTT),
        Opt::texts("mos", "How MOS is worked out: CQ, LQ, G.107, G.107.2, legacy").later(QUALITY),
        Opt::flag("measure-rtp", "Measure jitter and loss of RTP ourselves").later(QUALITY),
        Opt::word("ssrc-reporting", &["full", "inline", "global", "none"], "Where sources are reported")
            .later(QUALITY),
    ],
};
