//! Files, sections and control listeners.

use super::spec::{Carry, Group, Opt};

const OLD_PROTOCOL: &str = "the text protocol from before ng";
const HTTP: &str = "HTTP has one thread";

pub(super) const GENERAL: Group = Group {
    title: "Configuration files",
    options: &[
        Opt::text("config-file", "Configuration file, TOML or classic; `none` reads none")
            .carry(Carry::Start),
        Opt::text("config-section", "Section of a classic configuration file to use [rtpengine]")
            .carry(Carry::Start),
        Opt::text("templates", "Section of the classic file with named sets of ng flags")
            .carry(Carry::TemplateSection),
        Opt::text(
            "interfaces-config",
            "Start of the names of classic sections that define one interface each",
        )
        .carry(Carry::InterfaceSections),
        Opt::text("transcode-config", "Start of the names of classic sections with transcoding rules")
            .later("rules that send calls to a transcoder"),
    ],
};

pub(super) const LISTENERS: Group = Group {
    title: "Control listeners",
    options: &[
        Opt::texts("listen-ng", "UDP addresses to take ng messages on: [ADDRESS|NAME:]PORT")
            .short('n')
            .to("control.listen-ng"),
        Opt::texts("listen-tcp-ng", "TCP addresses to take ng messages on")
            .short('N')
            .to("control.listen-tcp-ng"),
        Opt::texts("listen-cli", "TCP addresses of the command line interface")
            .short('c')
            .to("control.listen-cli"),
        Opt::texts("listen-udp", "UDP addresses of the old control protocol").short('u').later(OLD_PROTOCOL),
        Opt::texts("listen-tcp", "TCP addresses of the old control protocol").short('l').later(OLD_PROTOCOL),
        Opt::texts("listen-http", "Addresses for HTTP and WebSocket").to("control.listen-http"),
        Opt::texts("listen-https", "Addresses for HTTPS and secure WebSocket").to("control.listen-https"),
        Opt::text("https-cert", "Certificate file for HTTPS").to("http.certificate"),
        Opt::text("https-key", "Private key file for HTTPS").to("http.key"),
        Opt::count("http-threads", "Threads that serve HTTP").moot(HTTP),
        Opt::count("http-buf-size", "Send buffer of an HTTP connection in kB")
            .moot("the system finds the size"),
        Opt::count("http-idle-timeout", "Seconds an HTTP connection may be idle").to("http.idle-timeout"),
        Opt::int("control-tos", -1, 255, "TOS byte of control packets")
            .carry(Carry::Unless(-1, "control.tos")),
        Opt::word("control-pmtu", &["want", "dont"], "Path MTU discovery on control sockets")
            .to("control.path-mtu"),
        Opt::count("ng-client-timeout", "Milliseconds until a request of our own is repeated")
            .later("ng requests sent by the daemon"),
        Opt::count("ng-client-retries", "How often a request of our own is repeated")
            .later("ng requests sent by the daemon"),
        Opt::text("janus-secret", "Administrator secret of the Janus interface").later("the Janus interface"),
        Opt::text("software-id", "What the daemon calls itself towards clients").to("control.software-id"),
        Opt::text("b2b-url", "URL to call back when a call times out")
            .short('b')
            .later("call-back on timeout"),
        Opt::int("xmlrpc-format", 0, 2, "Shape of the call-back on timeout")
            .short('x')
            .later("call-back on timeout"),
    ],
};
