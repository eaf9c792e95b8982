use crate::call::Call;
use crate::dialogue::Dialogue;
use crate::exchange::Role;
use crate::intent::{Intent, Options, Replace, RtcpAttribute};
use crate::media::{Media, Transport};
use crate::{Env, Family};
use sdp::{Codec, Direction, Draft, DraftMedia, Field, Formats, Rtcp, Section, Session};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

impl Call {
    /// Finishes the body for the receiver: the session level, and the sections the sender did not speak of.
    pub(crate) fn render<'a>(
        &mut self,
        between: Dialogue,
        role: Role,
        intent: &Intent<'a>,
        mut draft: Draft<'a>,
        env: &Env<'_>,
    ) -> Vec<u8> {
        for place in &self.parties[between.sender].hidden {
            let media = self.parties[between.receiver].medias.get(*place);
            if let Some(media) = media.filter(|_| *place <= draft.media.len()) {
                draft.media.insert(*place, refused(media));
            }
        }
        // An answer may not have fewer sections than its offer, and no re-offer fewer than its forerunner
        // (RFC 3264 §6, §8).
        let told = &self.parties[between.receiver];
        let missing = (0..told.medias.len()).filter(|m| !told.hidden.contains(m)).skip(draft.media.len());
        draft.media.extend(missing.map(|m| refused(&told.medias[m])));
        self.bundle(between, role, intent, &mut draft);
        self.unfold(between.receiver, role, &mut draft);
        self.render_session(between, intent, env, &mut draft);
        draft.edits = intent.options.attributes.clone();
        let mut body = Vec::with_capacity(intent.sdp.body.len() + 64);
        draft.write(&mut body);
        body
    }

    fn render_session(
        &mut self,
        between: Dialogue,
        intent: &Intent<'_>,
        env: &Env<'_>,
        draft: &mut Draft<'_>,
    ) {
        let options = &intent.options;
        if options.replace.origin {
            let receiver = &self.parties[between.receiver];
            let ours = receiver.medias.iter().find_map(|m| own_address(m, env)).or_else(|| {
                let interface = receiver.interface.unwrap_or(env.interfaces.default_interface());
                let family = receiver.medias.first().map_or(Family::V4, |m| m.family);
                env.interfaces.pick(interface, family).map(|id| env.interfaces.address(id).shown())
            });
            if let Some(addr) = ours {
                draft.origin.addr_type = Field::fixed(Family::of(addr).sdp());
                draft.origin.address = Field::from(addr.to_string());
            }
        }
        if options.loop_protect {
            draft.loop_mark = Some(Field::from(env.settings.instance.clone()));
        }
        draft.ice_lite = self.parties[between.receiver].says_lite(intent.sdp);
        let replace = options.replace;
        if replace.version || replace.origin_full || replace.session_name {
            self.keep_stable(between, replace, draft);
        }
    }

    /// Keeps what the flags say shall not change between the bodies one party is told.
    fn keep_stable(&mut self, between: Dialogue, replace: Replace, draft: &mut Draft<'_>) {
        let told = self.parties[between.receiver].told.get_or_insert_default();
        let keep = |kept: &mut Option<Box<[u8]>>, now: &mut Field<'_>| match kept {
            Some(first) => *now = field(first),
            None => *kept = Some(now.as_bytes().into()),
        };
        if replace.session_name {
            keep(&mut told.name, &mut draft.name);
        }
        if replace.origin_full {
            keep(&mut told.user, &mut draft.origin.user);
            keep(&mut told.id, &mut draft.origin.id);
        }
        if replace.version {
            let given = std::mem::replace(&mut draft.origin.version, Field::fixed("0"));
            let mut body = Vec::new();
            draft.write(&mut body);
            let digest = fnv(&body);
            let version = match told.version {
                None => given.as_text().number::<u64>().unwrap_or(1),
                // Upstream counts the forced step as a change of the body too.
                Some((last, _)) if replace.force_version => last.saturating_add(2),
                Some((last, before)) if before == digest => last,
                Some((last, _)) => last.saturating_add(1),
            };
            told.version = Some((version, digest));
            draft.origin.version = Field::from(version.to_string());
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one section with everything that is known of it")]
    pub(crate) fn render_section<'a>(
        &self,
        between: Dialogue,
        role: Role,
        place: usize,
        section: &Section<'_, 'a>,
        session: &Session<'a>,
        options: &Options<'a>,
        env: &Env<'_>,
        out: &mut DraftMedia<'a>,
    ) {
        let told = &self.parties[between.receiver].medias[place];
        // Whose port, keys and ICE it is told, if it shares them with others.
        let carrier = self.parties[between.receiver].carrier(place);
        if told.transport == Transport::Untouched || told.rejected {
            if role == Role::Answer && told.transport == Transport::Rtp {
                // In the words of its offer (RFC 3264 §6) if the profile is another one.
                let same = section.protocol.as_bytes().eq_ignore_ascii_case(&told.protocol);
                let formats = std::mem::replace(&mut out.formats, Formats::Raw(Field::fixed("0")));
                *out = refused(told);
                if same {
                    out.formats = formats;
                }
            }
            if told.rejected {
                out.address = nowhere(told.family);
                if role == Role::Offer && told.transport == Transport::Rtp {
                    // In the words of who is told.
                    out.protocol = field(&told.protocol);
                }
            }
            return;
        }
        let (Some(pair), Some(ours)) = (carrier.pair(), shown(carrier, options, env)) else { return };
        if told.passes() {
            told.render_beside(section, session, options, out);
            return;
        }
        out.port = pair.rtp.port;
        // Hold by address stays visible unless the SIP message's source stands for it anyway.
        let hold = self.parties[between.sender].medias[place].holds;
        // With ICE it would say something else: that candidates are still to come.
        out.address = match hold && !told.ice.on && !options.replace.zero_address {
            false => ours,
            true => nowhere(Family::of(ours)),
        };
        if told.transport != Transport::Rtp {
            // Its attributes pass as they are, names too.
            return;
        }
        if role == Role::Answer {
            out.mid = told.mid.as_deref().map(field);
        } else if out.mid.is_none() {
            // A name that the receiver gave lasts as long as the section (RFC 8843 §7.2, RFC 5888 §9.1).
            let generated = || options.generate_mid.then(|| Field::from((place + 1).to_string()));
            out.mid = told.mid.as_deref().map(field).or_else(generated);
        }
        out.protocol = field(&told.protocol);
        out.direction = match section.direction() {
            said if options.original_sendrecv => said,
            // Nobody can be sent to an address of zeros, whatever it says beside.
            said if hold => Some(Direction::from_flags(said.unwrap_or_default().sends(), false)),
            said => Some(said.unwrap_or_default()),
        };
        out.extmap_allow_mixed &= !told.unmixed;
        out.rtcp = carrier.rtcp_line(role, options, ours);
        out.rtcp_mux = match role {
            Role::Offer => carrier.mux.offered,
            Role::Answer => carrier.mux.active,
        };
        self.render_codecs(told, role, options, out);
        carrier.keying.render(role, options, out);
        carrier.ice.render(role, options, out);
    }

    fn render_codecs<'a>(&self, told: &Media, role: Role, options: &Options<'a>, out: &mut DraftMedia<'a>) {
        if role == Role::Answer {
            out.ptime = out.ptime.or(told.ptime);
            if let Some(codecs) = out.codecs_mut() {
                // The caller is told of what it offered. Without anything in common it is told everything: nobody
                // transcodes here.
                if codecs.iter().any(|c| told.offered(c)) {
                    codecs.retain(|c| told.offered(c));
                }
            }
        }
        out.ptime = options.ptime.or(out.ptime);
        if options.strip_extmap {
            out.extmaps.clear();
            out.extmap_allow_mixed = false;
        }
        if let Some(codecs) = out.codecs_mut() {
            let edited = options.codecs.apply(std::mem::take(codecs));
            *codecs = edited.kept;
        }
        if let Some(codecs) = out.codecs_mut().filter(|_| options.single_codec && role == Role::Answer) {
            let mut first = true;
            codecs.retain(|c| c.is_dtmf() || std::mem::take(&mut first));
        }
    }
}

