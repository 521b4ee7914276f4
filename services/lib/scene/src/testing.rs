//! Named states of an auction: for tests, and for the pictures that people look at.

use crate::view::{AuctionView, BidShown, Link, LotShown, Moment, Money, Phase};

/// When the states are shown.
pub const NOW: Moment = Moment(1_764_014_400_000);

/// The names of all states.
pub const STATES: [&str; 14] = [
    "empty",
    "before",
    "upcoming",
    "open",
    "no-bids",
    "extended",
    "draining",
    "sold",
    "passed",
    "paused",
    "over",
    "cancelled",
    "long",
    "stale",
];

/// The state of that name.
///
/// # Panics
/// When there is none.
pub fn state(name: &str) -> AuctionView {
    let open = open();
    match name {
        "empty" => AuctionView::empty(),
        "before" => AuctionView { phase: Phase::Before, starts_at: Some(later(754_000)), ..open },
        "upcoming" => AuctionView { phase: Phase::Upcoming, lot: Some(unsold()), ..open },
        "open" => open,
        "no-bids" => AuctionView { lot: Some(unsold()), ..open },
        "extended" => extended(open),
        "draining" => AuctionView { phase: Phase::Draining, ..open },
        "sold" => AuctionView { phase: Phase::Sold, ..open },
        "passed" => AuctionView { phase: Phase::Passed, ..open },
        "paused" => AuctionView {
            phase: Phase::Paused,
            reason: Some("The artist's connection dropped; we go on in a minute.".into()),
            ..open
        },
        "over" => AuctionView { phase: Phase::Over, ..open },
        "cancelled" => AuctionView {
            phase: Phase::Cancelled,
            reason: Some("The consignor withdrew the work before the first lot.".into()),
            ..open
        },
        "long" => long(open),
        "stale" => AuctionView { link: Link::Lost { since: Moment(NOW.0 - 5_000) }, ..open },
        other => panic!("no state is called {other}"),
    }
}

fn later(milliseconds: i64) -> Moment {
    Moment(NOW.0 + milliseconds)
}

fn ether(amount: &str) -> Money {
    Money { amount: amount.into(), currency: "ETH".into() }
}

fn bid(lot_seq: u64, paddle: u32, amount: &str) -> BidShown {
    BidShown { lot_seq, paddle, amount: ether(amount), by_post: true }
}

fn open() -> AuctionView {
    let lot = LotShown {
        number: 2,
        count: 3,
        title: "Morning Fog over the Harbour".into(),
        price: Some(ether("1.85")),
        price_since: Moment(NOW.0 - 3_000),
        next: ether("1.95"),
        leader: Some(118),
        bids: 27,
        extensions: 0,
        reserve_met: Some(true),
        ends_at: Some(later(42_500)),
        length_ms: 120_000,
        recent: vec![
            bid(41, 118, "1.85"),
            bid(39, 7, "1.75"),
            bid(38, 118, "1.65"),
            bid(30, 42, "1.5"),
            bid(29, 7, "1.4"),
        ],
    };
    AuctionView {
        title: "Evening sale: weather and light".into(),
        handle: Some("sothebais".into()),
        phase: Phase::Open,
        reason: None,
        starts_at: Some(Moment(NOW.0 - 300_000)),
        lot: Some(lot),
        link: Link::Fresh,
    }
}

fn unsold() -> LotShown {
    let lot = open().lot.expect("a lot is open");
    LotShown { price: None, leader: None, bids: 0, next: ether("0.5"), reserve_met: None, recent: Vec::new(), ..lot }
}

fn extended(mut view: AuctionView) -> AuctionView {
    view.phase = Phase::Extended;
    if let Some(lot) = &mut view.lot {
        lot.ends_at = Some(later(8_340));
        lot.extensions = 2;
        lot.reserve_met = Some(false);
        lot.price_since = Moment(NOW.0 - 120);
    }
    view
}

/// Everything is longer than anybody would wish.
fn long(mut view: AuctionView) -> AuctionView {
    view.title = "The collected nocturnes, studies, sketches and unfinished letters of a very patient machine".into();
    view.handle = Some("sothebais_auctio".into());
    if let Some(lot) = &mut view.lot {
        lot.title = "Étude Nº 7 «Прощание с морем» — Ωκεανός, a triptych in forty-eight thousand hand-numbered \
                     pixels after a photograph that was never taken"
            .into();
        lot.price = Some(ether("1234567.000000001"));
        lot.next = ether("1234567.100000001");
        lot.leader = Some(4_294_967_295);
        lot.bids = 1_234_567;
        for bid in &mut lot.recent {
            bid.paddle = 4_294_967_295;
            bid.amount = ether("1234567.000000001");
        }
    }
    view
}
