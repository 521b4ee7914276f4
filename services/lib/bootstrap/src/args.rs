//! Argument groups that services flatten into their own. Each has environment names; secrets never print.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use secrecy::SecretString;

/// What every service takes.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// Address to listen on.
    #[arg(long, env = "BIND_ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub bind: IpAddr,
    /// Writes the ports really bound to this file, as one line of JSON.
    #[arg(long, env = "PORTS_FILE")]
    pub ports_file: Option<PathBuf>,
    #[command(flatten)]
    pub telemetry: Telemetry,
}

/// Logs and traces.
#[derive(Debug, Clone, Args)]
pub struct Telemetry {
    /// How log lines look.
    #[arg(long, env = "LOG_FORMAT", default_value = "auto")]
    pub log_format: LogFormat,
    /// What is logged, such as `info` or `info,auction_engine=debug`.
    #[arg(long = "log", env = "RUST_LOG", default_value = "info")]
    pub log_filter: String,
    /// Also writes `<service>.jsonl` here (10 files of 16 MiB at most).
    #[arg(long, env = "LOG_DIR")]
    pub log_dir: Option<PathBuf>,
    /// Sends traces to this OpenTelemetry collector (OTLP over HTTP), such as `http://localhost:4318`.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Pretty on a terminal, JSON elsewhere.
    Auto,
    Pretty,
    Json,
}

/// Where PostgreSQL is.
#[derive(Debug, Clone, Args)]
pub struct Database {
    /// Such as `postgres://user:password@host:5432/database`.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: SecretString,
}

/// Where Redis is.
#[derive(Debug, Clone, Args)]
pub struct Redis {
    /// Such as `redis://:password@host:6379/0`.
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    pub redis_url: SecretString,
}

/// Whose tokens are believed.
#[derive(Debug, Clone, Args)]
pub struct Auth {
    /// The issuer's keys: an https URL, or the path of a JWKS file (local issuer; loopback or rehearsal only).
    #[arg(long, env = "AUTH_JWKS")]
    pub auth_jwks: String,
    /// The only issuer (`iss`) believed.
    #[arg(long, env = "AUTH_ISSUER")]
    pub auth_issuer: String,
    /// The authorised parties (`azp`) believed, separated by commas.
    #[arg(long, env = "AUTH_AZP", value_delimiter = ',')]
    pub auth_azp: Vec<String>,
    /// Keys of the operator that steers this process, as JWKS text; its tokens are believed beside the issuer's.
    #[arg(long, env = "AUTH_MACHINE_JWKS")]
    pub auth_machine_jwks: Option<String>,
    /// A rehearsal: no real money, and the local issuer is allowed off loopback.
    #[arg(long, env = "REHEARSAL")]
    pub rehearsal: bool,
}
