//! One child process: started, watched, started again after a growing pause, stopped softly and then hard.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bootstrap::ports::Ports;
use nix::sys::signal::Signal;
use private_servers::{Death, Identity, Output, Tie, Tied, spawn_tied};

use super::backoff::Backoff;

/// A soft stop flushes, drains and releases a lease; services bound themselves below this.
const STOP_GRACE: Duration = Duration::from_secs(20);
/// How often a waiting caller looks for the ports file.
const PORTS_POLL: Duration = Duration::from_millis(20);

/// How a child is started.
#[derive(Debug, Clone)]
pub struct Recipe {
    pub name: String,
    pub program: PathBuf,
    pub arguments: Vec<String>,
    pub environment: Vec<(String, String)>,
    /// Its output and errors, appended.
    pub log: PathBuf,
    /// Where it writes the ports that it bound.
    pub ports_file: PathBuf,
}

/// A child under watch.
#[derive(Debug)]
pub struct Child {
    recipe: Recipe,
    state: State,
    backoff: Backoff,
}

#[derive(Debug)]
enum State {
    Running {
        process: Tied,
        since: Instant,
    },
    /// Ended; to be started again at this instant.
    Waiting {
        until: Instant,
    },
    /// Held back on purpose: by a stop, or by a drill that has killed it.
    Stopped,
}

/// What a look at a child found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    Unchanged,
    /// It ended and will be started again after the pause.
    Ended {
        status: ExitStatus,
        pause: Duration,
        quick_ends: u32,
    },
    StartedAgain,
}

impl Child {
    /// Starts it for the first time.
    pub fn start(recipe: Recipe) -> anyhow::Result<Self> {
        let process = launch(&recipe)?;
        let state = State::Running { process, since: Instant::now() };
        Ok(Self { recipe, state, backoff: Backoff::default() })
    }

    pub fn name(&self) -> &str {
        &self.recipe.name
    }

    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The process id while it runs.
    pub fn pid(&self) -> Option<i32> {
        match &self.state {
            State::Running { process, .. } => Some(process.pid()),
            State::Waiting { .. } | State::Stopped => None,
        }
    }

    /// Looks once: notes an end, starts it again when its pause is over. `jitter` is in 0..=1.
    pub fn tend(&mut self, now: Instant, jitter: f64) -> anyhow::Result<Seen> {
        match &mut self.state {
            State::Running { process, since } => {
                let ended = process.try_wait().with_context(|| format!("{} cannot be watched", self.recipe.name))?;
                let Some(status) = ended else { return Ok(Seen::Unchanged) };
                let pause = self.backoff.next_pause(now.duration_since(*since), jitter);
                self.state = State::Waiting { until: now + pause };
                Ok(Seen::Ended { status, pause, quick_ends: self.backoff.quick_ends() })
            }
            State::Waiting { until } if now >= *until => {
                self.start_again()?;
                Ok(Seen::StartedAgain)
            }
            State::Waiting { .. } | State::Stopped => Ok(Seen::Unchanged),
        }
    }

    /// Starts it now, whatever pause it was in.
    pub fn start_again(&mut self) -> anyhow::Result<()> {
        self.state = State::Running { process: launch(&self.recipe)?, since: Instant::now() };
        Ok(())
    }

    /// Sends a signal while it runs (a drill pauses and continues with this).
    pub fn signal(&self, signal: Signal) {
        if let State::Running { process, .. } = &self.state {
            process.signal(signal);
        }
    }

    /// Kills it at once and leaves it dead until [`Self::start_again`].
    pub fn kill9(&mut self) {
        if let State::Running { mut process, .. } = std::mem::replace(&mut self.state, State::Stopped) {
            process.kill9();
        }
    }

    /// Stops it softly, and hard when its grace is over. Returns whether it stopped by itself.
    pub async fn stop(&mut self) -> bool {
        let State::Running { mut process, .. } = std::mem::replace(&mut self.state, State::Stopped) else {
            return true;
        };
        process.signal(Signal::SIGTERM);
        if matches!(process.wait(STOP_GRACE).await, Ok(Some(_))) {
            return true;
        }
        process.kill9();
        false
    }

