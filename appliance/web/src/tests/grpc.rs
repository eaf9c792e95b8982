use super::{plain, served};
use crate::grpc::api::rtpengine_client::RtpengineClient;
use crate::grpc::api::{
    CliRequest, Codecs, ListRequest, PartyRequest, PingRequest, QueryRequest, SdpRequest,
};
use crate::grpc::api::{PlayRequest, StatisticsRequest};
use crate::{Options, Tokens, What};
use prost_types::value::Kind;
use prost_types::{Struct, Value};
use std::net::SocketAddr;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request};

type Client = RtpengineClient<Channel>;

fn with_client<R>(at: SocketAddr, work: impl AsyncFnOnce(Client) -> R) -> R {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let channel = Endpoint::from_shared(format!("http://{at}")).unwrap().connect().await.unwrap();
        work(RtpengineClient::new(channel)).await
    })
}

/// Answers as the daemon would, and puts what was asked where it can be seen.
fn daemon(what: &What) -> Option<Vec<u8>> {
    let What::Plain(body) = what else { return None };
    let asked: serde_json::Value = serde_json::from_slice(body).unwrap();
    let answer = match asked["command"].as_str().unwrap() {
        "ping" => r#"{"result":"pong"}"#.to_owned(),
        "list" => r#"{"calls":["a","b"],"result":"ok"}"#.to_owned(),
        "cli" => r#"{"response":"line\n","result":"ok"}"#.to_owned(),
        "delete" => r#"{"result":"error","error-reason":"Unknown call-id"}"#.to_owned(),
        "play media" => r#"{"result":"error","error-reason":"Command \"play media\" is not available in this build"}"#.to_owned(),
        "answer" => r#"{"result":"load limit","message":"Parallel session limit reached"}"#.to_owned(),
        "block media" => r#"{"result":"error","error-reason":"No such tag"}"#.to_owned(),
        "statistics" => r#"{"result":"ok","statistics":{"currentstatistics":{"sessionsown":3,"packetrate_user":7},
            "totalstatistics":{"uptime":"12","avgcallduration":"1.500000"},"new":{"x":[1,"y"]}}}"#
            .to_owned(),
        "query" => r#"{"created":5,"created_us":6,"last signal":7,"SSRC":{"Aa 1_2":{"packets":1,"last RTP seq":2}},
            "tags":{"From Tag_1":{"tag":"From Tag_1","via-branch":"v","medias":[{"index":1,"type":"audio",
            "streams":[{"local port":30000,"endpoint":{"address":"192.0.2.1","port":4000},"stats_out":{"packets":9},
            "path reason":"why","last user packet":8,"SSRC":12}],"ingress SSRCs":[{"SSRC":13}],"flags":["send"]}]}},
            "totals":{"RTP":{"packets":4,"bytes":5}},"result":"ok"}"#
            .to_owned(),
        // Whatever it was, told back as the SDP.
        _ => serde_json::json!({"sdp": asked.to_string(), "result": "ok", "warning": "w"}).to_string(),
    };
    Some(answer.into_bytes())
}

fn text(text: &str) -> Value {
    Value { kind: Some(Kind::StringValue(text.to_owned())) }
}

#[test]
fn a_message_becomes_an_ng_request_and_its_reply_a_message() {
    let (_server, at) = served(plain(), daemon);
    let number = Value { kind: Some(Kind::NumberValue(3.0)) };
    let more = [
        ("media-address".to_owned(), text("192.0.2.9")),
        ("limit".to_owned(), number),
        ("command".to_owned(), text("delete")),
    ];
    let offer = SdpRequest {
        call_id: "c".to_owned(),
        from_tag: "f".to_owned(),
        sdp: "v=0\r\n".to_owned(),
        flags: vec!["trust-address".to_owned()],
        transport_protocol: "RTP/AVP".to_owned(),
        ice: "remove".to_owned(),
        tos: Some(0),
        codec: Some(Codecs { strip: vec!["all".to_owned()], ..Codecs::default() }),
        more: Some(Struct { fields: more.into_iter().collect() }),
        ..SdpRequest::default()
    };
    let reply = with_client(at, async |mut client| client.offer(offer).await.unwrap().into_inner());
    assert_eq!(reply.warning, "w");
    let asked: serde_json::Value = serde_json::from_str(&reply.sdp).unwrap();
    let wanted = serde_json::json!({
        "command": "offer", "call-id": "c", "from-tag": "f", "sdp": "v=0\r\n", "flags": ["trust-address"],
        "transport-protocol": "RTP/AVP", "ice": "remove", "tos": 0, "codec": {"strip": ["all"]},
        "media-address": "192.0.2.9", "limit": 3,
    });
    assert_eq!(asked, wanted);
}

