//! Daemons: processes that outlive their starter, known by pid and start time, so that a pid used again is nobody's victim.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::invocation::{self, Invocation};
use crate::{Error, files};

/// Every daemon has this in its environment; its value is the state directory.
pub(crate) const MARK: &str = "SOTHEBAIS_CLUSTER";

/// The child of `nsenter` appears at once, but for a busy machine.
const CHILD_DEADLINE: Duration = Duration::from_secs(10);
const KILL_DEADLINE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

/// A process that was started, as it is noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    /// Clock ticks after boot; with the pid it names one process for ever.
    started: u64,
}

/// What the kernel tells of a process.
struct Stat {
    state: char,
    started: u64,
    /// Resident pages.
    resident: u64,
}

impl Process {
    fn of(pid: i32) -> Option<Self> {
        Some(Self { pid, started: stat(pid)?.started })
    }

    pub(crate) fn is_alive(self) -> bool {
        stat(self.pid).is_some_and(|stat| stat.started == self.started && stat.state != 'Z')
    }

    pub(crate) fn signal(self, signal: Signal) {
        if self.is_alive() {
            // It may end between the look and the signal.
            let _ = kill(Pid::from_raw(self.pid), signal);
        }
    }

    /// Resident memory in bytes; none of one that is gone.
    pub(crate) fn resident_bytes(self) -> Option<u64> {
        const PAGE: u64 = 4096;
        self.is_alive().then(|| stat(self.pid).map(|stat| stat.resident * PAGE))?
    }

    /// Asks it to end, and kills it when it has not by then.
    pub(crate) fn end(self, patience: Duration) {
        self.signal(Signal::SIGTERM);
        self.signal(Signal::SIGCONT);
        if !self.wait_gone(patience) {
            self.kill9();
        }
    }

    pub(crate) fn kill9(self) {
        self.signal(Signal::SIGKILL);
        self.wait_gone(KILL_DEADLINE);
    }

    fn wait_gone(self, patience: Duration) -> bool {
        let begun = Instant::now();
        while self.is_alive() {
            if begun.elapsed() > patience {
                return false;
            }
            std::thread::sleep(POLL);
        }
        true
    }
}

/// Asks all to end, and kills those that have not by then.
pub(crate) fn end_all(processes: &[Process], patience: Duration) {
    for process in processes {
        process.signal(Signal::SIGTERM);
        process.signal(Signal::SIGCONT);
    }
    let begun = Instant::now();
    for process in processes {
        if !process.wait_gone(patience.saturating_sub(begun.elapsed())) {
            process.kill9();
        }
    }
}

/// Where daemons are noted and what they are marked with.
#[derive(Debug, Clone)]
pub(crate) struct Registry {
    state: PathBuf,
}

impl Registry {
    pub(crate) fn new(state: &Path) -> Self {
        Self { state: state.to_owned() }
    }

    fn note(&self, name: &str) -> PathBuf {
        self.state.join("processes").join(format!("{}.json", name.replace('/', ".")))
    }

    /// The process that was last started by that name, alive or not.
    pub(crate) fn find(&self, name: &str) -> Option<Process> {
        serde_json::from_slice(&fs::read(self.note(name)).ok()?).ok()
    }

    /// Whether it ended by itself: whoever ends a daemon on purpose forgets it.
    pub(crate) fn has_died(&self, name: &str) -> bool {
        self.find(name).is_some_and(|process| !process.is_alive())
    }

    pub(crate) fn forget(&self, name: &str) {
        // A note that is not there is what this asks for.
        drop(fs::remove_file(self.note(name)));
    }

    pub(crate) fn is_alive(&self, name: &str) -> bool {
        self.find(name).is_some_and(Process::is_alive)
    }

    /// Starts a daemon on this machine, its input closed and its output in `log`, and notes it.
    pub(crate) fn start(&self, name: &str, invocation: &Invocation, log: &Path) -> Result<Process, Error> {
        let pid = self.spawn(invocation, log)?;
        self.keep(name, pid, log)
    }

    /// The same for a program behind one that forks it and waits for it, such as `nsenter`: the inner one is noted. It runs
    /// when this returns: what `unshare` does between the fork and the program's start is done.
    pub(crate) fn start_inner(&self, name: &str, invocation: &Invocation, log: &Path) -> Result<Process, Error> {
        let outer = self.spawn(invocation, log)?;
        let begun = Instant::now();
        loop {
            if let Some(inner) = only_child(outer).filter(|&inner| is_another_program(inner, outer)) {
                return self.keep(name, inner, log);
            }
            if begun.elapsed() > CHILD_DEADLINE || stat(outer).is_none_or(|stat| stat.state == 'Z') {
                return Err(Error::Failed { program: name.into(), output: files::tail(log) });
            }
            std::thread::sleep(POLL);
        }
    }

