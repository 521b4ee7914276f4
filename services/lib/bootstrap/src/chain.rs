//! An error with its causes, for a log line: our errors never repeat their source, so the top one alone says too little.

use std::error::Error;
use std::fmt;

/// Writes `error` and everything that caused it, outermost first, with `: ` between.
pub fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl fmt::Display + fmt::Debug + use<'a> {
    Chain(error)
}

struct Chain<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(out, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Chain<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the inbox could not be read")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn an_error_is_told_with_its_causes() {
        let error = Outer(std::io::Error::other("connection reset"));
        assert_eq!(chain(&error).to_string(), "the inbox could not be read: connection reset");
    }
}
