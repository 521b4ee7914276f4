//! The command line. `x-emulator serve --house sothebais` is a whole X for one machine; credentials have harmless
//! defaults, so that a gateway started with the same environment is let in.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use secrecy::{ExposeSecret, SecretString};

use crate::auth::{Credentials, Pair};
use crate::crowd::author_id;
use crate::crowd::watch::Planned;
use crate::emulator::Settings;
use crate::fault::Fault;
use crate::id::UserId;
use crate::text::is_handle;
use crate::world::{Lag, Nature};

/// A stand-in for X's v2 API, for rehearsals and tests.
#[derive(Debug, Parser)]
#[command(name = "x-emulator", version, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// What to do; without a subcommand, `serve`.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The arguments of `serve`, which is also what happens without a subcommand.
    #[command(flatten)]
    pub serve: Serve,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serves X's endpoints and, if asked, plays the crowd.
    Serve(Box<Serve>),
    /// Prints everybody who will post, as JSON lines `{"id","handle"}`, so that they can be registered beforehand.
    Authors(Box<Cast>),
}

/// `x-emulator serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Address, ports file, logs.
    #[command(flatten)]
    pub common: bootstrap::args::Common,
    /// Port of the API; the metrics port is 90 above, the health port 91. Otherwise `X_EMULATOR_PORT`, else 4700.
    #[arg(long)]
    pub port: Option<u16>,
    /// Handle of the house's account.
    #[arg(long, env = "X_HOUSE_HANDLE", default_value = "sothebais", value_parser = handle)]
    pub house: String,
    /// Id of the house's account; by default made from the handle.
    #[arg(long, env = "X_HOUSE_ID")]
    pub house_id: Option<u64>,
    /// When the show starts: an RFC 3339 time, or `now`. The crowd waits until it is known (POST /_emulator/show).
    #[arg(long, env = "SHOW_START", value_parser = show_start)]
    pub show_start: Option<ShowStart>,
    /// Where all chance comes from.
    #[arg(long, default_value_t = 20)]
    pub seed: u64,
    /// Who is let in.
    #[command(flatten)]
    pub secrets: Secrets,
    /// What X does.
    #[command(flatten)]
    pub habits: Habits,
    /// Who posts.
    #[command(flatten)]
    pub cast: Cast,
    /// How the show goes that a made-up crowd comes to.
    #[command(flatten)]
    pub show: Show,
}

/// Who posts.
#[derive(Debug, Clone, Args)]
pub struct Cast {
    /// Replays the posts of this file: JSON lines of X's v2 post objects or of {"author","text","at"}.
    #[arg(long, value_name = "FILE", conflicts_with = "crowd")]
    pub posts: Option<PathBuf>,
    /// Plays a made-up crowd.
    #[arg(long, env = "CROWD")]
    pub crowd: bool,
    /// People of the made-up crowd.
    #[arg(long, env = "CROWD_BIDDERS", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub bidders: u32,
    /// Where the made-up crowd comes from.
    #[arg(long, env = "CROWD_SEED", default_value_t = 1)]
    pub crowd_seed: u64,
}

/// How the show goes that a made-up crowd comes to.
#[derive(Debug, Clone, Args)]
pub struct Show {
    /// Posts of the whole show.
    #[arg(long, env = "CROWD_POSTS", default_value_t = 2_000)]
    pub crowd_posts: u64,
    /// The lots, as `opening ETH:seconds open:seconds of pause before it`, separated by commas.
    #[arg(long, env = "CROWD_LOTS", value_delimiter = ',', default_value = "0.1:30:0,0.5:30:8,1:30:8", value_parser = lot)]
    pub lots: Vec<Planned>,
    /// The engine's public WebSocket, to see prices and ends as a viewer does, such as `ws://127.0.0.1:4401/v1/ws`.
    #[arg(long, env = "CROWD_WATCH", requires = "auction")]
    pub watch: Option<String>,
    /// The auction to watch.
    #[arg(long, env = "CROWD_AUCTION")]
    pub auction: Option<String>,
}

/// When the show starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShowStart {
    /// As soon as the stand-in serves.
    Now,
    /// At this time, in milliseconds since the Unix epoch.
    At(i64),
}

