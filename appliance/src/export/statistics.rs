use super::commands::SHORT;
use crate::desk::{Average, Desk, Tally, Worked};
use call::{AddressId, EndReason};
use flow::{Micros, Traffic};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use ng::{Dict, Value};
use std::net::IpAddr;

/// Received and sent, by our address.
pub(super) type ByAddress = HashMap<IpAddr, [Traffic; 2], RandomState>;

/// Key names of upstream, so that whoever reads them keeps reading; what this build does not measure is zero.
pub fn statistics(desk: &mut Desk) -> Dict<'static> {
    let worked = desk.worked();
    let by_address = desk.by_address();
    let quality = desk.quality.all().rows();
    let (mos, voip_metrics) = quality.split_at(1);
    Dict::new()
        .with("currentstatistics", Value::Dict(current(desk)))
        .with("totalstatistics", Value::Dict(total(desk, &worked)))
        .with("mos", Value::Dict(averages(mos)))
        .with("voip_metrics", Value::Dict(voip(voip_metrics, &desk.tally)))
        .with("controlstatistics", Value::Dict(control(&desk.tally)))
        .with("interfaces", Value::List(interfaces(desk, &by_address)))
        .with("transcoders", Value::List(Vec::new()))
        .with("poller_threads", Value::List(Vec::new()))
}

fn current(desk: &Desk) -> Dict<'static> {
    let sessions = desk.book.len() as u64;
    let rates = desk.rates;
    let slow = without(rates.all, rates.fast);
    let [userspace, module, af_xdp, mixed] = desk.census().media;
    Dict::new()
        .with("sessionsown", int(sessions))
        .with("sessionsforeign", int(0))
        .with("sessionstotal", int(sessions))
        .with("transcodedmedia", int(0))
        .with("mediacache", int(0))
        .with("playercache", int(0))
        .with("packetrate_user", int(slow.packets))
        .with("byterate_user", int(slow.bytes))
        .with("errorrate_user", int(slow.errors))
        .with("packetrate_kernel", int(rates.fast.packets))
        .with("byterate_kernel", int(rates.fast.bytes))
        .with("errorrate_kernel", int(rates.fast.errors))
        .with("packetrate", int(rates.all.packets))
        .with("byterate", int(rates.all.bytes))
        .with("errorrate", int(rates.all.errors))
        .with("media_userspace", int(userspace))
        .with("media_kernel", int(module + af_xdp))
        .with("media_mixed", int(mixed))
}

pub(super) fn without(all: Traffic, part: Traffic) -> Traffic {
    Traffic {
        packets: all.packets.saturating_sub(part.packets),
        bytes: all.bytes.saturating_sub(part.bytes),
        errors: all.errors.saturating_sub(part.errors),
    }
}

fn total(desk: &Desk, worked: &Worked) -> Dict<'static> {
    let tally = &desk.tally;
    let (all, fast) = (worked.all, worked.fast);
    let slow = without(all, fast);
    let ended = tally.all_ended();
    let (sum, squares) = tally.duration;
    let average = if ended == 0 { 0.0 } else { sum / ended as f64 };
    let variance = if ended == 0 { 0.0 } else { (squares / ended as f64 - average * average).max(0.0) };
    let uptime = desk.clock.now().since(tally.started.at).0 / 1_000_000;
    Dict::new()
        .with("uptime", uptime.to_string())
        .with("managedsessions", int(ended))
        .with("rejectedsessions", int(tally.rejected))
        .with("timeoutsessions", int(tally.ended_for(EndReason::Timeout)))
        .with("silenttimeoutsessions", int(tally.ended_for(EndReason::SilentTimeout)))
        .with("finaltimeoutsessions", int(tally.ended_for(EndReason::FinalTimeout)))
        .with("offertimeoutsessions", int(tally.ended_for(EndReason::OfferTimeout)))
        .with("regularterminatedsessions", int(tally.ended_for(EndReason::Terminated)))
        .with("forcedterminatedsessions", int(tally.ended_for(EndReason::ForceTerminated)))
        .with("relayedpackets_user", int(slow.packets))
        .with("relayedpacketerrors_user", int(slow.errors))
        .with("relayedbytes_user", int(slow.bytes))
        .with("relayedpackets_kernel", int(fast.packets))
        .with("relayedpacketerrors_kernel", int(fast.errors))
        .with("relayedbytes_kernel", int(fast.bytes))
        .with("relayedpackets", int(all.packets))
        .with("relayedpacketerrors", int(all.errors))
        .with("relayedbytes", int(all.bytes))
        .with("zerowaystreams", int(tally.zero_way))
        .with("onewaystreams", int(tally.one_way))
        .with("avgcallduration", decimal(average))
        .with("totalcallsduration", decimal(sum))
        .with("totalcallsduration2", decimal(squares))
        .with("totalcallsduration_stddev", decimal(variance.sqrt()))
}

