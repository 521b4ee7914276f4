//! The closing table of `bench bids`, and the same as data.

use std::fmt::Write as _;

use serde::Serialize;

use crate::bench::measure::Point;
use crate::bench::pgbench;

/// What `--report` writes.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Report {
    points: Vec<Line>,
    ratios: Vec<Ratio>,
    /// How many times the rival's bids a second of CPU buys, everybody included. Holds on a shared machine too.
    by_cpu: Vec<ByCpu>,
}

#[derive(Debug, Clone, Serialize)]
struct ByCpu {
    what: String,
    times: f64,
}

#[derive(Debug, Clone, Serialize)]
struct Line {
    design: &'static str,
    lots: u32,
    clients: u32,
    bids_per_second: f64,
    p50_ms: f64,
    worst_p99_ms: f64,
    cpu_micros_a_bid: Vec<(&'static str, f64)>,
    others_share: f64,
    books_balance: bool,
    rounds: Vec<crate::bench::measure::Run>,
}

/// One figure that the bar speaks of.
#[derive(Debug, Clone, Serialize)]
struct Ratio {
    what: String,
    value: f64,
    bar: f64,
    unit: &'static str,
    reached: bool,
}

pub(super) fn report(points: &[Point]) -> Report {
    let line = |point: &Point| Line {
        design: point.design,
        lots: point.lots,
        clients: point.clients,
        bids_per_second: point.per_second(),
        p50_ms: point.p50_ms(),
        worst_p99_ms: point.worst_p99_ms(),
        cpu_micros_a_bid: point.cpu_micros(),
        others_share: point.others_share(),
        books_balance: point.books_balance(),
        rounds: point.runs.clone(),
    };
    Report { points: points.iter().map(line).collect(), ratios: ratios(points), by_cpu: by_cpu(points) }
}

fn ratios(points: &[Point]) -> Vec<Ratio> {
    let at = |design: &str, lots, clients| {
        points.iter().find(|p| p.design == design && p.lots == lots && p.clients == clients)
    };
    let best = |design: &str, lots| {
        let candidates = points.iter().filter(|p| p.design == design && p.lots == lots);
        candidates.max_by(|a, b| a.per_second().total_cmp(&b.per_second()))
    };
    let (naive, single) = (pgbench::Design::Naive.name(), pgbench::Design::SingleStatement.name());
    let (http, socket) = ("engine, HTTP", "engine, WebSocket");
    let mut ratios = Vec::new();
    let mut against = |what: &str, engine: Option<&Point>, rival: Option<&Point>, bar: f64| {
        if let (Some(engine), Some(rival)) = (engine, rival) {
            let what =
                format!("{what} ({} at {} / {} at {})", engine.design, engine.clients, rival.design, rival.clients);
            let value = engine.ratio_to(rival);
            ratios.push(Ratio { what, value, bar, unit: "×", reached: value >= bar });
        }
    };
    against("hot lot", at(http, 1, 64), at(naive, 1, 64), 25.0);
    against("hot lot", at(socket, 1, 64), at(naive, 1, 64), 25.0);
    against("hot lot, naive's best", at(socket, 1, 64), best(naive, 1), 15.0);
    against("hot lot, single statement's best", at(socket, 1, 64), best(single, 1), 10.0);
    against("hot lot", at(socket, 1, 256), at(naive, 1, 64), 40.0);
    against("hot lot", at(socket, 1, 64), at("Redis Lua, fsync always", 1, 64), 1.5);
    against("100 lots", at(socket, 100, 1024), at(naive, 100, 64), 8.0);
    against("100 lots, naive's best", at(socket, 100, 1024), best(naive, 100), 8.0);
    against("100 lots, single statement's best", at(socket, 100, 1024), best(single, 100), 4.0);
    if let Some(point) = at(socket, 1, 256) {
        let value = point.per_second();
        let what = "hot lot, 256 clients over WebSocket".to_owned();
        ratios.push(Ratio { what, value, bar: 30_000.0, unit: "bids/s", reached: value >= 30_000.0 });
    }
    for point in [at(http, 1, 64), at(socket, 1, 64)].into_iter().flatten() {
        let value = point.worst_p99_ms();
        let what = format!("hot lot, {} at 64, worst p99, at most", point.design);
        ratios.push(Ratio { what, value, bar: 20.0, unit: "ms", reached: value <= 20.0 });
    }
    for point in points {
        if let Some(&(_, value)) = point.cpu_micros().iter().find(|(label, _)| *label == "engine") {
            let what =
                format!("{} at {}, {} lots, engine's CPU a bid, at most", point.design, point.clients, point.lots);
            ratios.push(Ratio { what, value, bar: 20.0, unit: "µs", reached: value <= 20.0 });
        }
    }
    ratios
}

fn by_cpu(points: &[Point]) -> Vec<ByCpu> {
    let rivals = [pgbench::Design::Naive.name(), pgbench::Design::SingleStatement.name()];
    let engines = points.iter().filter(|point| point.design.starts_with("engine"));
    let pairs = engines.flat_map(|engine| {
        let alike = points.iter().filter(move |rival| rivals.contains(&rival.design) && rival.lots == engine.lots);
        alike.filter(|rival| rival.clients == 64).map(move |rival| (engine, rival))
    });
    let line = |(engine, rival): (&Point, &Point)| ByCpu {
        what: format!("{} lots: {} at {} / {} at 64", engine.lots, engine.design, engine.clients, rival.design),
        times: rival.whole_cpu_micros() / engine.whole_cpu_micros().max(f64::MIN_POSITIVE),
    };
    pairs.map(line).collect()
}

pub(super) fn text(points: &[Point], report: &Report) -> String {
    let mut text = String::new();
    let mut line = |words: std::fmt::Arguments<'_>| writeln!(text, "{words}").expect("a string can be written to");
    line(format_args!(
        "{:<26} {:>4} {:>7} {:>9} {:>8} {:>8}  {:<40} {:>6}  books",
        "design", "lots", "clients", "bids/s", "p50 ms", "p99 ms", "CPU µs a bid", "others"
    ));
    for point in points {
        let cpu: Vec<String> = point.cpu_micros().iter().map(|(who, micros)| format!("{who} {micros:.1}")).collect();
        let books = if point.books_balance() { "balance" } else { "DO NOT BALANCE" };
        line(format_args!(
            "{:<26} {:>4} {:>7} {:>9.0} {:>8.2} {:>8.2}  {:<40} {:>5.0}%  {books}",
            point.design,
            point.lots,
            point.clients,
            point.per_second(),
            point.p50_ms(),
            point.worst_p99_ms(),
            cpu.join(", "),
            point.others_share() * 100.0,
        ));
    }
    line(format_args!(""));
    for ratio in &report.ratios {
        let mark = if ratio.reached { "reached" } else { "NOT reached" };
        line(format_args!("{:<90} {:>9.1} {:<6} bar {:>6}  {mark}", ratio.what, ratio.value, ratio.unit, ratio.bar));
    }
    line(format_args!("\nbids for a second of CPU, everybody's counted:"));
    for ByCpu { what, times } in &report.by_cpu {
        line(format_args!("{what:<90} {times:>9.1} ×"));
    }
    line(format_args!("rates are means over the rounds, p99 is the worst round's; load generator on the same cores"));
    text
}
