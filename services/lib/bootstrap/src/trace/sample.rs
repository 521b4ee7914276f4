//! Which of many are traced: so many a second, and a hundredth of the rest. Pure.

/// Of those beyond the budget, one in so many is traced all the same.
const ONE_IN: u32 = 100;

/// A token bucket of a second's length, by the clock's seconds.
#[derive(Debug, Clone)]
pub struct Budget {
    a_second: u32,
    rest: Rest,
    second: i64,
    spent: u32,
    passed_over: u32,
}

/// What becomes of those beyond the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    Sampled,
    Dropped,
}

impl Budget {
    /// `a_second`, and one in a hundred of the rest.
    pub const fn new(a_second: u32) -> Self {
        Self { a_second, rest: Rest::Sampled, second: 0, spent: 0, passed_over: 0 }
    }

    /// `a_second` and no more.
    pub const fn strict(a_second: u32) -> Self {
        Self { rest: Rest::Dropped, ..Self::new(a_second) }
    }

    /// Whether the next one is chosen. `now_ms` is the wall clock.
    pub fn take(&mut self, now_ms: i64) -> bool {
        let second = now_ms.div_euclid(1_000);
        if self.second != second {
            (self.second, self.spent) = (second, 0);
        }
        if self.spent < self.a_second {
            self.spent += 1;
            return true;
        }
        if self.rest == Rest::Dropped {
            return false;
        }
        self.passed_over = (self.passed_over + 1) % ONE_IN;
        self.passed_over == 0
    }

    /// Some that were chosen came to nothing: others may have their place.
    pub fn give_back(&mut self, unused: u32) {
        self.spent = self.spent.saturating_sub(unused);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(budget: &mut Budget, now_ms: i64, of: u32) -> usize {
        (0..of).filter(|_| budget.take(now_ms)).count()
    }

    #[test]
    fn a_budget_is_spent_within_its_second_and_full_in_the_next() {
        let mut budget = Budget::strict(2);
        assert_eq!([5_000, 5_400, 5_999, 6_000].map(|now| budget.take(now)), [true, true, false, true]);
    }

    #[test]
    fn a_hundredth_of_the_rest_is_taken() {
        let mut budget = Budget::new(50);
        assert_eq!(chosen(&mut budget, 5_000, 50 + 99), 50);
        assert_eq!(chosen(&mut budget, 5_100, 1), 1);
        assert_eq!(chosen(&mut budget, 5_200, 1_000), 10);
        assert_eq!(chosen(&mut Budget::strict(50), 5_000, 10_000), 50);
    }

    #[test]
    fn what_was_not_used_is_there_for_others() {
        let mut budget = Budget::strict(2);
        assert_eq!(chosen(&mut budget, 5_000, 3), 2);
        budget.give_back(1);
        assert_eq!(chosen(&mut budget, 5_000, 3), 1);
    }
}
