use super::Agent;
use crate::{Component, Credentials, Role};

impl Agent {
    /// Begins anew (RFC 8445 §9) with these credentials of ours: the check list is empty until [`Agent::set_remote`]
    /// brings the other party's new ones. Media keeps its pairs, with consent asked as before, until others are nominated.
    /// Requests made with our old credentials are answered meanwhile. The role stays.
    pub fn restart(&mut self, ours: Credentials) {
        self.ours_before = Some(std::mem::replace(&mut self.ours, ours));
        self.theirs = None;
        self.begin_generation();
    }

    /// The same, in a role that is agreed on anew.
    pub fn restart_as(&mut self, role: Role, ours: Credentials) {
        self.restart(ours);
        self.set_role(role);
    }

    /// Forgets what was learned for the credentials before.
    pub(super) fn begin_generation(&mut self) {
        self.generation += 1;
        self.connected = false;
        self.end_of_candidates = false;
        self.remotes.clear();
        self.early.clear();
        self.list.clear();
        self.last_check = None;
        for lane in &mut self.lanes {
            lane.reset();
        }
    }

    /// Both parties multiplex (RFC 5761): RTCP has no pair of its own any more. If RTP has its pair, the agent is
    /// connected. Without candidates for RTP this does nothing.
    pub fn drop_rtcp(&mut self) {
        if self.lane(Component::Rtp).is_none() {
            return;
        }
        self.lanes.retain(|lane| lane.component == Component::Rtp);
        self.locals.retain(|local| local.candidate.component == Component::Rtp);
        self.remotes.retain(|remote| remote.component == Component::Rtp);
        self.list.retain(|pair| pair.component == Component::Rtp);
        self.early.retain(|early| early.component == Component::Rtp);
        self.consider_connected();
    }
}
