//! The programs that a user would type: each is run with a deadline and says what it said when it fails.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use serde::de::DeserializeOwned;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::trouble::Trouble;

/// Lines of a failed program's words that are repeated.
const WORDS: usize = 12;

/// A program, with the arguments that it always has.
#[derive(Debug, Clone)]
pub(super) struct Program {
    path: PathBuf,
    always: Vec<String>,
}

impl Program {
    pub(super) fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), always: Vec::new() }
    }

    /// The same with more arguments that it always has.
    pub(super) fn with(&self, more: &[&str]) -> Self {
        let always = self.always.iter().cloned().chain(more.iter().map(ToString::to_string)).collect();
        Self { path: self.path.clone(), always }
    }

    /// Runs it and returns what it printed.
    pub(super) async fn run(&self, arguments: &[&str], deadline: Duration) -> anyhow::Result<String> {
        self.feed(arguments, "", deadline).await
    }

    /// Runs it with a text on its standard input.
    pub(super) async fn feed(&self, arguments: &[&str], input: &str, deadline: Duration) -> anyhow::Result<String> {
        let mut command = Command::new(&self.path);
        command.args(&self.always).args(arguments).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("{} cannot be started", self.path.display()))?;
        let mut stdin = child.stdin.take().context("a piped standard input is there")?;
        let fed = async {
            // A program that does not read its input ends without it.
            drop(stdin.write_all(input.as_bytes()).await);
            drop(stdin);
            child.wait_with_output().await
        };
        let line = self.line(arguments);
        let ended = tokio::time::timeout(deadline, fed).await;
        let output = ended.map_err(|_| failed(&line, &format!("no end within {} s", deadline.as_secs())))??;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(failed(&line, &last_words(&String::from_utf8_lossy(&output.stderr))).into())
    }

    /// Runs it and reads what it printed as JSON.
    pub(super) async fn read<T: DeserializeOwned>(&self, arguments: &[&str], deadline: Duration) -> anyhow::Result<T> {
        let text = self.run(arguments, deadline).await?;
        serde_json::from_str(&text).with_context(|| format!("{} printed no JSON as expected", self.line(arguments)))
    }

    /// What a person would type.
    fn line(&self, arguments: &[&str]) -> String {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let always = self.always.iter().map(String::as_str);
        std::iter::once(name.as_str()).chain(always).chain(arguments.iter().copied()).collect::<Vec<_>>().join(" ")
    }
}

/// A program of the project's, next to this one.
pub(super) fn beside_this_one(programs: &Path, name: &str) -> Result<Program, Trouble> {
    let path = programs.join(name);
    if path.exists() {
        return Ok(Program::new(path));
    }
    let message = format!("{} is not there", path.display());
    Err(Trouble::new("ProgramMissing", message, "run it as `./just cluster demo`, which builds every program first"))
}

fn last_words(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(WORDS)..].join("\n  ")
}

fn failed(line: &str, what: &str) -> Trouble {
    Trouble::new(
        "CommandFailed",
        format!("`{line}` failed: {what}"),
        "run it by hand with --keep, and see docs/cluster.md",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn a_program_reads_its_input_and_its_output_is_returned() {
        let cat = Program::new("cat").with(&["-"]);
        assert_eq!(cat.feed(&[], "a\nb", SOON).await.unwrap(), "a\nb");
        let read: Vec<u8> = Program::new("echo").read(&["[1,2]"], SOON).await.unwrap();
        assert_eq!(read, [1, 2]);
    }

    #[tokio::test]
    async fn a_failure_repeats_the_program_s_last_words_and_an_endless_one_is_ended() {
        let shell = Program::new("sh").with(&["-c"]);
        let words = shell.run(&["echo sorry >&2; exit 3"], SOON).await.unwrap_err().to_string();
        assert!(words.contains("sorry") && words.contains("sh -c"), "{words}");
        let words = shell.run(&["sleep 60"], Duration::from_millis(50)).await.unwrap_err().to_string();
        assert!(words.contains("no end"), "{words}");
    }
}
