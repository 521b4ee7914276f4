//! Child processes that die with their parent, however the parent dies.
//!
//! The kernel sends a chosen signal when the *thread* that made the child ends, so every child is made by one thread that
//! lives as long as the process. `setpriv` (util-linux) sets that signal and changes the user, without unsafe code here.

use std::fs::File;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How often a waiting caller looks whether a child has ended.
const EXIT_POLL: Duration = Duration::from_millis(10);

/// What the kernel sends the child when the parent is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    Kill,
    Terminate,
    Interrupt,
}

/// Whom the child runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    Same,
    User { uid: u32, gid: u32 },
}

/// Where the child's output and errors go; its input is empty.
#[derive(Debug)]
pub enum Output {
    Inherit,
    Discard,
    /// Appended to this file.
    File(File),
    /// To be taken by [`Tied::take_output`].
    Pipe,
}

/// How a child is tied to this process.
#[derive(Debug)]
pub struct Tie {
    pub death: Death,
    pub identity: Identity,
    pub output: Output,
}

/// A child process tied to this one.
#[derive(Debug)]
pub struct Tied {
    child: Child,
}

type Request = (Command, std::sync::mpsc::SyncSender<std::io::Result<Child>>);

/// Starts `command` (program, arguments, environment and directory are taken from it) so that it receives the tie's
/// signal when this process ends.
pub fn spawn_tied(command: &Command, tie: Tie) -> std::io::Result<Tied> {
    let (answer, answered) = sync_channel(1);
    let Tie { death, identity, output } = tie;
    let mut outer = wrapped(command, death, &identity);
    let (out, err) = match output {
        Output::Inherit => (Stdio::inherit(), Stdio::inherit()),
        Output::Discard => (Stdio::null(), Stdio::null()),
        Output::File(file) => (file.try_clone()?.into(), file.into()),
        Output::Pipe => (Stdio::piped(), Stdio::piped()),
    };
    outer.stdin(Stdio::null()).stdout(out).stderr(err);
    spawner().send((outer, answer)).map_err(std::io::Error::other)?;
    let child = answered.recv().map_err(std::io::Error::other)??;
    Ok(Tied { child })
}

fn spawner() -> &'static Sender<Request> {
    static SPAWNER: OnceLock<Sender<Request>> = OnceLock::new();
    SPAWNER.get_or_init(|| {
        let (sender, requests) = channel::<Request>();
        std::thread::Builder::new()
            .name("spawner".into())
            .spawn(move || {
                for (mut command, answer) in requests {
                    // A caller that went away drops the child's handle; the child still dies with this process.
                    drop(answer.send(command.spawn()));
                }
            })
            .expect("one more thread can be had at start");
        sender
    })
}

fn wrapped(command: &Command, death: Death, identity: &Identity) -> Command {
    let mut outer = Command::new("setpriv");
    let signal = match death {
        Death::Kill => "KILL",
        Death::Terminate => "TERM",
        Death::Interrupt => "INT",
    };
    outer.args(["--pdeathsig", signal]);
    if let Identity::User { uid, gid } = identity {
        outer.arg(format!("--reuid={uid}")).arg(format!("--regid={gid}")).arg("--clear-groups");
    }
    outer.arg("--").arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    if let Some(directory) = command.get_current_dir() {
        outer.current_dir(directory);
    }
    // A group of its own: the terminal's Ctrl-C reaches us alone, and we stop the children in their order.
    std::os::unix::process::CommandExt::process_group(&mut outer, 0);
    outer
}

impl Tied {
    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a pid fits an i32")
    }

    /// The child's output and errors, once, when it was started with [`Output::Pipe`].
    pub fn take_output(&mut self) -> Option<(ChildStdout, ChildStderr)> {
        Some((self.child.stdout.take()?, self.child.stderr.take()?))
    }

    /// Sends a signal; a child that is already gone is fine.
    pub fn signal(&self, signal: Signal) {
        // Only ESRCH can happen: the pid is our own unreaped child's.
        let _ = kill(Pid::from_raw(self.pid()), signal);
    }

    /// Whether it has ended, and how.
    pub fn try_wait(&mut self) -> std::io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Waits for the end, at most `deadline`; `None` when it still runs.
    pub async fn wait(&mut self, deadline: Duration) -> std::io::Result<Option<ExitStatus>> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            if begun.elapsed() >= deadline {
                return Ok(None);
            }
            tokio::time::sleep(EXIT_POLL).await;
        }
    }

    /// Kills and reaps it.
    pub fn kill9(&mut self) {
        // Both fail only when the child is gone already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Tied {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.kill9();
        }
    }
}
