use crate::call::{Call, FlowEntry};
use crate::media::PortPair;
use crate::party::PartyIx;
use crate::{AddressId, Env, FlowUse};
use ice::LocalAddress;
use std::net::{IpAddr, SocketAddr};

impl Call {
    /// Whether a section of the party needs ports on several addresses.
    pub(crate) fn wants_company(&self, party: PartyIx, place: usize, env: &Env<'_>) -> bool {
        let leg = &self.parties[party].medias[place].ice;
        (leg.on || leg.passes.is_some()) && self.addresses_of(party, env).len() > 1
    }

    fn addresses_of<'e>(&self, party: PartyIx, env: &Env<'e>) -> &'e [AddressId] {
        let interface = self.parties[party].interface.unwrap_or(env.interfaces.default_interface());
        &env.interfaces.interface(interface).addresses
    }

    /// Opens ports beside those that face the party, on the other addresses of its interface. Where there are none, it
    /// does without.
    pub(crate) fn accompany(&mut self, party: PartyIx, place: usize, env: &mut Env<'_>) {
        let addresses = self.addresses_of(party, env).to_vec();
        let media = &self.parties[party].medias[place];
        let (Some(main), Some(pair)) = (media.selected, media.pair()) else { return };
        let (own, rtcp, opened) = (pair.address, pair.rtcp.is_some(), pair.opened);
        // Ports that stayed on another interface keep the company they have.
        if !addresses.contains(&own) {
            return;
        }
        for address in addresses.into_iter().filter(|address| *address != own) {
            let media = &mut self.parties[party].medias[place];
            let there = |pair: &&mut PortPair| {
                pair.company_of == Some(main) && pair.address == address && !pair.closed
            };
            match media.pairs.iter_mut().find(there) {
                Some(_) if !rtcp => self.close_rtcp_of(party, place, main, address, env),
                Some(_) => {}
                None => {
                    let Ok((rtp, rtcp)) = env.ports.take(address, self.worker, self.tos, rtcp) else {
                        continue;
                    };
                    media.pairs.push(PortPair {
                        stands_for: None,
                        address,
                        rtp,
                        rtcp,
                        opened,
                        closed: false,
                        company: false,
                        company_of: Some(main),
                    });
                    for (key, usage) in [(Some(rtp), FlowUse::Rtp), (rtcp, FlowUse::Rtcp)] {
                        let Some(key) = key else { continue };
                        self.flows.push(FlowEntry::new(party, place, usage, key));
                    }
                }
            }
        }
    }

    fn close_rtcp_of(
        &mut self,
        party: PartyIx,
        place: usize,
        main: usize,
        address: AddressId,
        env: &mut Env<'_>,
    ) {
        let pairs = &mut self.parties[party].medias[place].pairs;
        let company = pairs.iter_mut().find(|p| p.company_of == Some(main) && p.address == address);
        let Some(key) = company.and_then(|pair| pair.rtcp.take()) else { return };
        if let Some(at) = self.flows.iter().position(|flow| flow.key == key && !flow.withdrawn) {
            self.withdraw(at, &mut env.changes);
        }
    }

    /// The addresses that a section of the party is reached at, the one in its SDP first. `shown` stands for all of
    /// them (`media-address`).
    pub(crate) fn local_addresses(
        &self,
        party: PartyIx,
        place: usize,
        shown: Option<IpAddr>,
        env: &Env<'_>,
    ) -> Vec<LocalAddress> {
        let media = &self.parties[party].medias[place];
        let (Some(main), Some(first)) = (media.selected, media.pair()) else { return Vec::new() };
        let company = media.pairs.iter().filter(|pair| pair.company_of == Some(main) && !pair.closed);
        let address = |pair: &PortPair| LocalAddress {
            rtp: SocketAddr::new(pair.rtp.addr, pair.rtp.port),
            rtcp: pair.rtcp.filter(|_| !media.mux.active).map(|key| SocketAddr::new(key.addr, key.port)),
            advertised: shown.or(env.interfaces.address(pair.address).advertised),
        };
        std::iter::once(first).chain(company).map(address).collect()
    }
}
