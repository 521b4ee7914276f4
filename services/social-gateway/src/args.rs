//! The command line and the environment. Credentials come by [`crate::x::credentials`].

use std::path::PathBuf;
use std::time::Duration;

use auction_core::{Handle, Span};
use bootstrap::args::{Auth, Common, Database, Redis};
use clap::{Command, CommandFactory as _, FromArgMatches as _, Parser};

use crate::ingest::audit::Timing;
use crate::reply::plan::Mode;
use crate::x::credentials::{BadCredentials, Credentials, CredentialsFile};

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
    #[command(flatten)]
    pub auth: Auth,
    /// The house's handle on X; the credentials must be that account's.
    #[arg(long, visible_alias = "house", env = "X_HOUSE_HANDLE", value_parser = handle)]
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
    /// Minutes between look-ups of stored posts, so that deletions no event told of are honoured within a day.
    #[arg(long, env = "X_SWEEP_EVERY_MINUTES", default_value_t = 360, value_parser = clap::value_parser!(u64).range(1..=1_200))]
    pub sweep_every_minutes: u64,
    /// Days after which a post's text is let go; ids and hash stay.
    #[arg(long, env = "X_KEEP_TEXT_DAYS", default_value_t = 30, value_parser = clap::value_parser!(i64).range(1..=3_650))]
    pub keep_text_days: i64,
    /// Shortens the waits before coming back to a stream, in hundredths of X's own rule. Only for rehearsals.
    #[arg(long, env = "X_BACKOFF_PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub backoff_percent: u32,
    /// Credentials that the environment does not hold: a file (JSON, or one NAME=value a line), or a directory with a file
    /// for each name, as a mounted Secret is.
    #[arg(long, env = "X_CREDENTIALS_FILE")]
    pub credentials_file: Option<PathBuf>,
    /// Seconds of silence after which a stream is taken for dead; X sends a keep-alive every 20 s.
    #[arg(long, env = "X_STREAM_SILENCE_SECONDS", default_value_t = 25, value_parser = clap::value_parser!(u64).range(1..=120))]
    pub stream_silence_seconds: u64,
}

/// What the program is asked to do.
#[derive(Debug, Clone)]
pub enum Task {
    /// Run the gateway.
    Serve(Box<Args>),
    /// Print the description of the API (OpenAPI).
    Openapi,
}

impl Task {
    /// Reads the command line; ends the process with a message if it cannot be understood.
    pub fn parse() -> Self {
        Self::read(&command().get_matches()).unwrap_or_else(|error| error.exit())
    }

    fn read(matches: &clap::ArgMatches) -> Result<Self, clap::Error> {
        if matches.subcommand_name() == Some(OPENAPI) {
            return Ok(Self::Openapi);
        }
        Args::from_arg_matches(matches).map(|args| Self::Serve(Box::new(args)))
    }
}

const OPENAPI: &str = "openapi";

/// The gateway's own arguments, or a task that needs none of them.
fn command() -> Command {
    let openapi = Command::new(OPENAPI).about("Prints the description of the API (OpenAPI)");
    Args::command().subcommand(openapi).subcommand_negates_reqs(true).args_conflicts_with_subcommands(true)
}

const CREDENTIALS: &str = "Credentials come from the environment, or from --credentials-file for those that are not there: X_BEARER_TOKEN, X_API_KEY, X_API_SECRET_KEY, \
X_ACCESS_TOKEN, X_ACCESS_TOKEN_SECRET, each also as …_FILE with a path, each also with the prefix TWITTER_. In a rehearsal \
those that are missing are the X emulator's.";

impl Args {
    /// How audits are timed.
    pub fn timing(&self) -> Timing {
        Timing { every: Span(self.audit_every_ms), settle: Span(self.audit_settle_ms) }
    }

    /// Between look-ups of stored posts.
    pub fn sweep_every(&self) -> Duration {
        Duration::from_mins(self.sweep_every_minutes)
    }

    /// How long a post's text is kept.
    pub fn keep_text(&self) -> Span {
        Span::from_secs(self.keep_text_days * 86_400)
    }

    /// Silence that means death.
    pub fn silence(&self) -> Duration {
        Duration::from_secs(self.stream_silence_seconds)
    }

    /// Reads the credentials: from the environment, else from the file, else, in a rehearsal, the emulator's.
    pub fn credentials(&self) -> Result<Credentials, BadCredentials> {
        let file = self.credentials_file.as_deref().map(CredentialsFile::read).transpose()?.unwrap_or_default();
        #[expect(clippy::disallowed_methods, reason = "secrets are no arguments: a list of processes shows those")]
        let environment = |name: &str| std::env::var(name).ok();
        let given = Credentials::read(|name| environment(name).or_else(|| file.get(name)));
        match given {
            Err(BadCredentials::Missing { .. }) if self.auth.rehearsal => Ok(Credentials::rehearsal()),
            other => other,
        }
    }
}

fn handle(text: &str) -> Result<Handle, String> {
    Handle::new(text).map_err(|error| error.to_string())
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
        command().debug_assert();
    }

    #[test]
    fn the_description_needs_no_settings_and_serving_needs_them() {
        let read = |words: &[&str]| command().try_get_matches_from(words).and_then(|matches| Task::read(&matches));
        assert!(matches!(read(&["social-gateway", "openapi"]), Ok(Task::Openapi)));
        assert!(read(&["social-gateway", "--handle", "two words"]).is_err());
        let whole = [
            "social-gateway",
            "--handle=h",
            "--database-url=postgres://h/d",
            "--redis-url=redis://h/0",
            "--auth-jwks=keys.json",
            "--auth-issuer=i",
            "--auth-azp=p",
        ];
        assert!(matches!(read(&whole), Ok(Task::Serve(args)) if args.keep_text_days == 30));
    }
}
