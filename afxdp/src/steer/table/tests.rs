use super::super::Program;
use super::*;
use crate::hops::FixedHops;
use flow::{Carries, Gate, Moment, RecipeOutput, Rewrite};
use lab::need_root;
use wire::{Link, Mac};

const LOOPBACK: u32 = 1;

#[test]
fn what_is_counted_after_a_flow_has_gone_is_told_once() {
    need_root!();
    let sizes = Sizes { flows: 8, addresses: 8, sockets: 4, ports: 4 };
    let (_program, maps) = Program::load_first(sizes, 4).unwrap();
    let clock = Clock::tie(Moment(0)).unwrap();
    let mut table = DriverTable::new(maps, sizes, FixedHops::default(), clock);
    table.add_port(LOOPBACK).unwrap();
    let link = Link { src_mac: Mac([2; 6]), dst_mac: Mac([4; 6]), tag: None };
    let (from, to) = ("198.51.100.1".parse().unwrap(), "198.51.100.20".parse().unwrap());
    table.hops_mut().set(from, to, Some(Hop { ifindex: LOOPBACK, link }));
    let address = |text: &str| text.parse::<SocketAddr>().unwrap();
    let output = RecipeOutput {
        from: FlowKey::from(address("198.51.100.1:6000")),
        to: address("198.51.100.20:7000"),
        tos: 0,
        rewrite: Rewrite::default(),
        seal: None,
        sealed: Vec::new(),
    };
    let recipe = flow::Recipe {
        key: FlowKey::from(address("192.0.2.1:5000")),
        generation: Generation(1),
        stream: StreamId(77),
        carries: Carries::Rtp,
        source: address("192.0.2.10:4000"),
        gate: Gate::Open,
        open: None,
        opened: Vec::new(),
        outputs: std::iter::once(output).collect(),
    };
    table.install(&recipe).unwrap();
    let place = table.flows[&recipe.key].meter;
    let told = table.withdraw(recipe.key, recipe.generation).unwrap();
    assert_eq!(told.counters.received.packets, 0);
    // What another CPU does that was in the program then.
    let mut meter = table.maps.meter(place).unwrap();
    (meter.packets, meter.bytes) = (1, 172);
    table.maps.set_meter(place, &meter).unwrap();

    let since = table.gone[0].since;
    table.look_after_the_gone(since);
    assert_eq!(table.late, [], "it may still be in there");
    table.look_after_the_gone(since + OVER);
    let late = table.late();
    assert_eq!(late.len(), 1);
    assert_eq!(*late[0].recipe, recipe);
    assert_eq!(late[0].snapshot.counters.received, Traffic { packets: 1, bytes: 172, errors: 0 });
    assert_eq!(table.late(), []);
}