/// The credentials that are accepted.
#[derive(Debug, Clone, Args)]
pub struct Secrets {
    /// The app's bearer token.
    #[arg(long, env = "X_BEARER_TOKEN", default_value = "rehearsal-bearer", hide_env_values = true)]
    pub bearer_token: SecretString,
    /// The app's OAuth 1.0a consumer key.
    #[arg(long, env = "X_API_KEY", default_value = "rehearsal-key", hide_env_values = true)]
    pub api_key: SecretString,
    /// The app's OAuth 1.0a consumer secret.
    #[arg(long, env = "X_API_SECRET_KEY", default_value = "rehearsal-secret", hide_env_values = true)]
    pub api_secret: SecretString,
    /// The house's OAuth 1.0a access token.
    #[arg(long, env = "X_ACCESS_TOKEN", default_value = "rehearsal-access", hide_env_values = true)]
    pub access_token: SecretString,
    /// The house's OAuth 1.0a access token secret.
    #[arg(long, env = "X_ACCESS_TOKEN_SECRET", default_value = "rehearsal-access-secret", hide_env_values = true)]
    pub access_token_secret: SecretString,
    /// The house's OAuth 2 user token.
    #[arg(long, env = "X_USER_TOKEN", default_value = "rehearsal-user", hide_env_values = true)]
    pub user_token: SecretString,
    /// What the crowd's bearer tokens are made from.
    #[arg(long, env = "X_CROWD_SECRET", default_value = "rehearsal-crowd", hide_env_values = true)]
    pub crowd_secret: SecretString,
}

/// What X does with posts and requests.
#[derive(Debug, Clone, Args)]
pub struct Habits {
    /// Posts naming the house that no stream carries and only the mentions timeline shows, in parts of a thousand.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub withhold_permille: u32,
    /// From a post to its event on the activity stream, in milliseconds: a number keeps the order of the posts, a range
    /// such as 20..150 does not.
    #[arg(long, default_value = "60", value_parser = lag)]
    pub activity_lag_ms: Lag,
    /// From a post to its line on the filtered stream, in milliseconds.
    #[arg(long, default_value = "500..6500", value_parser = lag)]
    pub filtered_lag_ms: Lag,
    /// From a post to its place in timelines and search, in milliseconds.
    #[arg(long, default_value = "200..1500", value_parser = lag)]
    pub listing_lag_ms: Lag,
    /// Blank lines on quiet streams come this often, in milliseconds.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(10..))]
    pub keep_alive_ms: u64,
    /// Posts that the house may make in fifteen minutes.
    #[arg(long, default_value_t = 100)]
    pub house_posts_per_window: u32,
    /// Posts that each person of the crowd may make in fifteen minutes.
    #[arg(long, default_value_t = 10_000)]
    pub crowd_posts_per_window: u32,
    /// Answers a spent window in the older form with code 88.
    #[arg(long)]
    pub legacy_limits: bool,
    /// A fault from the start, as the JSON that POST /_emulator/faults takes; may be repeated.
    #[arg(long = "fault", value_parser = fault)]
    pub faults: Vec<Fault>,
}

impl Serve {
    /// The id of the house's account.
    pub fn house_id(&self) -> UserId {
        UserId(self.house_id.unwrap_or_else(|| author_id(&self.house)))
    }

    /// How the world behaves.
    pub fn nature(&self) -> Nature {
        Nature {
            seed: self.seed,
            withheld_permille: self.habits.withhold_permille,
            activity: self.habits.activity_lag_ms,
            filtered: self.habits.filtered_lag_ms,
            listing: self.habits.listing_lag_ms,
        }
    }

    /// What does not change while the stand-in runs.
    pub fn settings(&self) -> Settings {
        let text = |secret: &SecretString| secret.expose_secret().to_owned();
        let secrets = &self.secrets;
        Settings {
            credentials: Credentials {
                consumer: Pair { key: text(&secrets.api_key), secret: text(&secrets.api_secret) },
                access: Pair { key: text(&secrets.access_token), secret: text(&secrets.access_token_secret) },
                bearer: text(&secrets.bearer_token),
                user_token: text(&secrets.user_token),
                crowd_secret: text(&secrets.crowd_secret),
                house: self.house_id(),
            },
            keep_alive: Duration::from_millis(self.habits.keep_alive_ms),
            house_posts: self.habits.house_posts_per_window,
            crowd_posts: self.habits.crowd_posts_per_window,
            legacy_limits: self.habits.legacy_limits,
            seed: self.seed,
        }
    }
}

