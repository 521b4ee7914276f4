//! A naive model of one lot: every offer in one list, sorted; leader and price are read off it.

use crate::decision::Verdict;
use crate::ladder::Step;
use crate::terms::Reserve;
use crate::testing::{House, eth};
use crate::{Clerk, Intent, LotNumber, Wei};

struct Model {
    /// (amount, how early, bidder), the best first.
    offers: Vec<(Wei, u64, u64)>,
    price: Option<Wei>,
    reserve: Option<Wei>,
    terms: crate::terms::LotTerms,
    cut: Step,
}

impl Model {
    /// Whether the offer counts; if so it is in the list and the price has moved.
    fn offer(&mut self, bidder: u64, intent: Intent, turn: u64) -> bool {
        let step = self.cut;
        let above = |price| self.terms.above(price, step);
        let minimum = self.price.map_or(eth("0.1"), above);
        let leader = self.offers.first().copied();
        let (amount, exact) = match intent {
            Intent::Bid(amount) => (amount, true),
            Intent::NextBid => (minimum, true),
            Intent::MaxBid(amount) => (amount, false),
            Intent::BuyNow => return false,
        };
        let leads = leader.is_some_and(|(_, _, leader)| leader == bidder);
        let raises = leads && !exact && leader.is_some_and(|(max, _, _)| amount > max);
        let sound =
            amount <= Wei::from(1_000_000_000_000_000_000_000_000_000_000) && (amount.0 % eth("0.001").0).is_zero();
        if !sound || (leads && !raises) || (!leads && amount < minimum) {
            return false;
        }
        self.offers.push((amount, u64::MAX - turn, bidder));
        self.offers.sort_by(|a, b| b.cmp(a));
        let best = self.offers[0];
        let second = self.offers.iter().find(|offer| offer.2 != best.2);
        let won = best.2 == bidder && !leads;
        let mut price = match (leads, won, exact) {
            (true, _, _) => self.price.unwrap_or(minimum),
            (false, true, true) => amount,
            (false, true, false) => second.map_or(minimum, |s| above(s.0).min(amount)).max(minimum),
            (false, false, _) => above(amount).min(best.0),
        };
        if let Some(reserve) = self.reserve.filter(|&reserve| best.0 >= reserve) {
            price = price.max(reserve);
        }
        if won || self.price != Some(price) {
            self.cut = Step::Whole;
        }
        self.price = Some(price);
        true
    }
}

/// Plays the same bids by the rules and by the model; they must agree on every verdict, leader and price. Before the bid
/// of turn `cut` the step is halved.
pub(super) fn agrees(bids: &[(u64, Intent)], reserve: Option<Wei>, cut: Option<u64>) {
    let mut house = House::with_lot(|lot| {
        lot.jump_factor = 0;
        lot.reserve = reserve.map_or(Reserve::None, Reserve::Public);
    });
    let terms = house.lot(1).terms().clone();
    let mut model = Model { offers: Vec::new(), price: None, reserve, terms, cut: Step::Whole };
    for (turn, (bidder, intent)) in (0..).zip(bids) {
        if cut == Some(turn) && !house.clerk(Clerk::HalfCut { lot: LotNumber(1) }).events.is_empty() {
            model.cut = Step::Half;
        }
        let counted = model.offer(*bidder, *intent, turn);
        let decision = house.bid(*bidder, *intent);
        assert_eq!(matches!(decision.verdict, Verdict::Accepted { .. }), counted, "{bids:?} at {turn}: {decision:?}");
        let standing = house.lot(1).standing();
        assert_eq!(standing.map(|s| s.price), model.price, "{bids:?} at {turn}");
        assert_eq!(standing.map(|s| s.leader.0), model.offers.first().map(|o| o.2), "{bids:?} at {turn}");
    }
}
