//! Prints `docs/metrics.md`; `just generate` runs it.

fn main() {
    print!("{}", bootstrap::metrics::catalogue::markdown());
}
