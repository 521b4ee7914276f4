//! Short commands: run to their end, their errors told.

use std::process::{Command, Stdio};

use crate::Error;

/// Runs a program to its end and returns what it printed.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Result<String, Error> {
    let mut command = Command::new(program);
    command.args(arguments);
    run_command(command)
}

/// The same for a command that is made already. It has a process group of its own: Ctrl-C on a terminal is for us, who
/// then stop in order.
pub(crate) fn run_command(mut command: Command) -> Result<String, Error> {
    let name = command.get_program().to_string_lossy().into_owned();
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let output =
        command.stdin(Stdio::null()).output().map_err(|source| Error::Spawn { program: name.clone(), source })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let words = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ");
    let told = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Error::Failed { program: format!("{name} {words}"), output: told })
}
