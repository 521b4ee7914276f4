//! The drill's table and report.

use std::collections::BTreeMap;

use serde::Serialize;

use super::check::Violation;
use super::nemesis;
use super::round::{Figures, Outcome};

/// Violations of one check that are printed; thousands say no more than a few.
const SHOWN_OF_A_CHECK: usize = 5;

/// What `--report` writes.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Report {
    seed: u64,
    rounds: Vec<Line>,
    violations: usize,
}

#[derive(Debug, Clone, Serialize)]
struct Line {
    round: u32,
    blows: Vec<nemesis::Planned>,
    figures: Figures,
    violations: Vec<Violation>,
    seconds: f64,
}

impl Report {
    pub(super) fn new(seed: u64, outcomes: &[Outcome]) -> Self {
        let line = |outcome: &Outcome| Line {
            round: outcome.round,
            blows: outcome.blows.clone(),
            figures: outcome.figures,
            violations: outcome.violations.clone(),
            seconds: outcome.took.as_secs_f64(),
        };
        let violations = outcomes.iter().map(|outcome| outcome.violations.len()).sum();
        Self { seed, rounds: outcomes.iter().map(line).collect(), violations }
    }
}

pub(super) fn print_head() {
    println!(
        "{:>5} {:>6} {:>8} {:>8} {:>7} {:>5} {:>6} {:>6} {:>10} {:>5}  blows",
        "round", "asked", "answered", "accepted", "rows", "posts", "epochs", "seen", "violations", "s"
    );
}

pub(super) fn print_line(outcome: &Outcome) {
    let Figures { asked, answered, accepted, rows, posts, epochs, seen } = outcome.figures;
    let blows: Vec<&str> = outcome.blows.iter().map(|planned| planned.blow.name()).collect();
    println!(
        "{:>5} {asked:>6} {answered:>8} {accepted:>8} {rows:>7} {posts:>5} {epochs:>6} {seen:>6} {:>10} {:>5.1}  {}",
        outcome.round,
        outcome.violations.len(),
        outcome.took.as_secs_f64(),
        blows.join(", "),
    );
    print_violations(&outcome.violations);
}

fn print_violations(violations: &[Violation]) {
    let mut by_check: BTreeMap<_, Vec<&Violation>> = BTreeMap::new();
    for violation in violations {
        by_check.entry(violation.check).or_default().push(violation);
    }
    for (check, violations) in by_check {
        println!("      VIOLATED: {check} ({} times)", violations.len());
        for violation in violations.iter().take(SHOWN_OF_A_CHECK) {
            println!("        {}", violation.evidence);
        }
    }
}

pub(super) fn print_total(outcomes: &[Outcome]) {
    let sum = |figure: fn(&Figures) -> usize| outcomes.iter().map(|outcome| figure(&outcome.figures)).sum::<usize>();
    let violations: usize = outcomes.iter().map(|outcome| outcome.violations.len()).sum();
    println!(
        "{} rounds: {} bids asked, {} answers held against {} rows, {} prices seen by viewers; {} violations",
        outcomes.len(),
        sum(|figures| figures.asked),
        sum(|figures| figures.answered),
        sum(|figures| figures.rows),
        sum(|figures| figures.seen),
        violations,
    );
}
