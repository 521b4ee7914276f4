//! `sothebais token`: a token of a machine's local issuer, for curl and scripts.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use bootstrap::auth::{LocalIssuer, Role};
use bootstrap::clock::Clock;

use crate::trouble::Trouble;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The data directory of the machine (`up` prints it).
    #[arg(long)]
    data: PathBuf,
    /// Makes the issuer's keys if there are none: for a rehearsal in a cluster, which is given `keys/jwks.json`.
    #[arg(long)]
    create: bool,
    /// The X account id of a bidder.
    #[arg(long)]
    x_id: Option<u64>,
    /// What the holder may do; may be given several times.
    #[arg(long = "role", value_enum, default_value = "bidder")]
    roles: Vec<RoleName>,
    /// How long it lasts.
    #[arg(long, default_value_t = 3600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum RoleName {
    Owner,
    Auctioneer,
    Producer,
    Moderator,
    Viewer,
    Auditor,
    Bidder,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let keys = args.data.join("keys");
    if !args.create && !keys.join("issuer.pem").exists() {
        let message = format!("{} has no local issuer", args.data.display());
        let remedy = "name the data directory that `sothebais up` printed at its start, or add --create";
        return Err(Trouble::new("NoIssuer", message, remedy).into());
    }
    let issuer = LocalIssuer::open(&keys, Clock::System).context("the local issuer cannot be read")?;
    let subject = args.x_id.map_or_else(|| "local".to_owned(), |id| format!("x:{id}"));
    let roles: Vec<Role> = args.roles.iter().map(|role| role.role()).collect();
    let token = issuer.token(&subject, args.x_id, &roles, Duration::from_secs(args.seconds));
    println!("{}", token.context("the token cannot be signed")?);
    Ok(ExitCode::SUCCESS)
}

impl RoleName {
    fn role(self) -> Role {
        match self {
            Self::Owner => Role::Owner,
            Self::Auctioneer => Role::Auctioneer,
            Self::Producer => Role::Producer,
            Self::Moderator => Role::Moderator,
            Self::Viewer => Role::Viewer,
            Self::Auditor => Role::Auditor,
            Self::Bidder => Role::Bidder,
        }
    }
}
