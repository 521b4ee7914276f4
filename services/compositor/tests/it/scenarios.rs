//! The shows.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::ensure;
use private_servers::Rtmp;
use scene::{Area, AuctionView, Composer, Fonts, Link, LotShown, Moment, Money, Phase, Scene};
use serde_json::json;
use wire::compositor::{OutputState, ProgramState};

use crate::engine::Engine;
use crate::pictures;
use crate::process::{Compositor, spec};

const SOLE: (&str, &str) = ("PUBLISHER", "sole");

/// Where the house's scene has the price.
const PRICE: Area = Area { x: 60, y: 346, width: 744, height: 138 };

/// The scene's own picture of lot 1 at this price, when nothing pulses any more.
fn drawn(amount: &str) -> Composer {
    let ether = |amount: &str| Money { amount: amount.into(), currency: "ETH".into() };
    let lot = LotShown {
        number: 1,
        count: 1,
        title: "Morning Fog".into(),
        price: Some(ether(amount)),
        price_since: Moment(0),
        next: ether("2"),
        leader: Some(7),
        bids: 1,
        extensions: 0,
        reserve_met: None,
        ends_at: None,
        length_ms: 60_000,
        recent: Vec::new(),
    };
    let view = AuctionView {
        title: "Spring sale".into(),
        handle: Some("sothebais".into()),
        phase: Phase::Open,
        reason: None,
        starts_at: None,
        lot: Some(lot),
        link: Link::Fresh,
    };
    let mut composer = Composer::new(Scene::house(), Fonts::new([]));
    composer.compose(&view, Moment(100_000));
    composer
}

#[tokio::test]
async fn a_show_reaches_an_independent_server_with_the_price_that_the_engine_told() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let (engine, ingest) =
        (Engine::start().await?, Rtmp::start(&directory.path().join("ingest"), Ipv4Addr::LOCALHOST.into()).await?);
    let compositor = Compositor::start(directory.path(), &[SOLE]).await?;
    let at = format!("http://{}", engine.address);
    let on_air = json!({"mode": "on_air", "epoch": 3});
    let outputs = [("x", ingest.url())];
    let outputs: Vec<(&str, &str)> = outputs.iter().map(|(name, url)| (*name, url.as_str())).collect();
    let (status, body) = compositor.put(&spec(1, &at, &outputs, &json!({"mode": "dark"}))).await?;
    ensure!(status == 200, "{body}");
    compositor.until("x", OutputState::Idle).await?;
    ensure!(compositor.status().await?.epoch.is_none(), "dark has no epoch");
    compositor.put(&spec(2, &at, &outputs, &on_air)).await?;
    compositor.until("x", OutputState::Live).await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    engine.bid("1750000000000000000");
    tokio::time::sleep(Duration::from_secs(4)).await;
    let told = compositor.status().await?;
    assert_eq!((told.state, told.epoch, told.observed_generation), (ProgramState::OnAir, Some(3), 2));
    let mut bigger = spec(3, &at, &outputs, &on_air);
    bigger["stream"]["spec"]["video"] = json!({"width": 640, "height": 360});
    let (status, body) = compositor.put(&bigger).await?;
    assert_eq!((status, &body["code"]), (409, &json!("VideoFrozenOnAir")));
    let (status, body) = compositor.put(&spec(1, &at, &outputs, &on_air)).await?;
    assert_eq!((status, &body["code"]), (409, &json!("GenerationStale")));
    let took = compositor.stop().await?;
    ensure!(took < Duration::from_secs(8), "the stop took {took:?}");
    tokio::time::sleep(Duration::from_millis(300)).await;
    tape_is_right(&ingest)
}

