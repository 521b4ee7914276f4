//! Increment ladders: the least next bid above a price. Pure integer arithmetic, multiplied before divided.
//!
//! Whatever the ladder says, the next bid is above the price by one tick (or one wei) at least and a whole multiple of
//! the tick, so that no price can stand still.

use alloy_primitives::U256;
use serde::{Deserialize, Serialize};

use crate::Wei;
use crate::money::MAX_AMOUNT;
use crate::terms::{Ladder, LadderKind, LotTerms, Rung};

/// A hundredth of a percent, as a divisor.
const BASIS_POINTS: u64 = 10_000;

/// 0.001 ether: every step of the default ladder is a whole multiple of it.
const MILLI_ETHER: u128 = 1_000_000_000_000_000;

/// Decades of the default ladder above 0.1 ether: the last rung begins at 5,000,000 ether.
const DEFAULT_DECADES: u32 = 8;

/// The rungs of one decade from `u`, in tenths of `u`: (from, step). Between 3 u and 5 u prices run 3, 3.2, 3.5, 3.8, 4.
const DECADE: [(u128, u128); 11] =
    [(10, 1), (20, 2), (30, 2), (32, 3), (35, 3), (38, 2), (40, 2), (42, 3), (45, 3), (48, 2), (50, 5)];

impl Ladder {
    /// The house's own ladder, `default/v1`: steps of 5 % to 10 % in the pattern of the printed fine-art tables.
    pub fn default_v1() -> Self {
        let mut rungs = vec![Rung { from: Wei::ZERO, step: Wei::from(5 * MILLI_ETHER) }];
        let mut tenth = 10 * MILLI_ETHER;
        for _ in 0..DEFAULT_DECADES {
            rungs.extend(
                DECADE
                    .iter()
                    .map(|&(from, step)| Rung { from: Wei::from(from * tenth), step: Wei::from(step * tenth) }),
            );
            tenth *= 10;
        }
        Self { version: "default/v1".to_owned(), kind: LadderKind::Table(rungs) }
    }

    /// By how much a bid must exceed `price`; one wei at least.
    pub fn step_at(&self, price: Wei) -> Wei {
        self.kind.step_at(price).max(Wei::ONE)
    }

    /// Whether the terms forbid the auctioneer to halve a step.
    pub fn is_firm(&self) -> bool {
        match &self.kind {
            LadderKind::FirmTable(_) | LadderKind::FirmPercentage { .. } | LadderKind::FirmFixed(_) => true,
            LadderKind::Table(_) | LadderKind::Percentage { .. } | LadderKind::Fixed(_) => false,
        }
    }

    /// The same steps, never to be halved.
    #[must_use]
    pub fn firm(self) -> Self {
        let kind = match self.kind {
            LadderKind::Table(rungs) | LadderKind::FirmTable(rungs) => LadderKind::FirmTable(rungs),
            LadderKind::Percentage { basis_points } | LadderKind::FirmPercentage { basis_points } => {
                LadderKind::FirmPercentage { basis_points }
            }
            LadderKind::Fixed(step) | LadderKind::FirmFixed(step) => LadderKind::FirmFixed(step),
        };
        Self { kind, ..self }
    }
}

impl LadderKind {
    fn step_at(&self, price: Wei) -> Wei {
        match self {
            Self::Table(rungs) | Self::FirmTable(rungs) => {
                let above = rungs.partition_point(|rung| rung.from <= price);
                above.checked_sub(1).map_or(Wei::ZERO, |index| rungs[index].step)
            }
            Self::Percentage { basis_points } | Self::FirmPercentage { basis_points } => price.share(*basis_points),
            Self::Fixed(step) | Self::FirmFixed(step) => *step,
        }
    }
}

/// How much of the ladder's step a bid must rise by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    Whole,
    /// Under the auctioneer's half cut.
    Half,
}

impl LotTerms {
    /// The next step of the ladder above `price`, on the tick.
    pub fn next_above(&self, price: Wei) -> Wei {
        self.above(price, Step::Whole)
    }

    /// The least amount that is above `price` by this step: one tick, or one wei, at least, rounded up to the tick. Beyond
    /// [`MAX_AMOUNT`] no bid counts.
    pub fn above(&self, price: Wei, step: Step) -> Wei {
        let whole = self.ladder.step_at(price);
        let rise = match step {
            Step::Whole => whole,
            Step::Half => whole.half().max(Wei::ONE),
        };
        price.saturating_add(rise.max(self.tick)).round_up_to(self.tick)
    }

    /// What a bid of `amount` costs in all: the amount and the buyer's premium, rounded down to whole wei.
    pub fn all_in(&self, amount: Wei) -> Wei {
        amount.saturating_add(amount.share(self.premium_bps))
    }

    /// The reserve price, public or hidden.
    pub fn reserve_price(&self) -> Option<Wei> {
        match &self.reserve {
            crate::terms::Reserve::None => None,
            crate::terms::Reserve::Public(amount) | crate::terms::Reserve::Hidden { amount, .. } => Some(*amount),
        }
    }

    /// Whether a lot at `price` may be sold.
    pub fn reserve_met(&self, price: Wei) -> bool {
        self.reserve_price().is_none_or(|reserve| price >= reserve)
    }
}

impl Wei {
    /// This many hundredths of a percent of the amount, rounded down; saturating.
    pub fn share(self, basis_points: u32) -> Self {
        Self(self.0.saturating_mul(U256::from(basis_points)) / U256::from(BASIS_POINTS))
    }

