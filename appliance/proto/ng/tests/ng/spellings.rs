//! Every key and flag a running rtpengine 26.0 was seen to know (it logs a warning for those it does not), in all
//! the separators and cases it takes for any of them.

use ng::{Dict, Request, Value};

const FLAGS: &str = "SIP source address|trust address|asymmetric|strict source|media handover|reset|port latching|\
    no port latching|record call|no rtcp attribute|full rtcp attribute|loop protect|original sendrecv|generate mid|\
    strip extmap|allow no codec media|reject ICE|trickle ICE|passthrough|no passthrough|no tls id|recrypt|RTCP mirror|\
    mirror RTCP|generate RTCP|WebRTC|always transcode|force transcoding|single codec|reuse codecs|\
    no codec renegotiation|static codecs|static codec|allow asymmetric codecs|allow asymmetric codec|\
    allow transcoding|audio player|no audio player|early media|no jitter buffer|pierce NAT|NAT wait|unidirectional|\
    block short|block egress|inject DTMF|detect DTMF|block DTMF|discard recording|exclude recording|\
    skip recording db|recording announcement|recording vsc|SIPREC|debug|no redis update|all|directional|\
    bidirectional|inactive|egress|fatal|fast|fragment|symmetric codecs|asymmetric codecs|reorder codecs|new branch|\
    provisional|to tag|SDES off|SDES no AES_CM_128_HMAC_SHA1_80|SDES only AES_CM_128_HMAC_SHA1_80|SDES nonew|SDES pad|\
    SDES prefer|SDES static|SDES lifetime|SDES order:A;B|SDES offerer_pref:A|SDES unencrypted_srtp|\
    SDES authenticated_srtp|rtcp mux offer|rtcp mux require|rtcp mux demux|rtcp mux accept|rtcp mux reject|\
    replace origin|replace origin full|replace session connection|replace username|replace session name|\
    replace SDP version|replace zero address|codec strip PCMU|codec mask PCMU|codec transcode PCMU|transcode PCMU|\
    codec offer PCMU|codec except PCMU|codec accept PCMU|codec consume PCMU|codec ignore PCMU|codec set PCMU|\
    T38 decode|T.38 decode|T38 force|T38 no ECM|T38 FEC|OSRTP offer|OSRTP accept|BUNDLE accept|\
    endpoint learning off|endpoint learning immediate|from tags a";

const TEXT_KEYS: &str = "call id|from tag|to tag|via branch|label|from label|set label|to label|from tags|to call id|\
    from interface|to interface|interface|SIP message type|supports|sdp media remove|DTLS fingerprint|codec strip|\
    codec transcode|transcode|trigger|end trigger|trigger end|digit|code|DTMF log dest|metadata|recording file|\
    recording dir|recording directory|recording pattern|recording path|recording destination|output destination|\
    output file|output folder|output pattern|output path|output dir|output directory|file|blob|vsc start rec|\
    vsc stop rec|vsc start stop rec|vsc pause rec|vsc pause resume rec|vsc start pause resume rec|medias|media|\
    instance|sdp|direction";

const NUMBER_KEYS: &str = "SIP code|T.38 version|ptime|ptime reverse|delay buffer|TOS|trigger end time|\
    trigger end digits|frequency|frequencies|volume|DTMF delay|db id|repeat times|repeat duration|start pos|duration|\
    pause|recording media slot offer|recording media slot answer|recording media slots|delete delay";

const ADDRESS_KEYS: &str =
    "address|received from|media address|peer|inbound peer|outbound peer|xmlrpc callback";

const CHOICES: &str = "address family=IP4|address family=IP6|alias key=SDP|alias key=off|ICE=remove|ICE=force|ICE=default|\
    ICE=optional|ICE=force-relay|ICE lite=forward|ICE lite=backward|ICE lite=both|ICE lite=off|DTLS=off|DTLS=no|\
    DTLS=disable|DTLS=passive|DTLS=active|DTLS reverse=passive|SDES=off|OSRTP=offer|OSRTP=accept|OSRTP=accept-RFC|\
    rtcp mux=require|generate RTCP=on|generate RTCP=off|bundle=strict|T38=force|T.38=no-V.17|audio player=on|audio player=off|\
    endpoint learning=heuristic|media echo=backwards|drop traffic=start|DTMF security=DTMF|DTMF security trigger=tone|\
    DTMF security trigger end=random|record call=yes|record call=discard|all=flows|all=except-offer-answer|replace=origin|\
    replace=SDP-version|replace=force-increment-sdp-ver|transport protocol=RTP/SAVPF|transport protocol=UDP/TLS/RTP/SAVP|\
    passthrough=on|flags=reset|rtpp flags=reset";

fn spellings(name: &str) -> impl Iterator<Item = String> {
    [" ", "-", "_"].into_iter().flat_map(move |separator| {
        let joined = name.replace(' ', separator);
        [joined.to_lowercase(), joined]
    })
}

fn assert_known(dict: &Dict<'_>) {
    let request = Request::parse(dict).unwrap();
    assert!(request.unknown.is_empty(), "{dict:?}: {:?}", request.unknown);
}

#[test]
fn all_flags_rtpengine_knows() {
    for spelling in FLAGS.split('|').flat_map(spellings) {
        let flags: Value<'_> = [spelling.as_str()].into_iter().collect();
        assert_known(&Dict::new().with("command", "offer").with("flags", flags));
    }
}

#[test]
fn all_keys_rtpengine_knows() {
    for (keys, value) in [(TEXT_KEYS, "text"), (NUMBER_KEYS, "12"), (ADDRESS_KEYS, "192.0.2.1")] {
        for spelling in keys.split('|').flat_map(spellings) {
            assert_known(&Dict::new().with("command", "offer").with(spelling.as_str(), value));
        }
    }
}

#[test]
fn all_choices_in_all_spellings_of_their_key() {
    for (key, value) in CHOICES.split('|').map(|pair| pair.split_once('=').unwrap()) {
        for spelling in spellings(key) {
            assert_known(&Dict::new().with("command", "offer").with(spelling.as_str(), value));
        }
    }
}

#[test]
fn names_beyond_the_tables_stay_unknown() {
    for word in ["no-such", "codec-", "codec-strip", "rtcp-mux-perhaps", "t38", "", "x".repeat(1000).as_str()]
    {
        let flags: Value<'_> = [word].into_iter().collect();
        let dict = Dict::new().with("command", "offer").with("flags", flags);
        let unknown = Request::parse(&dict).unwrap().unknown.len();
        assert_eq!(unknown, usize::from(!word.is_empty()), "{word}");
    }
}
