use super::Agent;
use crate::candidate::plain;
use crate::{Component, Route};
use std::net::SocketAddr;

impl Agent {
    /// Where media of a component may be sent now; the rules stand on the crate's page. With RTCP multiplexed, ask for
    /// RTP.
    pub fn route(&self, component: Component) -> Route {
        let Some(lane) = self.lane(component) else { return Route::Signalled };
        match (&lane.selected, &lane.first) {
            (Some(used), _) => Route::Nominated { local: used.local, remote: used.remote },
            (None, _) if lane.lost || lane.failed => Route::Nowhere,
            (None, Some(first)) => Route::Valid { local: first.local, remote: first.remote },
            (None, None) => Route::Signalled,
        }
    }

    /// Whether the other party listed or proved this address for the component: media from it may be believed to be its
    /// own. Others are to be ignored once ICE is agreed on, and never learned from.
    pub fn expects(&self, component: Component, source: SocketAddr) -> bool {
        let source = plain(source);
        let used = self.lane(component).and_then(|lane| lane.selected.as_ref());
        used.is_some_and(|used| used.remote == source)
            || self.remotes.iter().any(|remote| remote.component == component && remote.address == source)
    }
}
