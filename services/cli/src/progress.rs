//! Progress for a person: one line a step on standard error, so that standard output stays for results.

use std::io::{IsTerminal as _, Write as _};
use std::time::Instant;

/// Prints steps with the time since the start.
#[derive(Debug, Clone)]
pub struct Progress {
    begun: Instant,
    terminal: bool,
    quiet: bool,
}

impl Progress {
    pub fn new() -> Self {
        Self { begun: Instant::now(), terminal: std::io::stderr().is_terminal(), quiet: false }
    }

    /// Prints nothing; for programs that start machines by the dozen.
    pub fn silent() -> Self {
        Self { quiet: true, ..Self::new() }
    }

    /// Whether lines may be rewritten in place and coloured.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// A step has been done.
    pub fn done(&self, what: &str) {
        self.line(if self.terminal { "\x1b[32m✓\x1b[0m" } else { "ok" }, what);
    }

    /// Something that a person should know.
    pub fn note(&self, what: &str) {
        self.line(if self.terminal { "\x1b[33m•\x1b[0m" } else { "--" }, what);
    }

    fn line(&self, mark: &str, what: &str) {
        if self.quiet {
            return;
        }
        let clear = if self.terminal { "\r\x1b[K" } else { "" };
        // A closed standard error must not end a show.
        let _ = writeln!(std::io::stderr(), "{clear}{:>6.1} s {mark} {what}", self.begun.elapsed().as_secs_f64());
    }

    /// A line that the next one replaces; on anything but a terminal nothing is printed.
    pub fn passing(&self, what: &str) {
        if self.terminal && !self.quiet {
            let mut out = std::io::stderr();
            let _ = write!(out, "\r\x1b[K{:>6.1} s   {what}", self.begun.elapsed().as_secs_f64());
            let _ = out.flush();
        }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}
