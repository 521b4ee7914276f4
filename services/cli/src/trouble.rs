//! An error for a person: what went wrong under a stable code, and what to do about it.

use std::fmt;

/// What the command line prints when it gives up.
#[derive(Debug)]
pub struct Trouble {
    /// Stable, for scripts and searches.
    pub code: &'static str,
    pub message: String,
    pub remedy: String,
    source: Option<anyhow::Error>,
}

impl Trouble {
    pub fn new(code: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { code, message: message.into(), remedy: remedy.into(), source: None }
    }

    /// Keeps what it came from; its chain is printed below the message.
    #[must_use]
    pub fn because(self, source: impl Into<anyhow::Error>) -> Self {
        Self { source: Some(source.into()), ..self }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Trouble {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as _)
    }
}

/// The lines for the terminal: `error[Code]: message`, what caused it, and the remedy when there is one.
pub fn describe(error: &anyhow::Error) -> String {
    let code = error.chain().find_map(|cause| cause.downcast_ref::<Trouble>());
    let first = match code {
        Some(trouble) => format!("error[{}]: {error}", trouble.code),
        None => format!("error: {error}"),
    };
    let causes = error.chain().skip(1).map(|cause| format!("  because: {cause}"));
    let remedy = code.map(|trouble| format!("  remedy: {}", trouble.remedy));
    causes.chain(remedy).fold(first, |text, line| text + "\n" + &line)
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn the_code_and_the_remedy_are_found_beneath_added_context() {
        let trouble = Trouble::new("PortTaken", "port 4400 is taken", "stop the other program");
        let error = Err::<(), _>(trouble.because(std::io::Error::other("in use"))).context("the engine did not start");
        let text = describe(&error.unwrap_err());
        assert_eq!(
            text,
            "error[PortTaken]: the engine did not start\n  because: port 4400 is taken\n  because: in use\n  \
             remedy: stop the other program"
        );
    }
}
