//! Sections about who looks at the daemon from outside: over HTTP, and collectors that are sent what happens.

use super::schema::define_section;

define_section! {
    /// HTTP: certificates, and who is served. Addresses are in `control.listen-http` and `control.listen-https`.
    pub struct Http {
        /// File with our certificate for HTTPS in PEM, followed by those that lead to a root. A renewed file is read
        /// again by itself.
        certificate: Option<String> = None, "\"/etc/rtpengine/tls.pem\"";
        /// File with its private key.
        key: Option<String> = None, "\"/etc/rtpengine/tls.key\"";
        /// File with certificates of those who sign clients' certificates. With it, HTTPS serves only clients that show
        /// such a certificate. Without it: everybody who comes.
        client_ca: Option<String> = None, "\"/etc/rtpengine/clients.pem\"";
        /// File with one token per line, of 16 characters or more; lines that begin with # are none. With it, whatever
        /// is asked over HTTP, HTTPS, WebSocket or gRPC, but `/ping`, needs `Authorization: Bearer TOKEN`.
        token_file: Option<String> = None, "\"/etc/rtpengine/tokens\"";
        /// Seconds after which a connection is closed on which no request comes.
        idle_timeout: u32 = 120;
        /// Connections at a time; more wait.
        connections: u32 = 1024;
    }
}

define_section! {
    /// Homer, or another collector that speaks HEP version 3. It gets the RTCP of every call with its Call-ID, in clear
    /// also where it comes by SRTCP.
    pub struct Homer {
        /// The collector, as `ADDRESS:PORT` or `NAME:PORT`. Without it: nothing is sent.
        address: Option<String> = None, "\"192.0.2.10:9060\"";
        /// `udp` or `tcp`.
        protocol: String = "udp".to_owned();
        /// What we are known by to the collector.
        capture_id: u32 = 2001;
        /// Send RTCP, as JSON.
        rtcp: bool = true;
        /// Send ng messages, theirs and ours.
        ng: bool = false;
        /// Protocol number that ng messages are sent under, 0 to 255.
        ng_protocol: u8 = 61;
    }
}

define_section! {
    /// Graphite. It gets figures over TCP in its plaintext protocol, under the names that rtpengine gives them.
    pub struct Graphite {
        /// The server, as `ADDRESS:PORT` or `NAME:PORT`. Without it: nothing is sent.
        address: Option<String> = None, "\"192.0.2.11:2003\"";
        /// Seconds between two sendings.
        interval: u32 = 10;
        /// Text before every name, with the dot at its end if there is to be one.
        prefix: String = String::new(), "\"rtpengine.west.\"";
        /// Seconds that a connection, or a server that does not read, may take.
        timeout: u32 = 3;
    }
}
