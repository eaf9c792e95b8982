use super::api::rtpengine_server::{Rtpengine, RtpengineServer};
use super::api::*;
use super::translate;
use crate::door::{Door, Unanswered, What};
use crate::routes::{Ends, MAX_BODY};
use axum::Router;
use prost_types::Struct;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tonic::{Request, Response, Status};

/// The paths of the service.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(door: Door) -> Router<S> {
    let service = RtpengineServer::new(Service(door)).max_decoding_message_size(MAX_BODY);
    Router::new().route_service("/rtpengine.v1.Rtpengine/{*method}", service)
}

/// The answer to who has no token.
pub(crate) fn unauthenticated() -> axum::response::Response {
    Status::unauthenticated("a token is needed").into_http()
}

struct Service(Door);

impl Service {
    /// Lets a command be carried out.
    async fn command<M, R>(
        &self,
        command: &str,
        request: Request<M>,
        more: impl FnOnce(&mut M) -> Option<Struct>,
    ) -> Result<(R, Value), Status>
    where
        M: Serialize,
        R: DeserializeOwned,
    {
        let (_, extensions, mut message) = request.into_parts();
        let Some(Ends(remote, local)) = extensions.get::<Ends>().copied() else {
            return Err(Status::internal("nobody is there"));
        };
        let more = more(&mut message);
        let body = translate::request(command, &message, more)?;
        let answer = self.0.ask(What::Plain(body), (remote, local)).await.map_err(|why| match why {
            Unanswered::Busy => Status::unavailable("too many requests are waiting"),
            Unanswered::Silent => Status::deadline_exceeded("no answer in time"),
            Unanswered::Senseless => Status::invalid_argument("this is no ng message"),
        })?;
        translate::reply(&answer)
    }
}

/// One method per command: those whose message has `more`, and those whose message has not.
macro_rules! commands {
    (
        with_more { $($open:ident: $open_takes:ident => $open_gives:ident = $open_command:literal,)* }
        without { $($shut:ident: $shut_takes:ident => $shut_gives:ident = $shut_command:literal,)* }
    ) => {
        #[tonic::async_trait]
        impl Rtpengine for Service {
            $(async fn $open(&self, request: Request<$open_takes>) -> Result<Response<$open_gives>, Status> {
                let (reply, _) = self.command($open_command, request, |message| message.more.take()).await?;
                Ok(Response::new(reply))
            })*
            $(async fn $shut(&self, request: Request<$shut_takes>) -> Result<Response<$shut_gives>, Status> {
                let (reply, _) = self.command($shut_command, request, |_| None).await?;
                Ok(Response::new(reply))
            })*

            async fn statistics(
                &self,
                request: Request<StatisticsRequest>,
            ) -> Result<Response<StatisticsReply>, Status> {
                let (_, said): (StatisticsReply, _) = self.command("statistics", request, |_| None).await?;
                translate::statistics(said).map(Response::new)
            }
        }
    };
}

commands! {
    with_more {
        offer: SdpRequest => SdpReply = "offer",
        answer: SdpRequest => SdpReply = "answer",
        delete: PartyRequest => QueryReply = "delete",
        block_media: PartyRequest => PartyReply = "block media",
        unblock_media: PartyRequest => PartyReply = "unblock media",
        silence_media: PartyRequest => PartyReply = "silence media",
        unsilence_media: PartyRequest => PartyReply = "unsilence media",
        block_dtmf: PartyRequest => PartyReply = "block DTMF",
        unblock_dtmf: PartyRequest => PartyReply = "unblock DTMF",
        start_recording: PartyRequest => PartyReply = "start recording",
        stop_recording: PartyRequest => PartyReply = "stop recording",
        pause_recording: PartyRequest => PartyReply = "pause recording",
        start_forwarding: PartyRequest => PartyReply = "start forwarding",
        stop_forwarding: PartyRequest => PartyReply = "stop forwarding",
        play_media: PlayRequest => PlayReply = "play media",
        stop_media: PlayRequest => PlayReply = "stop media",
        play_dtmf: PlayRequest => PlayReply = "play DTMF",
        publish: SdpRequest => SdpReply = "publish",
        subscribe_request: SdpRequest => SdpReply = "subscribe request",
        subscribe_answer: SdpRequest => SdpReply = "subscribe answer",
        unsubscribe: PartyRequest => PartyReply = "unsubscribe",
        connect: PartyRequest => PartyReply = "connect",
        inject_start: PartyRequest => PartyReply = "inject start",
        inject_stop: PartyRequest => PartyReply = "inject stop",
        create: SdpRequest => SdpReply = "create",
        create_answer: SdpRequest => SdpReply = "create answer",
        mesh: PartyRequest => PartyReply = "mesh",
        transform: PartyRequest => PartyReply = "transform",
    }
    without {
        ping: PingRequest => PingReply = "ping",
        query: QueryRequest => QueryReply = "query",
        list: ListRequest => ListReply = "list",
        cli: CliRequest => CliReply = "cli",
    }
}
