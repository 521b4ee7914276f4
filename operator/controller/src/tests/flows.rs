//! Every flow under faults at its every call, and under bad weather of its watches. Whatever happens, all end the same.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::Context as _;
use futures_util::StreamExt as _;

use super::fault::Fault;
use super::ledger::{Ledger, Point};
use super::play::{Pictures, Theatre};
use super::scripts::Script;
use super::weather::Weather;

/// Worlds that are played at the same time; the API server of two processors takes no more.
const AT_ONCE: usize = 10;
/// Crash points of a run, unless the environment asks for another number.
const POINTS: usize = 1_000;
/// After so many plays in a row that met nothing new there is nothing new.
const STALE: usize = 24;
/// Calls that are told of a play that fails without a fault.
const LAST: usize = 40;
/// Plays in bad weather, unless the environment asks for another number.
const STORMS: usize = 8;

/// A number of the test run's own setting.
pub(super) fn setting(name: &str, usual: usize) -> usize {
    #[expect(clippy::disallowed_methods, reason = "the test run's own setting")]
    let wanted = std::env::var(name).ok();
    wanted.and_then(|number| number.parse().ok()).unwrap_or(usual)
}

/// What undisturbed plays end in, flow by flow.
async fn undisturbed(theatre: &Theatre) -> anyhow::Result<(Pictures, usize)> {
    let mut all = Pictures::new();
    let plays = Script::ALL.map(async |script| {
        let calm = Fault::default();
        let pictures = theatre.play(script, &calm, None).await.with_context(|| {
            let calls = calm.calls();
            let last: Vec<String> =
                calls.iter().rev().take(LAST).rev().map(|(flow, call)| format!("{flow} | {call}")).collect();
            format!("{script:?}, undisturbed, after\n{}", last.join("\n"))
        });
        (pictures, calm.calls().len())
    });
    let mut calls = 0;
    for (pictures, count) in futures_util::future::join_all(plays).await {
        all.extend(pictures?);
        calls += count;
    }
    Ok((all, calls))
}

/// A failure and what befell its play, of a length that can be read.
fn failure(script: Script, error: &anyhow::Error, planted: &[Point]) -> String {
    const LONGEST: usize = 3_000;
    let text: String = format!("{script:?}: {error:#}").chars().take(LONGEST).collect();
    let planted = planted.iter().map(|point| format!("{} | {} | {:?}", point.flow, point.call, point.flavour));
    format!("{text}\nafter\n{}", planted.collect::<Vec<_>>().join("\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_flow_ends_the_same_whatever_call_it_is_cut_off_at() -> anyhow::Result<()> {
    let theatre = Theatre::open().await?;
    let (expected, calls) = undisturbed(&theatre).await?;
    let (ledger, wanted) = (Arc::new(Ledger::default()), setting("CRASH_POINTS", POINTS));
    let begun = tokio::time::Instant::now();
    let (mut plays, mut stale, mut starts) = (0, 0, 0);
    let mut failures = Vec::new();
    let scripts = futures_util::stream::iter(Script::ALL.into_iter().cycle());
    let mut runs = scripts
        .map(|script| {
            let (theatre, ledger, expected) = (&theatre, &ledger, &expected);
            async move {
                let fault = Fault::from_ledger(ledger);
                let played = theatre.play(script, &fault, Some(expected)).await;
                (script, fault.planted(), played)
            }
        })
        .buffer_unordered(AT_ONCE);
    while ledger.counts().0 < wanted && stale < STALE && failures.len() < 5 {
        let Some((script, planted, played)) = runs.next().await else { break };
        plays += 1;
        stale = if planted.is_empty() { stale + 1 } else { 0 };
        starts += planted.iter().filter(|point| point.flavour.is_deadly()).count();
        match played {
            Ok(_) => ledger.survive(planted),
            Err(error) => failures.push(failure(script, &error, &planted)),
        }
    }
    drop(runs);
    let (crashes, refusals) = ledger.counts();
    println!("{}", ledger.table());
    println!(
        "{calls} calls undisturbed, {} flows; {crashes} crash points and {refusals} refusals in {plays} plays, {starts} \
         deaths, {} s",
        expected.len(),
        begun.elapsed().as_secs()
    );
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert_eq!(theatre.stage.kubelet.air.violations(), Vec::<String>::new(), "never two publishers");
    assert!(crashes >= wanted, "there are no more");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_flow_ends_the_same_when_events_come_late_or_never() -> anyhow::Result<()> {
    let theatre = Theatre::open().await?;
    let (expected, _) = undisturbed(&theatre).await?;
    let plays = Script::ALL.into_iter().cycle().zip(0_u64..).take(setting("STORMS", STORMS));
    let runs = plays.map(|(script, seed)| {
        let (theatre, expected) = (&theatre, &expected);
        async move {
            let weather = Weather::new(seed);
            let fault = Fault::of_weather(weather.clone());
            let played = theatre.play(script, &fault, Some(expected)).await;
            played.with_context(|| format!("{script:?} in weather {seed}")).map(|_| weather)
        }
    });
    let weathers = futures_util::stream::iter(runs).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await;
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    for weather in weathers {
        let weather = weather?;
        for (what, count) in [("held", &weather.held), ("lost", &weather.lost), ("ended", &weather.ended)] {
            *sums.entry(what).or_default() += count.load(Ordering::Relaxed);
        }
    }
    println!("{sums:?}");
    assert_eq!(theatre.stage.kubelet.air.violations(), Vec::<String>::new(), "never two publishers");
    assert!(sums.values().all(|count| *count > 0), "the weather was bad");
    Ok(())
}