fn tape_is_right(ingest: &Rtmp) -> anyhow::Result<()> {
    let tapes = ingest.tapes()?;
    ensure!(tapes.len() == 1, "one connection makes one tape: {tapes:?}");
    let streams = pictures::ffprobe(&tapes[0], &["-show_entries", "stream=codec_name,r_frame_rate", "-of", "csv=p=0"])?;
    assert_eq!(streams.lines().collect::<Vec<_>>(), ["h264,30/1", "aac,0/0"]);
    let packets = pictures::packets(&tapes[0])?;
    let of = |stream: usize| packets.iter().filter(move |(index, ..)| *index == stream);
    let video: Vec<f64> = of(0).map(|(_, at, _)| *at).collect();
    ensure!(video.len() > 180, "{} pictures", video.len());
    for pair in video.windows(2) {
        ensure!((32.0..=35.0).contains(&(pair[1] - pair[0])), "pictures {pair:?} are not a 30th apart");
    }
    let keyframes: Vec<f64> = of(0).filter(|(_, _, key)| *key).map(|(_, at, _)| *at).collect();
    ensure!(keyframes.windows(2).all(|pair| pair[1] - pair[0] <= 2_010.0), "{keyframes:?}");
    let (first, last) = (of(1).next().map(|it| it.1), of(1).next_back().map(|it| it.1));
    let (first, last) = (first.unwrap_or(-1.0), last.unwrap_or(-1.0));
    ensure!(
        (first - video[0]).abs() <= 45.0 && (last - video[video.len() - 1]).abs() <= 60.0,
        "sound is {first} to {last}"
    );
    let decoded = pictures::last_luma(&tapes[0])?;
    let right = pictures::psnr(&decoded, drawn("1.75").picture(), PRICE);
    let wrong = pictures::psnr(&decoded, drawn("1.65").picture(), PRICE);
    ensure!(right > 35.0 && wrong < 30.0, "the price is seen with {right:.1} dB, another one with {wrong:.1} dB");
    Ok(())
}

#[tokio::test]
async fn a_server_that_dies_or_freezes_costs_neither_the_other_output_nor_the_beat_anything() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let engine = Engine::start().await?;
    let mut mortal = Rtmp::start(&directory.path().join("mortal"), Ipv4Addr::LOCALHOST.into()).await?;
    let steady = Rtmp::start(&directory.path().join("steady"), Ipv4Addr::LOCALHOST.into()).await?;
    let compositor = Compositor::start(directory.path(), &[SOLE]).await?;
    let (mortal_url, steady_url) = (mortal.url(), steady.url());
    let outputs = [("mortal", mortal_url.as_str()), ("steady", steady_url.as_str())];
    let at = format!("http://{}", engine.address);
    let (status, body) = compositor.put(&spec(1, &at, &outputs, &json!({"mode": "on_air", "epoch": 1}))).await?;
    ensure!(status == 200, "{body}");
    compositor.until("mortal", OutputState::Live).await?;
    compositor.until("steady", OutputState::Live).await?;

    mortal.kill9();
    compositor.until("mortal", OutputState::BackingOff).await?;
    let before = compositor.output("steady").await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let after = compositor.output("steady").await?;
    ensure!(after.frames_sent - before.frames_sent >= 50, "{before:?} {after:?}");
    assert_eq!(after.reconnects, 0);
    mortal.restart().await?;
    let back = compositor.until("mortal", OutputState::Live).await?;
    ensure!(back.reconnects == 1 && back.last_error.is_some(), "{back:?}");

    mortal.freeze();
    let (due, frames) =
        (compositor.metric("sothebais_compositor_frames_due_total").await?, compositor.status().await?.frames);
    tokio::time::sleep(Duration::from_secs(4)).await;
    let more = compositor.status().await?.frames - frames;
    let asked = compositor.metric("sothebais_compositor_frames_due_total").await? - due;
    ensure!((105..=135).contains(&more), "{more} pictures in four seconds");
    #[expect(clippy::cast_precision_loss, reason = "a hundred pictures")]
    let left_out = asked - more as f64;
    ensure!(left_out.abs() <= 3.0, "{left_out} pictures were left out");
    mortal.thaw();
    let took = compositor.stop().await?;
    ensure!(took < Duration::from_secs(12), "the stop took {took:?}");
    Ok(())
}