    /// The ports that it bound, once it has published them; `None` when `deadline` passes first.
    pub async fn ports(&self, deadline: Duration) -> Option<Ports> {
        let begun = Instant::now();
        loop {
            if let Some(ports) = read_ports(&self.recipe.ports_file) {
                return Some(ports);
            }
            if begun.elapsed() >= deadline {
                return None;
            }
            tokio::time::sleep(PORTS_POLL).await;
        }
    }

    /// The last lines of its log, for an error message.
    pub fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.recipe.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(3).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

fn read_ports(file: &Path) -> Option<Ports> {
    serde_json::from_str(&fs::read_to_string(file).ok()?).ok()
}

fn launch(recipe: &Recipe) -> anyhow::Result<Tied> {
    // The ports of an earlier life must not be taken for the new one's.
    if recipe.ports_file.exists() {
        fs::remove_file(&recipe.ports_file)
            .with_context(|| format!("{} cannot be removed", recipe.ports_file.display()))?;
    }
    let log = File::options().create(true).append(true).open(&recipe.log);
    let log = log.with_context(|| format!("{} cannot be written", recipe.log.display()))?;
    let mut command = Command::new(&recipe.program);
    command.args(&recipe.arguments).envs(recipe.environment.iter().map(|(name, value)| (name, value)));
    let tie = Tie { death: Death::Terminate, identity: Identity::Same, output: Output::File(log) };
    spawn_tied(&command, tie).with_context(|| format!("{} cannot be started", recipe.program.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(directory: &Path, script: &str) -> Recipe {
        Recipe {
            name: "child".into(),
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            environment: vec![("GREETING".into(), "good evening".into())],
            log: directory.join("child.jsonl"),
            ports_file: directory.join("child.json"),
        }
    }

    async fn until_ended(child: &mut Child) -> Seen {
        for _ in 0..500 {
            let seen = child.tend(Instant::now(), 0.0).unwrap();
            if seen != Seen::Unchanged {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the child did not end");
    }

    #[tokio::test]
    async fn a_child_that_ends_is_started_again_after_its_pause() {
        let directory = tempfile::tempdir().unwrap();
        let mut child = Child::start(recipe(directory.path(), "echo \"$GREETING\"; exit 3")).unwrap();
        let Seen::Ended { status, pause, quick_ends } = until_ended(&mut child).await else { panic!("it must end") };
        assert_eq!((status.code(), quick_ends), (Some(3), 1));
        assert_eq!(child.tend(Instant::now(), 0.0).unwrap(), Seen::Unchanged, "not before its pause is over");
        assert_eq!(child.tend(Instant::now() + pause, 0.0).unwrap(), Seen::StartedAgain);
        until_ended(&mut child).await;
        assert_eq!(child.last_words(), "good evening\ngood evening");
    }

    #[tokio::test]
    async fn a_soft_stop_lets_the_child_end_by_itself() {
        let directory = tempfile::tempdir().unwrap();
        let ports = r#"{"api":1,"ws":2,"metrics":3,"health":4}"#;
        let publish = format!("echo '{ports}' > \"$PORTS.partial\"; mv \"$PORTS.partial\" \"$PORTS\"");
        let script = format!("trap 'echo bye; exit 0' TERM; {publish}; while :; do sleep 0.05; done");
        let mut recipe = recipe(directory.path(), &script);
        recipe.environment.push(("PORTS".into(), recipe.ports_file.display().to_string()));
        let mut child = Child::start(recipe).unwrap();
        assert_eq!(child.ports(Duration::from_secs(10)).await.unwrap().api, 1);
        let pid = child.pid().unwrap();
        assert!(child.stop().await);
        assert_eq!(child.last_words(), "bye");
        assert!(!Path::new(&format!("/proc/{pid}")).exists());
    }
}
