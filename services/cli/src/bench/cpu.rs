//! CPU time, from /proc: of a process with its children, and of the whole machine.
//!
//! A rate on a shared machine says little; CPU time a bid, and what share others took meanwhile, say whether to believe it.

use std::collections::BTreeMap;
use std::fs;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

/// Linux counts a process's time in hundredths of a second for user space, whatever the kernel's own tick.
const TICK_MICROS: u64 = 10_000;

/// CPU time at one instant, in microseconds since boot.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// By the caller's own label.
    watched: BTreeMap<&'static str, u64>,
    machine: Machine,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Machine {
    busy: u64,
    all: u64,
}

/// CPU time between two readings.
#[derive(Debug, Clone, Default)]
pub struct Spent {
    watched: BTreeMap<&'static str, u64>,
    machine: Machine,
}

/// Reads the time used so far by each labelled process and its living and reaped children.
pub fn read(watched: &[(&'static str, i32)]) -> Reading {
    let processes = processes();
    let times = watched.iter().map(|&(label, pid)| (label, time_of_tree(&processes, pid) * TICK_MICROS)).collect();
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    Reading { watched: times, machine: machine(&stat) }
}

/// Microseconds used by all children of this process that have ended and been waited for.
pub fn reaped() -> nix::Result<u64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(u64::try_from(micros).unwrap_or(0))
}

impl Reading {
    /// What was spent between this reading and a later one.
    pub fn until(&self, later: &Self) -> Spent {
        let of = |label: &'static str| self.watched.get(label).copied().unwrap_or(0);
        let watched = later.watched.iter().map(|(&label, &time)| (label, time.saturating_sub(of(label)))).collect();
        let machine = Machine {
            busy: later.machine.busy.saturating_sub(self.machine.busy),
            all: later.machine.all.saturating_sub(self.machine.all),
        };
        Spent { watched, machine }
    }
}

impl Spent {
    /// The same with one more of the watched.
    #[must_use]
    pub fn with(mut self, label: &'static str, micros: u64) -> Self {
        self.watched.insert(label, micros);
        self
    }

    /// Microseconds spent by one of the watched.
    pub fn micros(&self, label: &str) -> u64 {
        self.watched.get(label).copied().unwrap_or(0)
    }

    /// The share of all CPU time, 0 to 1, that went to processes which are not watched.
    #[expect(clippy::cast_precision_loss, reason = "a share needs three digits")]
    pub fn others_share(&self) -> f64 {
        let ours: u64 = self.watched.values().sum();
        self.machine.busy.saturating_sub(ours) as f64 / self.machine.all.max(1) as f64
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Process {
    pid: i32,
    parent: i32,
    /// Its own time and that of the children that it has reaped, in ticks.
    time: u64,
}

fn processes() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbered = entries.filter(|entry| entry.file_name().to_str().is_some_and(|name| name.parse::<i32>().is_ok()));
    numbered.filter_map(|entry| process(&fs::read_to_string(entry.path().join("stat")).ok()?)).collect()
}

/// Reads a line of `/proc/PID/stat`; the name in brackets may hold anything.
fn process(stat: &str) -> Option<Process> {
    let pid = stat.split(' ').next()?.parse().ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let time = fields.get(11..15)?.iter().filter_map(|field| field.parse::<u64>().ok()).sum();
    Some(Process { pid, parent: fields.get(1)?.parse().ok()?, time })
}

fn time_of_tree(processes: &[Process], root: i32) -> u64 {
    let own = processes.iter().find(|process| process.pid == root).map_or(0, |process| process.time);
    let children = processes.iter().filter(|process| process.parent == root && process.pid != root);
    own + children.map(|child| time_of_tree(processes, child.pid)).sum::<u64>()
}

/// Reads the first line of `/proc/stat`.
fn machine(stat: &str) -> Machine {
    let line = stat.lines().next().unwrap_or_default();
    let ticks: Vec<u64> = line.split_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal; guest time is inside user's.
    let all: u64 = ticks.iter().take(8).sum();
    let idle: u64 = ticks.iter().skip(3).take(2).sum();
    Machine { busy: (all - idle) * TICK_MICROS, all: all * TICK_MICROS }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_brackets_does_not_shift_the_fields() {
        let stat = "42 (a (b) c) S 7 42 42 0 -1 4194304 1 2 3 4 100 20 3 1 20 0 1 0 5 6 7";
        assert_eq!(process(stat), Some(Process { pid: 42, parent: 7, time: 124 }));
    }

    #[test]
    fn a_tree_counts_its_children_once() {
        let process = |pid, parent, time| Process { pid, parent, time };
        let all = [process(1, 0, 5), process(10, 1, 7), process(11, 10, 2), process(12, 1, 1)];
        assert_eq!(time_of_tree(&all, 10), 9);
        assert_eq!(time_of_tree(&all, 1), 15);
    }

    #[test]
    fn waiting_for_the_disk_is_not_busy() {
        let machine = machine("cpu  10 0 5 80 5 0 0 0 0 0\ncpu0 1 2 3 4\n");
        assert_eq!(machine, Machine { busy: 15 * TICK_MICROS, all: 100 * TICK_MICROS });
    }

    #[test]
    fn what_is_not_watched_belongs_to_others() {
        let before = Reading::default();
        let machine = Machine { busy: 80, all: 100 };
        let after = Reading { watched: BTreeMap::from([("engine", 30)]), machine };
        let spent = before.until(&after);
        assert_eq!(spent.micros("engine"), 30);
        assert!((spent.others_share() - 0.5).abs() < 1e-9);
    }
}
