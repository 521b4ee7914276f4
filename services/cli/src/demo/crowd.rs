//! Who posts: a made-up crowd, or recorded posts. Says what the emulator is told, and how long before the show its first
//! post lies.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use operator_api::Auction;
use operator_api::auction::LotOrder;

use crate::trouble::Trouble;

/// What the crowd is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Crowd {
    Recorded { posts: PathBuf, first_at_ms: i64 },
    MadeUp { seed: u64, people: u32, posts: u64 },
}

impl Crowd {
    pub(super) fn new(posts: Option<&Path>, seed: u64, people: u32, count: u64) -> anyhow::Result<Self> {
        let Some(posts) = posts else { return Ok(Self::MadeUp { seed, people, posts: count }) };
        let file = std::fs::File::open(posts).map_err(|error| {
            let message = format!("{} cannot be read", posts.display());
            Trouble::new("PostsUnreadable", message, "name a file of JSON lines {\"author\",\"text\",\"at\"}")
                .because(error)
        })?;
        let posts = posts.canonicalize().with_context(|| format!("{} cannot be found", posts.display()))?;
        let mut first_at_ms = 0;
        for line in BufReader::new(file).lines() {
            // The emulator checks the file whole and names every bad line; here only the times matter.
            let line = line.with_context(|| format!("{} is not text", posts.display()))?;
            let post: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
            first_at_ms = first_at_ms.min(post.get("at").and_then(serde_json::Value::as_i64).unwrap_or(0));
        }
        Ok(Self::Recorded { posts, first_at_ms })
    }

    /// How long before the show's start its first post lies, in milliseconds.
    pub(super) fn head_start_ms(&self) -> i64 {
        match self {
            Self::Recorded { first_at_ms, .. } => first_at_ms.saturating_neg(),
            Self::MadeUp { .. } => 0,
        }
    }

    /// The emulator's arguments. `watch` is the engine's public WebSocket.
    pub(super) fn arguments(&self, auction: &Auction, watch: &str) -> Vec<String> {
        match self {
            Self::Recorded { posts, .. } => vec!["--posts".to_owned(), posts.display().to_string()],
            Self::MadeUp { seed, people, posts } => {
                let name = auction.metadata.name.clone().unwrap_or_default();
                let flags = ["--crowd", "--bidders", "--crowd-seed", "--crowd-posts", "--lots", "--watch", "--auction"];
                let values =
                    [people.to_string(), seed.to_string(), posts.to_string(), lots(auction), watch.to_owned(), name];
                let (crowd, rest) = flags.split_at(1);
                let pairs = rest.iter().zip(values).flat_map(|(flag, value)| [(*flag).to_owned(), value]);
                crowd.iter().map(|flag| (*flag).to_owned()).chain(pairs).collect()
            }
        }
    }
}

/// The lots as the crowd plans for them: `opening ETH:seconds open:seconds of pause before it`.
fn lots(auction: &Auction) -> String {
    let spec = &auction.spec;
    let between = match spec.lot_order {
        LotOrder::Sequential => spec.closing.drain_seconds + spec.lot_pause_seconds,
        LotOrder::Concurrent => 0,
    };
    let lot = |(index, lot): (usize, &operator_api::auction::Lot)| {
        let seconds = lot.duration_seconds.unwrap_or(spec.lot_defaults.duration_seconds);
        let pause = if index == 0 { 0 } else { between };
        format!("{}:{seconds}:{pause}", lot.starting_price)
    };
    spec.lots.iter().enumerate().map(lot).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crowd_knows_the_lots_of_the_manifest() {
        let auctions = crate::manifest::read_text(super::super::EXAMPLE).unwrap().auctions;
        assert_eq!(lots(&auctions[0]), "0.1:30:0,0.5:30:8,1:30:8");
    }

    #[test]
    fn recorded_posts_from_before_the_show_delay_its_start() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("posts.jsonl");
        std::fs::write(
            &path,
            "{\"author\":\"a\",\"text\":\"x\",\"at\":-2500}\n{\"author\":\"b\",\"text\":\"y\",\"at\":9}\n",
        )
        .unwrap();
        assert_eq!(Crowd::new(Some(&path), 1, 1, 1).unwrap().head_start_ms(), 2500);
        assert!(Crowd::new(Some(Path::new("/nowhere")), 1, 1, 1).is_err());
    }
}
