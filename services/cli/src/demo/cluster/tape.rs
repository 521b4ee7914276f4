//! What the receiver recorded, by ffprobe: how long, how many frames, and the longest gap between two.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::commands::Program;
use super::millis;

const DEADLINE: Duration = Duration::from_mins(1);

/// The recordings of a show as one: a connection each.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Tape {
    pub(super) connections: usize,
    pub(super) frames: usize,
    pub(super) seconds: f64,
    /// Between two frames of one connection.
    pub(super) longest_gap_ms: u64,
}

/// Reads every recording.
pub(super) async fn of(paths: &[PathBuf]) -> anyhow::Result<Tape> {
    let mut tape = Tape { connections: paths.len(), ..Tape::default() };
    for path in paths {
        let path = path.display().to_string();
        let ask = ["-v", "error", "-select_streams", "v", "-show_entries", "packet=pts_time", "-of", "csv=p=0", &path];
        tape.add(&times(&Program::new("ffprobe").run(&ask, DEADLINE).await?));
    }
    Ok(tape)
}

/// Milliseconds, in order.
fn times(table: &str) -> Vec<u64> {
    let seconds = table.lines().filter_map(|line| line.trim_end_matches(',').parse::<f64>().ok());
    let mut times: Vec<u64> = seconds.map(|seconds| millis(Duration::from_secs_f64(seconds.max(0.0)))).collect();
    times.sort_unstable();
    times
}

impl Tape {
    fn add(&mut self, times: &[u64]) {
        let (Some(first), Some(last)) = (times.first(), times.last()) else { return };
        self.frames += times.len();
        self.seconds += Duration::from_millis(last - first).as_secs_f64();
        let longest = times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
        self.longest_gap_ms = self.longest_gap_ms.max(longest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_and_the_longest_gap_is_found_whatever_their_order() {
        let mut tape = Tape { connections: 1, ..Tape::default() };
        tape.add(&times("0.000000\n0.033000\n0.533000,\n0.066000\n\n"));
        assert_eq!((tape.frames, tape.longest_gap_ms), (4, 467));
        assert!((tape.seconds - 0.533).abs() < 1e-9);
    }
}
