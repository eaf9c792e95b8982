use super::Desk;
use call::CallNumber;
use flow::FlowKey;

impl Desk {
    /// Begins to open the NATs that a call's flags name, with a packet from each port at once and once a second until
    /// something comes from there (`pierce-NAT`).
    pub fn pierce(&mut self, call_id: &[u8]) {
        let Some(number) = self.book.number(call_id) else { return };
        if self.pierce_once(number) && !self.piercing.contains(&number) {
            self.piercing.push(number);
        }
    }

    /// The packets of this second.
    pub(super) fn pierce_all(&mut self) {
        let mut numbers = std::mem::take(&mut self.piercing);
        numbers.retain(|number| self.pierce_once(*number));
        self.piercing = numbers;
    }

    /// Sends from every port of the call that has heard nothing yet. False when there is none left.
    fn pierce_once(&mut self, number: CallNumber) -> bool {
        let Some(call) = self.book.get(number) else { return false };
        let (worker, mut keys) = (call.worker(), call.piercing());
        let copies = self.flush_asking(worker, &keys);
        keys.retain(|key: &FlowKey| copies.get(key).is_some_and(|copy| copy.counters.received.packets == 0));
        if keys.is_empty() {
            return false;
        }
        if let Err(error) = self.ports.pool().pierce(usize::from(worker), keys) {
            tracing::error!(%error, "a packet thread could not be told to open a NAT");
        }
        true
    }
}