    fn spawn(&self, invocation: &Invocation, log: &Path) -> Result<i32, Error> {
        let name = invocation::name(&invocation.program);
        let output = files::open_log(log)?;
        let errors = output.try_clone().map_err(Error::path(log))?;
        // A session of its own: no terminal's end or Ctrl-C reaches it.
        let mut command = Command::new("setsid");
        command.arg(&invocation.program).args(&invocation.arguments).env(MARK, &self.state).current_dir("/");
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        let child = command.spawn().map_err(|source| Error::Spawn { program: name, source })?;
        Ok(i32::try_from(child.id()).expect("a pid fits an i32"))
    }

    fn keep(&self, name: &str, pid: i32, log: &Path) -> Result<Process, Error> {
        let ended = || Error::Failed { program: name.into(), output: files::tail(log) };
        let process = Process::of(pid).ok_or_else(ended)?;
        let note = self.note(name);
        files::create_directory(note.parent().expect("a note lies in a directory"))?;
        files::write(&note, &serde_json::to_string(&process).expect("numbers are JSON"))?;
        Ok(process)
    }

    /// Every process with this cluster's mark, noted or not.
    pub(crate) fn marked(&self) -> Vec<Process> {
        let mark = format!("{MARK}={}", self.state.display());
        with_environment(|entry| entry == mark.as_bytes())
    }
}

/// Whether any cluster's daemon is on this machine.
pub(crate) fn anybody_marked() -> bool {
    let mark = format!("{MARK}=");
    !with_environment(|entry| entry.starts_with(mark.as_bytes())).is_empty()
}

fn with_environment(matches: impl Fn(&[u8]) -> bool) -> Vec<Process> {
    let own = i32::try_from(std::process::id()).expect("a pid fits an i32");
    all_pids()
        .filter(|&pid| pid != own)
        .filter(|pid| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|&byte| byte == 0).any(&matches)
        })
        .filter_map(Process::of)
        .filter(|process| process.is_alive())
        .collect()
}

pub(crate) fn all_pids() -> impl Iterator<Item = i32> {
    fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn only_child(pid: i32) -> Option<i32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}

/// Whether a fork has become a program of its own.
fn is_another_program(inner: i32, outer: i32) -> bool {
    let program = |pid: i32| fs::read_link(format!("/proc/{pid}/exe")).ok();
    match (program(inner), program(outer)) {
        (Some(inner), Some(outer)) => inner != outer,
        _ => false,
    }
}

fn stat(pid: i32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command's name stands in parentheses and may hold anything.
    let (_, after_name) = text.rsplit_once(')')?;
    let words: Vec<&str> = after_name.split_whitespace().collect();
    Some(Stat {
        state: words.first()?.chars().next()?,
        started: words.get(19)?.parse().ok()?,
        resident: words.get(21)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Invocation {
        Invocation { program: "/bin/sh".into(), arguments: vec!["-c".into(), script.into()] }
    }

    #[test]
    fn a_daemon_is_found_by_its_note_and_by_its_mark_until_it_is_ended() -> anyhow::Result<()> {
        let state = tempfile::tempdir()?;
        let registry = Registry::new(state.path());
        let process = registry.start("one", &shell("exec sleep 100"), &state.path().join("one.log"))?;
        assert_eq!(registry.find("one"), Some(process));
        let begun = Instant::now();
        // Between two programs of one process its environment is empty.
        while !registry.marked().contains(&process) {
            assert!(begun.elapsed() < KILL_DEADLINE, "the mark of a daemon that runs is seen");
            std::thread::sleep(POLL);
        }
        process.end(Duration::from_secs(5));
        assert!(!registry.is_alive("one") && registry.marked().is_empty());
        assert!(registry.has_died("one"), "nobody has said that this was wanted");
        registry.forget("one");
        assert!(!registry.has_died("one"));
        Ok(())
    }

    #[test]
    fn an_inner_daemon_is_noted_when_it_has_become_its_own_program() -> anyhow::Result<()> {
        let state = tempfile::tempdir()?;
        let registry = Registry::new(state.path());
        // The fork stays a shell for a while before it becomes what is waited for.
        let late = shell("(/bin/sleep 0.3; exec /bin/sleep 100) & wait");
        let process = registry.start_inner("late", &late, &state.path().join("late.log"))?;
        let program = fs::read_link(format!("/proc/{}/exe", process.pid))?;
        assert!(program.ends_with("sleep"), "{}", program.display());
        process.kill9();
        end_all(&registry.marked(), Duration::from_secs(5));
        Ok(())
    }

    #[test]
    fn a_pid_that_is_used_again_is_not_taken_for_the_daemon() {
        let own = Process::of(i32::try_from(std::process::id()).unwrap()).unwrap();
        let stranger = Process { started: own.started + 1, ..own };
        assert!(own.is_alive() && !stranger.is_alive());
    }
}
