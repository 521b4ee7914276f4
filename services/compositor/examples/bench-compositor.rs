//! What drawing costs beside encoding: `bench-compositor [SECONDS]`. Processor seconds of this thread, in one run, frame by
//! frame in turn: a bid every three seconds, a countdown, a bar that moves with every frame.

use anyhow::Context as _;
use media::timeline::FrameNumber;
use media::{Encoder, Frame, Settings};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use scene::testing::{NOW, state};
use scene::{AuctionView, Composer, Fonts, Moment, Money, Scene};

const USUAL_SECONDS: u64 = 60;
const SECONDS_OF_A_BID: u64 = 3;

fn main() -> anyhow::Result<()> {
    let seconds =
        std::env::args().nth(1).map_or(Ok(USUAL_SECONDS), |text| text.parse()).context("write whole seconds")?;
    let settings = Settings::default();
    let fps = u64::from(settings.fps.0);
    let mut composer = Composer::new(Scene::house(), Fonts::new([]));
    let mut encoder = Encoder::open(&settings, FrameNumber(0))?;
    let mut view = state("open");
    let (mut drawing, mut encoding, mut bytes, mut pixels) = (0.0, 0.0, 0, 0);
    // The first picture is drawn whole, once a show: it is not what a second costs.
    composer.compose(&view, NOW);
    for n in 0..seconds * fps {
        let now = Moment(NOW.0 + i64::try_from(n * 1000 / fps)?);
        if n % (fps * SECONDS_OF_A_BID) == 0 {
            bid(&mut view, n, now);
        }
        let begun = cpu()?;
        pixels += composer.compose(&view, now).damage.pixels();
        let drawn = cpu()?;
        let frame = Frame { planes: composer.picture().planes(), number: FrameNumber(n), keyframe: false };
        bytes += encoder.encode(frame)?.iter().map(|unit| unit.data.len()).sum::<usize>();
        drawing += drawn - begun;
        encoding += cpu()? - drawn;
    }
    report(seconds, drawing, encoding, (bytes, pixels / (seconds * fps)));
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "figures to read")]
fn report(seconds: u64, drawing: f64, encoding: f64, (bytes, pixels): (usize, u64)) {
    let second = seconds as f64;
    println!("seconds of 720p30, veryfast, CRF 20 under 2.5 Mb/s: {seconds}");
    println!("drawing: {:.5} CPU s per stream second, {pixels} pixels of damage a frame", drawing / second);
    println!(
        "encoding:  {:.5} CPU s per stream second, {:.0} kb/s with sound",
        encoding / second,
        bytes as f64 / second / 125.0
    );
    println!("drawing / encoding: {:.2} %", drawing / encoding * 100.0);
}

fn bid(view: &mut AuctionView, n: u64, now: Moment) {
    let Some(lot) = &mut view.lot else { return };
    let amount = Money { amount: format!("{}.{:02}", 2 + n / 1000, n / 10 % 100), currency: "ETH".into() };
    lot.price = Some(amount.clone());
    lot.price_since = now;
    lot.bids += 1;
    lot.ends_at = Some(Moment(now.0 + 60_000));
    lot.recent.insert(
        0,
        scene::BidShown { lot_seq: 100 + n, paddle: u32::try_from(n % 500).unwrap_or(1), amount, by_post: true },
    );
    lot.recent.truncate(5);
}

/// Processor seconds that this thread has used.
#[expect(clippy::cast_precision_loss, reason = "microseconds of a run")]
fn cpu() -> anyhow::Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_THREAD)?;
    Ok((usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6)
}
