//! What the crowd thinks of a lot: the least next bid, as the price page shows it or as the thread of posts lets expect,
//! who leads, and what the lot is worth. Pure.

use auction_core::Wei;
use auction_core::terms::Ladder;

use super::WHOLE;
use crate::crowd::phrase::MILLI;
use crate::crowd::watch::{LotView, Planned};
use crate::id::UserId;

/// So long a bid in the thread is believed although the page does not show it yet: longer than a post's way to the page.
/// Then the page is right, and the bid did not count.
const BELIEVED_MS: i64 = 1_500;

/// What people would give doubles so many times while a lot's posts are written: they hold back at first.
const DOUBLINGS: u64 = 5;

/// What a lot is about for the crowd. Amounts are thousandths of an ether.
#[derive(Debug, Clone, Default)]
pub(super) struct Mood {
    /// Posts about it so far.
    pub(super) written: u64,
    /// Whether everything about it is written.
    pub(super) complete: bool,
    /// The least next bid that the crowd believes in.
    least_milli: u128,
    believed_until_ms: i64,
    /// Who wrote the bid that is believed to lead.
    leader: Option<UserId>,
    /// The page's price with its least next bid.
    page: Option<(u128, u128)>,
    /// What the lot is worth to people on average.
    worth_milli: u128,
}

impl Mood {
    /// A lot that is worth `times` its opening bid.
    pub(super) fn new(lot: &Planned, times: u64) -> Self {
        let worth_milli = lot.opening_milli * u128::from(times);
        Self { least_milli: lot.opening_milli, worth_milli, ..Self::default() }
    }

    /// Looks at the page. It outweighs the thread where it shows more, and everywhere once the thread is old.
    pub(super) fn see(&mut self, lot: &LotView, now_ms: i64) {
        let Some(least) = lot.least_milli else { return };
        self.page = lot.price_milli.map(|price| (price, least));
        if least > self.least_milli || now_ms >= self.believed_until_ms {
            if least > self.least_milli {
                self.leader = None;
            }
            self.least_milli = least;
        }
    }

    /// Reads a bid in the thread and takes it for good until the page says otherwise.
    pub(super) fn hear(&mut self, ladder: &Ladder, from: UserId, milli: u128, now_ms: i64) {
        if milli >= self.least_milli {
            self.least_milli = milli + self.step(ladder, milli);
            self.believed_until_ms = now_ms + BELIEVED_MS;
            self.leader = Some(from);
        }
    }

    /// The least next bid.
    pub(super) fn least(&self) -> u128 {
        self.least_milli.max(1)
    }

    /// Whether this person has the leading bid as far as the crowd knows.
    pub(super) fn leads(&self, person: UserId) -> bool {
        self.leader == Some(person)
    }

    /// What somebody would give now to whom the lot is worth `taste` thousandths of what it is worth to the others, when
    /// this part of the posts is written (in millionths).
    pub(super) fn value(&self, taste: u64, passed: u64) -> u128 {
        let left = DOUBLINGS * (WHOLE - passed.min(WHOLE));
        let (halvings, rest) = (left / WHOLE, left % WHOLE);
        let eager = (WHOLE >> halvings) * (2 * WHOLE - rest) / (2 * WHOLE);
        self.worth_milli * u128::from(taste) * u128::from(eager) / u128::from(1_000 * WHOLE)
    }

    /// The step above a price: the page's, grown with the price, unless the page follows the house's own ladder.
    fn step(&self, ladder: &Ladder, milli: u128) -> u128 {
        match self.page {
            Some((price, least)) if price > 0 && least - price.min(least) != step_of(ladder, price) => {
                ((least - price.min(least)) * milli).div_ceil(price).max(1)
            }
            Some(_) | None => step_of(ladder, milli),
        }
    }
}

/// The ladder's step in thousandths of an ether, at least one.
fn step_of(ladder: &Ladder, milli: u128) -> u128 {
    let step = ladder.step_at(Wei::from(milli.saturating_mul(MILLI)));
    u128::try_from(step.0).unwrap_or(u128::MAX).div_ceil(MILLI).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOT: Planned = Planned { open_ms: 30_000, pause_ms: 0, opening_milli: 100 };

    fn page(price: Option<u128>, least: u128) -> LotView {
        LotView { number: 1, opens_ms: 0, ends_ms: 30_000, price_milli: price, least_milli: Some(least) }
    }

    #[test]
    fn a_bid_in_the_thread_is_believed_until_the_page_had_time_to_show_it() {
        let (ladder, mut mood) = (Ladder::default_v1(), Mood::new(&LOT, 20));
        mood.see(&page(None, 100), 0);
        mood.hear(&ladder, UserId(7), 100, 10);
        assert_eq!((mood.least(), mood.leads(UserId(7))), (110, true));
        mood.see(&page(None, 100), 500);
        assert_eq!(mood.least(), 110, "the page is behind");
        mood.see(&page(None, 100), 1_600);
        assert_eq!(mood.least(), 100, "the bid did not count");
    }

    #[test]
    fn a_higher_page_outweighs_the_thread_at_once() {
        let (ladder, mut mood) = (Ladder::default_v1(), Mood::new(&LOT, 20));
        mood.hear(&ladder, UserId(7), 100, 10);
        mood.see(&page(Some(500), 550), 20);
        assert_eq!((mood.least(), mood.leads(UserId(7))), (550, false));
    }

    #[test]
    fn the_next_step_is_the_houses_ladder_or_grows_as_the_page_does() {
        let ladder = Ladder::default_v1();
        let mut mood = Mood::new(&LOT, 20);
        mood.see(&page(Some(190), 200), 0);
        mood.hear(&ladder, UserId(7), 200, 0);
        assert_eq!(mood.least(), 220, "the ladder's step above 0.2");
        let mut mood = Mood::new(&LOT, 20);
        mood.see(&page(Some(200), 204), 0);
        mood.hear(&ladder, UserId(7), 300, 0);
        assert_eq!(mood.least(), 306, "two hundredths");
    }

    #[test]
    fn people_hold_back_at_first() {
        let mood = Mood::new(&LOT, 32);
        assert_eq!(mood.value(1_000, 0), 100);
        assert_eq!(mood.value(1_000, WHOLE), 3_200);
        assert!(mood.value(1_000, WHOLE / 2) < 800);
    }
}