impl Media {
    fn offered(&self, codec: &Codec<'_>) -> bool {
        self.codecs.iter().any(|mine| mine.is(codec))
    }

    fn rtcp_line(&self, role: Role, options: &Options<'_>, ours: IpAddr) -> Option<Rtcp> {
        let muxed = match role {
            Role::Offer => self.mux.rtp_only || (self.mux.active && self.mux.offered),
            Role::Answer => self.mux.active,
        };
        let pair = self.pair()?;
        let port = pair.rtcp.filter(|_| !muxed).unwrap_or(pair.rtp).port;
        match options.rtcp_attribute {
            RtcpAttribute::Absent => None,
            RtcpAttribute::Short => Some(Rtcp { port, address: None }),
            RtcpAttribute::Full => Some(Rtcp { port, address: Some(ours) }),
        }
    }
}

/// A section in the form of a refused one.
fn refused<'a>(media: &Media) -> DraftMedia<'a> {
    let formats: &[u8] = if media.formats.is_empty() { b"0" } else { &media.formats };
    let mut out = DraftMedia {
        kind: field(&media.kind),
        protocol: field(&media.protocol),
        formats: Formats::Raw(field(formats)),
        mid: media.mid.as_deref().map(field),
        ..DraftMedia::default()
    };
    out.reject();
    out.address = nowhere(media.family);
    out
}

/// The address of a section that goes nowhere.
fn nowhere(family: Family) -> IpAddr {
    match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        Family::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

fn field<'a>(bytes: &[u8]) -> Field<'a> {
    Field::from(bytes.to_vec())
}

/// The address that is printed for a section.
fn shown(media: &Media, options: &Options<'_>, env: &Env<'_>) -> Option<IpAddr> {
    let ours = own_address(media, env)?;
    Some(options.media_address.unwrap_or(ours))
}

/// Our address, or the one that is advertised for it.
fn own_address(media: &Media, env: &Env<'_>) -> Option<IpAddr> {
    let pair = media.pair().filter(|_| !media.rejected)?;
    Some(env.interfaces.address(pair.address).shown())
}

/// FNV-1a, to notice that a body changed.
fn fnv(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}