#[test]
fn replies_are_typed() {
    let (_server, at) = served(plain(), daemon);
    with_client(at, async |mut client| {
        assert_eq!(client.ping(PingRequest {}).await.unwrap().into_inner().result, "pong");
        let list = client.list(ListRequest { limit: None }).await.unwrap().into_inner();
        assert_eq!(list.calls, ["a", "b"]);
        let cli = client.cli(CliRequest { body: "list totals".to_owned() }).await.unwrap().into_inner();
        assert_eq!(cli.response, "line\n");
        let query = QueryRequest { call_id: "c".to_owned(), ..QueryRequest::default() };
        let query = client.query(query).await.unwrap().into_inner();
        assert_eq!((query.created, query.created_us, query.last_signal), (5, 6, 7));
        assert_eq!(query.ssrc["Aa 1_2"].last_rtp_seq, 2);
        assert_eq!(query.totals.unwrap().rtp.unwrap().bytes, 5);
        let party = &query.tags["From Tag_1"];
        assert_eq!((party.tag.as_str(), party.via_branch.as_str()), ("From Tag_1", "v"));
        let media = &party.medias[0];
        assert_eq!((media.r#type.as_str(), media.ingress_ssrcs[0].ssrc), ("audio", 13));
        let stream = &media.streams[0];
        assert_eq!((stream.local_port, stream.last_user_packet, stream.ssrc), (30_000, 8, 12));
        assert_eq!((stream.stats_out.unwrap().packets, stream.path_reason.as_str()), (9, "why"));
        let all = client.statistics(StatisticsRequest {}).await.unwrap().into_inner();
        assert_eq!(all.currentstatistics.unwrap().packetrate_user, 7);
        assert_eq!(all.totalstatistics.unwrap().uptime, "12");
        assert!(all.all.unwrap().fields.contains_key("new"));
    });
}

#[test]
fn errors_are_statuses() {
    let (_server, at) = served(plain(), daemon);
    with_client(at, async |mut client| {
        let call = || PartyRequest { call_id: "c".to_owned(), ..PartyRequest::default() };
        let status = client.delete(call()).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::NotFound, "Unknown call-id"));
        let status = client.answer(SdpRequest::default()).await.unwrap_err();
        assert_eq!(
            (status.code(), status.message()),
            (Code::ResourceExhausted, "Parallel session limit reached")
        );
        assert_eq!(client.block_media(call()).await.unwrap_err().code(), Code::FailedPrecondition);
        assert_eq!(client.play_media(PlayRequest::default()).await.unwrap_err().code(), Code::Unimplemented);
        let half = Value { kind: Some(Kind::NumberValue(0.5)) };
        let more = Some(Struct { fields: [("limit".to_owned(), half)].into() });
        let status = client.offer(SdpRequest { more, ..SdpRequest::default() }).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
    });
}

#[test]
fn a_token_is_metadata() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tokens"), "correct-horse-battery\n").unwrap();
    let tokens = Some(Tokens::read(&folder.path().join("tokens")).unwrap());
    let (_server, at) = served(Options { tokens, ..plain() }, daemon);
    with_client(at, async |mut client| {
        assert_eq!(client.ping(PingRequest {}).await.unwrap_err().code(), Code::Unauthenticated);
        let mut request = Request::new(PingRequest {});
        request.metadata_mut().insert("authorization", "Bearer correct-horse-battery".parse().unwrap());
        assert_eq!(client.ping(request).await.unwrap().into_inner().result, "pong");
    });
}
