use super::*;
use wire::Mac;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn mac(last: u8) -> Mac {
    Mac([2, 0, 0, 0, 0, last])
}

fn nic(last: u8) -> LinkFacts {
    LinkFacts { name: format!("eth{last}"), mac: Some(mac(last)), up: true, ..LinkFacts::default() }
}

fn known(last: u8) -> NeighbourFacts {
    NeighbourFacts { mac: Some(mac(last)), stale: false }
}

const ON_LINK: Option<Route> = Some(Route { ifindex: 1, gateway: None });

/// NIC 1 with 192.0.2.1 and the neighbour 192.0.2.9.
fn simple() -> View {
    let mut view = View::default();
    view.apply(Fact::Link(1, nic(1)));
    view.apply(Fact::Address(1, ip("192.0.2.1")));
    view.apply(Fact::Neighbour(1, ip("192.0.2.9"), known(9)));
    view
}

fn hop(view: &View, route: Option<Route>) -> Result<Hop, NoHop> {
    view.answer(ip("192.0.2.1"), ip("192.0.2.9"), route).hop
}

fn expected(ifindex: u32, src: u8, dst: u8, tag: Option<u16>) -> Hop {
    Hop { ifindex, link: Link { src_mac: mac(src), dst_mac: mac(dst), tag: tag.map(Tag::vlan) } }
}

#[test]
fn a_neighbour_on_the_link_or_behind_a_router() {
    let mut view = simple();
    assert_eq!(hop(&view, ON_LINK), Ok(expected(1, 1, 9, None)));
    let routed = Some(Route { ifindex: 1, gateway: Some(ip("192.0.2.254")) });
    assert_eq!(hop(&view, routed), Err(NoHop::NoNeighbour));
    let router = (1, ip("192.0.2.254"));
    assert_eq!(view.answer(ip("192.0.2.1"), ip("203.0.113.5"), routed).neighbour, Some(router));
    view.apply(Fact::Neighbour(1, router.1, known(7)));
    assert_eq!(hop(&view, routed), Ok(expected(1, 1, 7, None)));
}

#[test]
fn each_missing_piece_has_its_name() {
    let mut view = simple();
    assert_eq!(hop(&view, None), Err(NoHop::NoRoute));
    assert_eq!(hop(&view, Some(Route { ifindex: 5, gateway: None })), Err(NoHop::LinkDown));
    view.apply(Fact::NeighbourGone(1, ip("192.0.2.9")));
    assert_eq!(hop(&view, ON_LINK), Err(NoHop::NoNeighbour));
    view.apply(Fact::Link(1, LinkFacts { up: false, ..nic(1) }));
    assert_eq!(hop(&view, ON_LINK), Err(NoHop::LinkDown));
    // Switched off, it has taken its routes with it.
    assert_eq!(hop(&view, None), Err(NoHop::LinkDown));
    view.apply(Fact::Link(1, LinkFacts { mac: None, ..nic(1) }));
    assert_eq!(hop(&view, ON_LINK), Err(NoHop::NotEthernet));
    view.apply(Fact::AddressGone(1, ip("192.0.2.1")));
    assert_eq!(hop(&view, ON_LINK), Err(NoHop::NoAddress));
}

#[test]
fn a_vlan_leaves_by_the_nic_below_with_a_tag() {
    let mut view = simple();
    view.apply(Fact::Link(2, LinkFacts { vlan: Some((42, 1)), ..nic(2) }));
    view.apply(Fact::Neighbour(2, ip("192.0.2.9"), known(8)));
    let route = Some(Route { ifindex: 2, gateway: None });
    assert_eq!(hop(&view, route), Ok(expected(1, 2, 8, Some(42))));
    assert!(view.depends_on(2, 1) && !view.depends_on(1, 2));
    view.apply(Fact::Link(1, LinkFacts { up: false, ..nic(1) }));
    assert_eq!(hop(&view, route), Err(NoHop::LinkDown));
    view.apply(Fact::Link(1, LinkFacts { vlan: Some((7, 9)), ..nic(1) }));
    assert_eq!(hop(&view, route), Err(NoHop::NotEthernet), "two tags");
}

#[test]
fn a_bond_leaves_by_a_member_that_is_up() {
    let mut view = simple();
    view.apply(Fact::Link(1, LinkFacts { is_bond: true, ..nic(1) }));
    assert_eq!(hop(&view, ON_LINK), Err(NoHop::LinkDown));
    for index in [11, 12] {
        view.apply(Fact::Link(index, LinkFacts { controller: Some(1), ..nic(index as u8) }));
    }
    assert_eq!(hop(&view, ON_LINK), Ok(expected(11, 1, 9, None)), "with the bond's own address");
    assert!(view.depends_on(1, 11));
    view.apply(Fact::Link(11, LinkFacts { controller: Some(1), up: false, ..nic(11) }));
    assert_eq!(hop(&view, ON_LINK), Ok(expected(12, 1, 9, None)));
    // It is back, in reserve; then the bond changes over.
    view.apply(Fact::Link(11, LinkFacts { controller: Some(1), standby: true, ..nic(11) }));
    assert_eq!(hop(&view, ON_LINK), Ok(expected(12, 1, 9, None)));
    let changed = view.apply(Fact::Link(12, LinkFacts { controller: Some(1), standby: true, ..nic(12) }));
    assert_eq!((changed, hop(&view, ON_LINK)), (Some(Concern::Link(12)), Err(NoHop::LinkDown)));
    view.apply(Fact::Link(11, LinkFacts { controller: Some(1), ..nic(11) }));
    assert_eq!(hop(&view, ON_LINK), Ok(expected(11, 1, 9, None)));
}

#[test]
fn only_what_matters_is_a_change() {
    let mut view = simple();
    assert_eq!(view.apply(Fact::Link(1, nic(1))), None);
    assert_eq!(view.apply(Fact::Address(1, ip("192.0.2.1"))), None);
    let stale = NeighbourFacts { stale: true, ..known(9) };
    assert_eq!(view.apply(Fact::Neighbour(1, ip("192.0.2.9"), stale)), None, "same address, only older");
    assert!(view.is_stale((1, ip("192.0.2.9"))));
    let neighbour = Some(Concern::Neighbour(1, ip("192.0.2.9")));
    assert_eq!(view.apply(Fact::Neighbour(1, ip("192.0.2.9"), known(3))), neighbour);
    let asking = NeighbourFacts { mac: None, stale: false };
    assert_eq!(view.apply(Fact::Neighbour(1, ip("192.0.2.9"), asking)), neighbour);
    assert_eq!(view.apply(Fact::NeighbourGone(1, ip("192.0.2.9"))), None, "it was not usable any more");
    assert_eq!(view.apply(Fact::NeighbourGone(1, ip("192.0.2.77"))), None);
    assert_eq!(view.apply(Fact::LinkGone(1)), Some(Concern::Link(1)));
    assert!(!view.has_address(ip("192.0.2.1")));
    assert_eq!(view.apply(Fact::LinkGone(1)), None);
}
