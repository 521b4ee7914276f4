//! One measured point of a benchmark, and what several rounds of it come to.

use serde::Serialize;

/// What one run of one point came to.
#[derive(Debug, Clone, Serialize)]
pub struct Run {
    pub per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub accepted: u64,
    pub refused: u64,
    pub busy: u64,
    pub failed: u64,
    /// Microseconds of CPU an accepted bid, by who spent them.
    pub cpu_micros: Vec<(&'static str, f64)>,
    /// The share of the machine's CPU that went to processes which are not part of the benchmark.
    pub others_share: f64,
    /// Whether what was acknowledged is what is on disk.
    pub books: Books,
}

/// The count of acknowledged bids against the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Books {
    pub acknowledged: u64,
    pub recorded: u64,
}

impl Books {
    pub fn balance(self) -> bool {
        self.acknowledged == self.recorded
    }
}

/// A point over all its rounds: totals for the rate, the median round for p50, the worst one for p99.
#[derive(Debug, Clone, Serialize)]
pub struct Point {
    pub design: &'static str,
    pub lots: u32,
    pub clients: u32,
    pub runs: Vec<Run>,
}

impl Point {
    /// Accepted bids a second, as the mean of the rounds (each lasts equally long).
    pub fn per_second(&self) -> f64 {
        mean(self.runs.iter().map(|run| run.per_second))
    }

    pub fn p50_ms(&self) -> f64 {
        median(self.runs.iter().map(|run| run.p50_ms).collect())
    }

    pub fn worst_p99_ms(&self) -> f64 {
        self.runs.iter().map(|run| run.p99_ms).fold(0.0, f64::max)
    }

    /// Mean microseconds of CPU a bid, by who spent them.
    pub fn cpu_micros(&self) -> Vec<(&'static str, f64)> {
        let Some(first) = self.runs.first() else { return Vec::new() };
        let of = |label: &str| {
            mean(
                self.runs
                    .iter()
                    .flat_map(|run| &run.cpu_micros)
                    .filter(|(l, _)| *l == label)
                    .map(|&(_, micros)| micros),
            )
        };
        first.cpu_micros.iter().map(|&(label, _)| (label, of(label))).collect()
    }

    /// Mean microseconds of CPU a bid over everybody who took part, the load generator included: what bounds the rate of a
    /// machine that is not shared.
    pub fn whole_cpu_micros(&self) -> f64 {
        self.cpu_micros().iter().map(|&(_, micros)| micros).sum()
    }

    pub fn others_share(&self) -> f64 {
        mean(self.runs.iter().map(|run| run.others_share))
    }

    pub fn books_balance(&self) -> bool {
        self.runs.iter().all(|run| run.books.balance())
    }

    /// How many times the rate of another point.
    pub fn ratio_to(&self, other: &Self) -> f64 {
        self.per_second() / other.per_second().max(f64::MIN_POSITIVE)
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    if count > 0.0 { sum / count } else { 0.0 }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// The value at a quantile of sorted microseconds, in milliseconds.
pub fn quantile_ms(sorted_micros: &[u64], quantile: f64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index into at most some million values"
    )]
    let index = ((sorted_micros.len() as f64 * quantile).ceil() as usize).saturating_sub(1);
    #[expect(clippy::cast_precision_loss, reason = "microseconds of at most a minute")]
    sorted_micros.get(index).map_or(0.0, |&micros| micros as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(per_second: f64, p99_ms: f64) -> Run {
        let books = Books { acknowledged: 10, recorded: 10 };
        let cpu_micros = vec![("engine", per_second / 10.0)];
        Run {
            per_second,
            p50_ms: 1.0,
            p99_ms,
            accepted: 10,
            refused: 0,
            busy: 0,
            failed: 0,
            cpu_micros,
            others_share: 0.5,
            books,
        }
    }

    #[test]
    fn a_point_never_shows_its_best_round_only() {
        let point = Point { design: "engine", lots: 1, clients: 64, runs: vec![run(100.0, 5.0), run(300.0, 9.0)] };
        assert!((point.per_second() - 200.0).abs() < 1e-9);
        assert!((point.worst_p99_ms() - 9.0).abs() < 1e-9);
        assert!((point.cpu_micros()[0].1 - 20.0).abs() < 1e-9);
    }

    #[test]
    fn one_unbalanced_round_spoils_the_point() {
        let mut unbalanced = run(1.0, 1.0);
        unbalanced.books.recorded = 9;
        let point = Point { design: "engine", lots: 1, clients: 64, runs: vec![run(1.0, 1.0), unbalanced] };
        assert!(!point.books_balance());
    }

    #[test]
    fn quantiles_are_values_that_occurred() {
        let micros: Vec<u64> = (1..=100).map(|n| n * 1000).collect();
        assert!((quantile_ms(&micros, 0.5) - 50.0).abs() < 1e-9);
        assert!((quantile_ms(&micros, 0.99) - 99.0).abs() < 1e-9);
        assert!(quantile_ms(&[], 0.99).abs() < 1e-9);
    }
}
