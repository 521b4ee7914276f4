//! Chance from a seed: the same seed gives the same run on every machine and with every library version (`SplitMix64`).

/// A generator that its seed determines wholly.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// Starts a generator; `stream` keeps generators of one seed apart.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut chance = Self(seed ^ stream.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        chance.bits();
        chance
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 when `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        let wide = u128::from(self.bits()) * u128::from(end);
        u64::try_from(wide >> 64).expect("the upper half of a 128-bit product fits 64 bits")
    }

    /// An index into a slice of this length; the slice must not be empty.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).expect("below a usize")
    }

    /// One of the values; the slice must not be empty.
    pub fn pick<'a, T: ?Sized>(&mut self, values: &[&'a T]) -> &'a T {
        values[self.index(values.len())]
    }

    /// True with this probability in parts of a thousand.
    pub fn permille(&mut self, share: u32) -> bool {
        self.below(1000) < u64::from(share)
    }

    /// A number of the closed range.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        let width = u64::try_from(most.saturating_sub(least).max(0)).expect("not negative") + 1;
        least.saturating_add(i64::try_from(self.below(width)).unwrap_or(0))
    }
}

/// Chooses which posts the streams never see: of every block of posts exactly the asked share, at places that the seed
/// picks. So after n whole blocks the share is exact, not merely likely.
#[derive(Debug, Clone)]
pub struct Withholding {
    seed: u64,
    block: u64,
    chosen: u64,
}

impl Withholding {
    /// A share in parts of a thousand (0 to 1000).
    pub fn new(seed: u64, permille: u32) -> Self {
        let share = u64::from(permille.min(1000));
        let divisor = greatest_common_divisor(1000, share);
        Self { seed, block: 1000 / divisor, chosen: share / divisor }
    }

    /// Whether the post with this ordinal (from 0) is withheld.
    pub fn withholds(&self, ordinal: u64) -> bool {
        let (block, place) = (ordinal / self.block, ordinal % self.block);
        let mut places: Vec<u64> = (0..self.block).collect();
        let mut chance = Chance::new(self.seed, block.wrapping_add(0x5717));
        for taken in 0..self.chosen {
            let taken = usize::try_from(taken).expect("a block has at most a thousand places");
            let other = taken + chance.index(places.len() - taken);
            places.swap(taken, other);
            if places[taken] == place {
                return true;
            }
        }
        false
    }
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_run() {
        let (mut a, mut b) = (Chance::new(7, 1), Chance::new(7, 1));
        assert!((0..100).all(|_| a.bits() == b.bits()));
        assert_ne!(Chance::new(7, 1).bits(), Chance::new(7, 2).bits());
        assert_eq!(Chance::new(42, 0).bits(), 2_949_826_092_126_892_291);
    }

    #[test]
    fn numbers_stay_in_their_range() {
        let mut chance = Chance::new(1, 1);
        assert!((0..1000).all(|_| (-3..=5).contains(&chance.between(-3, 5))));
        assert_eq!(chance.below(0), 0);
    }

    #[test]
    fn the_withheld_share_is_exact_in_every_block() {
        for (permille, per_thousand) in [(0, 0), (10, 10), (25, 25), (300, 300), (1000, 1000)] {
            for seed in 0..5 {
                let withholding = Withholding::new(seed, permille);
                let count = (0..1000).filter(|n| withholding.withholds(*n)).count();
                assert_eq!(count, per_thousand, "{permille} of a thousand with seed {seed}");
            }
        }
    }

    #[test]
    fn one_percent_takes_one_of_each_hundred_at_a_place_of_the_seed() {
        let places = |seed| -> Vec<u64> {
            let withholding = Withholding::new(seed, 10);
            (0..500).filter(|n| withholding.withholds(*n)).collect()
        };
        let of_seed_one = places(1);
        assert_eq!(of_seed_one.len(), 5);
        assert!(of_seed_one.iter().enumerate().all(|(block, n)| n / 100 == block as u64));
        assert_ne!(of_seed_one, places(2));
    }
}
