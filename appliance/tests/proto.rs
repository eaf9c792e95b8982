//! The proto file of gRPC has every ng command.

const PROTO: &str = include_str!("../web/proto/rtpengine.proto");
const SERVICE: &str = include_str!("../web/src/grpc/service.rs");

/// `block DTMF` is `BlockDtmf` in the proto file.
fn method(command: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(1);
        first.to_ascii_uppercase() + &rest.to_ascii_lowercase()
    };
    command.split(' ').map(word).collect()
}

#[test]
fn every_ng_command_has_a_method() {
    for command in ng::Command::ALL {
        let name = command.as_str();
        let method = method(name);
        assert!(PROTO.contains(&format!("  rpc {method}(")), "no method {method} for `{name}`");
        assert!(SERVICE.contains(&format!("\"{name}\"")), "`{name}` is sent by no method");
    }
    let methods = PROTO.lines().filter(|line| line.starts_with("  rpc ")).count();
    assert_eq!(methods, ng::Command::ALL.len(), "and no others");
}
