//! Brings the crowd: reads or makes up the people, registers their accounts, starts the task that posts.

use std::sync::Arc;

use anyhow::Context;
use bootstrap::lifecycle::Lifecycle;

use crate::args::{Cast, Serve};
use crate::crowd::client::Client;
use crate::crowd::direct::Director;
use crate::crowd::file::{self, Recorded};
use crate::crowd::watch::Board;
use crate::crowd::{Person, people, perform};
use crate::emulator::Emulator;

/// A file of recorded posts is at most this large.
const LARGEST_FILE: u64 = 512 * 1024 * 1024;

/// Who posts.
pub(super) enum Company {
    /// Nobody.
    Nobody,
    /// The people of a file, with their posts.
    Recorded(Vec<Recorded>),
    /// People who are made up.
    MadeUp(Vec<Person>),
}

impl Company {
    /// Everybody, once.
    pub(super) fn people(&self) -> Vec<Person> {
        match self {
            Self::Nobody => Vec::new(),
            Self::Recorded(posts) => file::authors(posts),
            Self::MadeUp(people) => people.clone(),
        }
    }
}

/// Reads or makes up who posts.
pub(super) async fn cast(cast: &Cast) -> anyhow::Result<Company> {
    let Some(path) = &cast.posts else {
        let count = usize::try_from(cast.bidders).unwrap_or(usize::MAX);
        let made_up = || Company::MadeUp(people(cast.crowd_seed, count));
        return Ok(if cast.crowd { made_up() } else { Company::Nobody });
    };
    let named = || format!("the file of posts {} cannot be played", path.display());
    let size = tokio::fs::metadata(path).await.with_context(named)?.len();
    anyhow::ensure!(size <= LARGEST_FILE, "{}: it has {size} bytes, at most {LARGEST_FILE} are read", named());
    let content = tokio::fs::read_to_string(path).await.with_context(named)?;
    Ok(Company::Recorded(file::read(&content).with_context(named)?))
}

/// Registers everybody.
pub(super) fn register(company: &Company, emulator: &Emulator) -> anyhow::Result<()> {
    for person in company.people() {
        emulator.register(person.id, &person.handle)?;
    }
    Ok(())
}

/// Starts the task that posts once the show's start is known.
pub(super) fn bring(
    company: Company,
    arguments: &Serve,
    life: &Lifecycle,
    emulator: &Arc<Emulator>,
    port: u16,
) -> anyhow::Result<()> {
    let secret = &emulator.settings.credentials.crowd_secret;
    let seed = arguments.cast.crowd_seed;
    let base = format!("http://{}", std::net::SocketAddr::new(reachable(arguments.common.bind), port));
    let client = Client::new(&base, secret, seed)?;
    let (emulator, stopping) = (Arc::clone(emulator), life.stopping());
    match company {
        Company::Nobody => {}
        Company::Recorded(posts) => life.spawn("crowd", perform::replay(posts, client, emulator, stopping)),
        Company::MadeUp(people) => {
            let show = &arguments.show;
            let board = Board::new(show.lots.clone());
            if let (Some(url), Some(auction)) = (show.watch.clone(), show.auction.clone()) {
                life.spawn("watch", board.clone().follow(url, auction, life.stopping()));
            }
            let director = Director::new(seed, &arguments.house, people, show.crowd_posts, &show.lots);
            life.spawn("crowd", perform::improvise(director, client, board, emulator, stopping));
        }
    }
    Ok(())
}

/// The address at which a program on this machine reaches what listens on `bind`.
fn reachable(bind: std::net::IpAddr) -> std::net::IpAddr {
    if bind.is_unspecified() { std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST) } else { bind }
}
