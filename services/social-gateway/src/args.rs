//! The command line and the environment. Credentials come by [`crate::x::credentials`].

use std::time::Duration;

use auction_core::{Handle, Span};
use bootstrap::args::{Common, Database, Redis};
use clap::Parser;

use crate::ingest::audit::Timing;
use crate::reply::plan::Mode;
use crate::x::credentials::{BadCredentials, Credentials};

/// Reads posts from X into a handle's inbox, and answers them.
#[derive(Debug, Clone, Parser)]
#[command(version, about, after_help = CREDENTIALS)]
pub struct Args {
    #[command(flatten)]
    pub common: Common,
    #[command(flatten)]
    pub database: Database,
    #[command(flatten)]
    pub redis: Redis,
    /// The house's handle on X; the credentials must be that account's.
    #[arg(long, env = "X_HANDLE")]
    pub handle: Handle,
    /// X's API. Another address is for rehearsals.
    #[arg(long, env = "X_API_URL", default_value = "https://api.x.com")]
    pub x_api_url: String,
    /// The show that spending is counted for.
    #[arg(long, env = "X_SHOW", default_value = "default")]
    pub show: String,
    /// The most that the show may spend on X, in dollars; replies stop first, streams last.
    #[arg(long, env = "X_SPEND_CEILING", value_parser = micros)]
    pub spend_ceiling: Option<u64>,
    /// Whether bidders are answered on X.
    #[arg(long, env = "X_REPLIES", value_enum, default_value = "send")]
    pub replies: Mode,
    /// Milliseconds between routine comparisons of X's mentions with the inbox.
    #[arg(long, env = "X_AUDIT_EVERY_MS", default_value_t = 15_000, value_parser = clap::value_parser!(i64).range(1_000..=600_000))]
    pub audit_every_ms: i64,
    /// How late, in milliseconds, a post may appear among X's mentions.
    #[arg(long, env = "X_AUDIT_SETTLE_MS", default_value_t = 10_000, value_parser = clap::value_parser!(i64).range(0..=60_000))]
    pub audit_settle_ms: i64,
    /// Shortens the waits before coming back to a stream, in hundredths of X's own rule. Only for rehearsals.
    #[arg(long, env = "X_BACKOFF_PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub backoff_percent: u32,
    /// Seconds of silence after which a stream is taken for dead; X sends a keep-alive every 20 s.
    #[arg(long, env = "X_STREAM_SILENCE_SECONDS", default_value_t = 25, value_parser = clap::value_parser!(u64).range(1..=120))]
    pub stream_silence_seconds: u64,
}

const CREDENTIALS: &str = "Credentials come from the environment alone: X_BEARER_TOKEN, X_API_KEY, X_API_SECRET_KEY, \
X_ACCESS_TOKEN, X_ACCESS_TOKEN_SECRET, each also as …_FILE with a path, each also with the prefix TWITTER_.";

impl Args {
    /// How audits are timed.
    pub fn timing(&self) -> Timing {
        Timing { every: Span(self.audit_every_ms), settle: Span(self.audit_settle_ms) }
    }

    /// Silence that means death.
    pub fn silence(&self) -> Duration {
        Duration::from_secs(self.stream_silence_seconds)
    }

    /// Reads the credentials.
    pub fn credentials() -> Result<Credentials, BadCredentials> {
        #[expect(clippy::disallowed_methods, reason = "secrets are no arguments: a list of processes shows those")]
        Credentials::read(|name| std::env::var(name).ok())
    }
}

/// Dollars with up to six decimals, as micros.
fn micros(text: &str) -> Result<u64, String> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(decimals) || decimals.len() > 6 {
        return Err("write dollars such as 25 or 0.50".into());
    }
    format!("{whole}{decimals:0<6}").parse().map_err(|_| "that is more money than there is".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_read_to_the_micro() {
        let read = ["25", "0.50", "0.000001", "1.234567"].map(|text| micros(text).unwrap());
        assert_eq!(read, [25_000_000, 500_000, 1, 1_234_567]);
        for bad in ["", ".5", "-1", "1e3", "0.1234567", "99999999999999999999", "1,5"] {
            assert!(micros(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        <Args as clap::CommandFactory>::command().debug_assert();
    }
}