/// The five keys of each average.
fn averages(rows: &[(&str, Average)]) -> Dict<'static> {
    let mut out = Dict::new();
    for (name, of) in rows {
        out.push(format!("{name}_total"), decimal(of.sum));
        out.push(format!("{name}2_total"), decimal(of.squares));
        out.push(format!("{name}_samples_total"), int(of.samples));
        out.push(format!("{name}_average"), decimal(of.mean()));
        out.push(format!("{name}_stddev"), decimal(of.deviation()));
    }
    out
}

fn voip(rows: &[(&str, Average)], tally: &Tally) -> Dict<'static> {
    averages(rows)
        .with("packets_lost", int(tally.quality.lost))
        .with("rtp_duplicates", int(tally.quality.duplicates))
        .with("rtp_skips", int(0))
        .with("rtp_seq_resets", int(0))
        .with("rtp_reordered", int(tally.quality.reordered))
}

fn control(tally: &Tally) -> Dict<'static> {
    let proxies = tally.control.iter().map(|(addr, proxy)| {
        let mut out = Dict::new().with("proxy", addr.to_string());
        for (command, short) in SHORT {
            let (count, Micros(time)) = proxy.commands.get(command).copied().unwrap_or_default();
            out.push(format!("{short}count"), int(count));
            out.push(format!("{short}duration"), decimal(time as f64 / 1e6));
        }
        Value::Dict(out.with("errorcount", int(proxy.errors)))
    });
    let mut out = Dict::new().with("proxies", Value::List(proxies.collect()));
    for (command, short) in SHORT {
        out.push(format!("total{short}count"), int(tally.control.total(command)));
    }
    out
}

fn interfaces(desk: &Desk, by_address: &ByAddress) -> Vec<Value<'static>> {
    let all = desk.book.interfaces();
    let pairs = all.all().iter().flat_map(|i| i.addresses.iter().map(move |a| (i, *a)));
    let one = |(interface, id): (&call::Interface, AddressId)| {
        Value::Dict(interface_of(desk, &interface.name, id, by_address))
    };
    // As upstream lists them: all of one family first.
    let mut pairs: Vec<_> = pairs.collect();
    pairs.sort_by_key(|(_, id)| all.address(*id).addr.is_ipv6());
    pairs.into_iter().map(one).collect()
}

fn interface_of(desk: &Desk, name: &str, id: AddressId, by_address: &ByAddress) -> Dict<'static> {
    let addr = desk.book.interfaces().address(id).addr;
    let [received, sent] = by_address.get(&addr).copied().unwrap_or_default();
    let (lost, duplicates) = desk.tally.lost_at(addr);
    let usage = desk.ports.usage(id);
    let percent = if usage.size == 0 { 0.0 } else { 100.0 * f64::from(usage.used) / f64::from(usage.size) };
    let ports = Dict::new()
        .with("min", int(usage.low.into()))
        .with("max", int(usage.high.into()))
        .with("used", int(usage.used.into()))
        .with("used_pct", format!("{percent:.2}"))
        .with("free", int((usage.size - usage.used).into()))
        .with("totals", int(usage.size.into()));
    Dict::new()
        .with("name", name.to_owned())
        .with("address", addr.to_string())
        .with("ports", Value::Dict(ports))
        .with("packets_lost", int(lost))
        .with("duplicates", int(duplicates))
        .with("voip_metrics", Value::Dict(averages(&desk.quality.at(addr).rows())))
        .with("ingress", Value::Dict(counts(received)))
        .with("egress", Value::Dict(counts(sent)))
}

fn counts(traffic: Traffic) -> Dict<'static> {
    Dict::new()
        .with("packets", int(traffic.packets))
        .with("bytes", int(traffic.bytes))
        .with("errors", int(traffic.errors))
}

fn decimal(value: f64) -> String {
    format!("{value:.6}")
}

fn int(number: u64) -> Value<'static> {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}
