//! Namespaces, RTP peers, ng client: what every test of the relay reuses.