    /// Half the amount, rounded down.
    pub fn half(self) -> Self {
        Self(self.0 >> 1)
    }

    /// This many times the amount; saturating.
    pub fn times(self, factor: u32) -> Self {
        Self(self.0.saturating_mul(U256::from(factor)))
    }

    /// The least whole multiple of `tick` at or above the amount; the amount itself when `tick` is zero.
    pub fn round_up_to(self, tick: Self) -> Self {
        match self.above_tick(tick) {
            rest if rest.is_zero() => self,
            rest => self.saturating_sub(rest).saturating_add(tick),
        }
    }

    /// By how much the amount exceeds a whole multiple of `tick`; nothing when `tick` is zero.
    pub fn above_tick(self, tick: Self) -> Self {
        if tick.is_zero() {
            return Self::ZERO;
        }
        match (u128::try_from(self.0), u128::try_from(tick.0)) {
            (Ok(amount), Ok(tick)) => Self::from(amount % tick),
            _ => Self(self.0 % tick.0),
        }
    }

    /// Whether the house takes such an amount at all.
    pub fn is_within_bounds(self) -> bool {
        self <= MAX_AMOUNT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{eth, lot_terms};

    /// The next prices on the ladder from `from`, `count` of them.
    fn climb(from: &str, count: usize) -> Vec<String> {
        let terms = lot_terms(1);
        let mut price = eth(from);
        std::iter::repeat_with(|| {
            price = terms.next_above(price);
            price.main_units()
        })
        .take(count)
        .collect()
    }

    #[test]
    fn default_ladder_follows_the_printed_table() {
        assert_eq!(climb("0.09", 4), ["0.095", "0.1", "0.11", "0.12"]);
        assert_eq!(climb("0.19", 4), ["0.2", "0.22", "0.24", "0.26"]);
        assert_eq!(
            climb("0.28", 11),
            ["0.3", "0.32", "0.35", "0.38", "0.4", "0.42", "0.45", "0.48", "0.5", "0.55", "0.6"]
        );
        assert_eq!(climb("0.95", 3), ["1", "1.1", "1.2"]);
        assert_eq!(climb("2.8", 10), ["3", "3.2", "3.5", "3.8", "4", "4.2", "4.5", "4.8", "5", "5.5"]);
        assert_eq!(climb("9.5", 3), ["10", "11", "12"]);
        assert_eq!(climb("300", 4), ["320", "350", "380", "400"]);
        assert_eq!(climb("5000000", 2), ["5500000", "6000000"]);
    }

    #[test]
    fn percentage_multiplies_first_and_rises_by_one_wei_at_least() {
        let mut terms = lot_terms(1);
        terms.tick = Wei::ZERO;
        terms.ladder =
            Ladder { version: "five-percent/v1".to_owned(), kind: LadderKind::Percentage { basis_points: 500 } };
        assert_eq!(terms.next_above(Wei::from(199)), Wei::from(208), "199 × 500 / 10,000 is 9.95, rounded down");
        assert_eq!(terms.next_above(Wei::from(3)), Wei::from(4), "a share of nothing is still one wei");
    }

    #[test]
    fn fixed_rises_by_its_step_and_the_tick_rounds_up() {
        let mut terms = lot_terms(1);
        terms.ladder = Ladder { version: "fixed/v1".to_owned(), kind: LadderKind::Fixed(Wei::from(7)) };
        terms.tick = Wei::from(10);
        assert_eq!(terms.next_above(Wei::from(20)), Wei::from(30), "a step below the tick is a tick");
        assert_eq!(terms.next_above(Wei::from(21)), Wei::from(40), "21 + 10 is rounded up to the tick");
    }

    #[test]
    fn half_a_step_is_rounded_up_to_the_tick_and_meets_the_ladder_again() {
        let terms = lot_terms(1);
        let half = |price: &str| terms.above(eth(price), Step::Half);
        assert_eq!(half("0.5"), eth("0.525"));
        assert_eq!(terms.above(half("0.5"), Step::Half), eth("0.55"), "two halves are a whole");
        assert_eq!(half("0.09"), eth("0.093"), "0.0925 is off the tick");
        assert_eq!(half("0.38"), eth("0.39"), "half of the step that leads to the next rung");
    }

    #[test]
    fn half_a_step_rises_by_one_tick_or_one_wei_at_least() {
        let mut terms = lot_terms(1);
        terms.ladder = Ladder { version: "fixed/v1".to_owned(), kind: LadderKind::Fixed(Wei::ONE) };
        terms.tick = Wei::ZERO;
        assert_eq!(terms.above(Wei::from(20), Step::Half), Wei::from(21));
        terms.tick = Wei::from(5);
        assert_eq!(terms.above(Wei::from(20), Step::Half), Wei::from(25));
    }

    #[test]
    fn a_firm_ladder_has_the_same_steps() {
        let kinds =
            [Ladder::default_v1().kind, LadderKind::Percentage { basis_points: 500 }, LadderKind::Fixed(eth("0.05"))];
        for kind in kinds {
            let plain = Ladder { version: "v1".to_owned(), kind };
            let firm = plain.clone().firm();
            assert!(firm.is_firm() && !plain.is_firm());
            assert_eq!(firm.step_at(eth("0.36")), plain.step_at(eth("0.36")));
            assert_eq!(firm.clone().firm(), firm);
        }
    }

    #[test]
    fn premium_is_part_of_the_all_in_amount() {
        let mut terms = lot_terms(1);
        terms.premium_bps = 1_000;
        assert_eq!(terms.all_in(eth("1.5")), eth("1.65"));
    }
}