fn handle(text: &str) -> Result<String, String> {
    let name = text.trim_start_matches('@');
    if is_handle(name) {
        Ok(name.to_owned())
    } else {
        Err("a handle has 1 to 15 letters, digits or underscores".to_owned())
    }
}

fn lot(text: &str) -> Result<Planned, String> {
    let problem = || "write opening:open:pause such as 0.5:30:8".to_owned();
    let parts: Vec<&str> = text.split(':').collect();
    let [opening, open, pause] = parts.as_slice() else { return Err(problem()) };
    let seconds = |text: &str| text.trim().parse::<u32>().map(|s| i64::from(s) * 1000).map_err(|_| problem());
    let opening_milli = milli(opening.trim()).filter(|m| *m > 0).ok_or_else(problem)?;
    Ok(Planned { open_ms: seconds(open)?, pause_ms: seconds(pause)?, opening_milli })
}

/// Thousandths of an ether of a decimal number with at most eighteen places, rounded up.
fn milli(text: &str) -> Option<u128> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let places = u32::try_from(part.len()).ok().filter(|p| *p <= 18)?;
    let part: u128 = part.parse::<u64>().ok()?.into();
    let whole: u128 = whole.parse::<u32>().ok()?.into();
    Some(whole * 1000 + (part * 1000).div_ceil(10_u128.pow(places)))
}

fn show_start(text: &str) -> Result<ShowStart, String> {
    match text {
        "now" => Ok(ShowStart::Now),
        other => other
            .parse::<jiff::Timestamp>()
            .map(|at| ShowStart::At(at.as_millisecond()))
            .map_err(|error| format!("write `now` or an RFC 3339 time such as 2026-11-24T19:00:00Z ({error})")),
    }
}

fn lag(text: &str) -> Result<Lag, String> {
    let (least, most) = text.split_once("..").unwrap_or((text, text));
    let lag = least.trim().parse().ok().zip(most.trim().parse().ok());
    match lag.map(|(least_ms, most_ms)| Lag { least_ms, most_ms }) {
        Some(lag) if 0 <= lag.least_ms && lag.least_ms <= lag.most_ms => Ok(lag),
        Some(_) | None => Err("write milliseconds such as 50 or 20..150".to_owned()),
    }
}

fn fault(text: &str) -> Result<Fault, String> {
    wire::json::read(text.as_bytes()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lags_are_numbers_or_ranges() {
        assert_eq!(lag("50"), Ok(Lag { least_ms: 50, most_ms: 50 }));
        assert_eq!(lag("20..150"), Ok(Lag { least_ms: 20, most_ms: 150 }));
        assert!(lag("9..1").is_err() && lag("-1").is_err() && lag("x").is_err());
    }

    #[test]
    fn the_defaults_parse_and_secrets_do_not_print() {
        let arguments = Arguments::parse_from(["x-emulator", "serve", "--house", "@sothebais", "--show-start", "now"]);
        let Some(Command::Serve(serve)) = arguments.command else { panic!("serve was asked for") };
        assert_eq!((serve.house.as_str(), serve.show_start), ("sothebais", Some(ShowStart::Now)));
        assert!(!format!("{serve:?}").contains("rehearsal-secret"));
    }

    #[test]
    fn serve_needs_no_word() {
        let arguments = Arguments::parse_from(["x-emulator", "--house=sothebais", "--crowd", "--bidders=5"]);
        assert!(arguments.command.is_none() && arguments.serve.cast.crowd);
        assert!(Arguments::try_parse_from(["x-emulator", "--crowd", "--posts=f"]).is_err());
    }

    #[test]
    fn lots_are_opening_open_and_pause() {
        assert_eq!(lot("0.5:30:8"), Ok(Planned { open_ms: 30_000, pause_ms: 8_000, opening_milli: 500 }));
        assert_eq!(milli("1.05"), Some(1050));
        assert!(lot("0.5:30").is_err() && lot("0:1:1").is_err() && lot("x:1:1").is_err());
        assert_eq!(milli("0.0001"), Some(1));
    }

    #[test]
    fn a_fault_on_the_command_line_is_json() {
        let parsed = Arguments::try_parse_from(["x-emulator", "serve", "--fault", r#"{"kind":"503","times":1}"#]);
        assert!(parsed.is_ok());
        assert!(Arguments::try_parse_from(["x-emulator", "serve", "--fault", "503"]).is_err());
    }
}
