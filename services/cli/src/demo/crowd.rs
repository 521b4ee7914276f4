//! Who posts: a made-up crowd, or recorded posts. Says what the emulator is told, and how long before the show its first
//! post lies.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use operator_api::Auction;
use operator_plan::{Role, rehearsal};
use x_emulator::crowd::file::{self, Recorded, When};

use crate::trouble::Trouble;

/// Between routine comparisons of a recorded show: the longest that the gateway takes.
const SELDOM_MS: u32 = 600_000;

/// What the crowd is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Crowd {
    Recorded { posts: PathBuf, first_at_ms: i64 },
    MadeUp { seed: u64, people: u32, posts: u64 },
}

impl Crowd {
    /// Reads recorded posts whole, so that a bad line is told before anything starts.
    pub(super) fn new(posts: Option<&Path>, seed: u64, people: u32, count: u64) -> anyhow::Result<Self> {
        let Some(posts) = posts else { return Ok(Self::MadeUp { seed, people, posts: count }) };
        let times = recorded(posts)?.into_iter().filter_map(|post| match post.when {
            When::FromStart(at_ms) => Some(at_ms),
            When::ById => None,
        });
        let first_at_ms = times.min().unwrap_or(0).min(0);
        let posts = posts.canonicalize().with_context(|| format!("{} cannot be found", posts.display()))?;
        Ok(Self::Recorded { posts, first_at_ms })
    }

    /// What X and the gateway are told for this crowd. A recorded show compares with the mentions timeline before each
    /// hammer and not from time to time, so that a withheld post always comes at the same place of the journal.
    pub(super) fn habits(&self, withhold_permille: u32) -> Vec<(Role, Vec<String>)> {
        let x = (Role::XEmulator, vec![format!("--withhold-permille={withhold_permille}")]);
        match self {
            Self::Recorded { .. } => vec![x, (Role::SocialGateway, vec![format!("--audit-every-ms={SELDOM_MS}")])],
            Self::MadeUp { .. } => vec![x],
        }
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
                let values = [
                    people.to_string(),
                    seed.to_string(),
                    posts.to_string(),
                    rehearsal::lots(auction),
                    watch.to_owned(),
                    name,
                ];
                let (crowd, rest) = flags.split_at(1);
                let pairs = rest.iter().zip(values).flat_map(|(flag, value)| [(*flag).to_owned(), value]);
                crowd.iter().map(|flag| (*flag).to_owned()).chain(pairs).collect()
            }
        }
    }
}

fn recorded(posts: &Path) -> Result<Vec<Recorded>, Trouble> {
    let content = std::fs::read_to_string(posts).map_err(|error| {
        let message = format!("{} cannot be read", posts.display());
        Trouble::new("PostsUnreadable", message, "name a file of JSON lines {\"author\",\"text\",\"at\"} in UTF-8")
            .because(error)
    })?;
    file::read(&content).map_err(|bad| {
        let message = format!("{} cannot be played: {bad}", posts.display());
        Trouble::new("PostsInvalid", message, "mend the lines named above; docs/x-emulator.md shows both forms")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crowd_knows_the_lots_of_the_manifest() {
        let auctions = crate::manifest::read_text(super::super::EXAMPLE).unwrap().auctions;
        assert_eq!(rehearsal::lots(&auctions[0]), "0.1:30:0,0.5:30:8,1:30:8");
    }

    #[test]
    fn a_crowd_by_annotation_is_told_in_words_that_the_emulator_knows() {
        use clap::CommandFactory as _;
        let command = x_emulator::args::Arguments::command();
        let known: Vec<_> = command.get_arguments().filter_map(|argument| argument.get_env()?.to_str()).collect();
        let mut auctions = crate::manifest::read_text(super::super::EXAMPLE).unwrap().auctions;
        rehearsal::invite(&mut auctions[0], 40, 400);
        let now = operator_plan::Observed::default();
        let starts_at = auction_core::Timestamp(auctions[0].spec.schedule.starts_at.as_millisecond());
        let plan = operator_plan::plan(&auctions, &now, operator_plan::Stage::Rehearsal, starts_at);
        let emulator = plan.workloads.into_iter().find(|workload| workload.role == Role::XEmulator).unwrap();
        assert!(emulator.environment.contains_key("CROWD"));
        for variable in emulator.environment.keys() {
            assert!(known.contains(variable), "{variable} is not read by the emulator");
        }
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
    }

    #[test]
    fn bad_recordings_are_refused_before_anything_starts() {
        let code = |path: &Path| {
            let error = Crowd::new(Some(path), 1, 1, 1).unwrap_err();
            error.downcast_ref::<Trouble>().map(|trouble| (trouble.code, trouble.message.clone())).unwrap()
        };
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("posts.jsonl");
        assert_eq!(code(Path::new("/nowhere")).0, "PostsUnreadable");
        assert_eq!(code(directory.path()).0, "PostsUnreadable");
        std::fs::write(&path, b"{\"author\":\"a\",\"text\":\"caf\xe9\",\"at\":0}").unwrap();
        assert_eq!(code(&path).0, "PostsUnreadable");
        std::fs::write(&path, "{\"author\":\"a\",\"text\":\"x\",\"at\":0}\n{\"author\"").unwrap();
        let (code, message) = code(&path);
        assert_eq!(code, "PostsInvalid");
        assert!(message.contains("line 2: the line cannot be read"), "{message}");
    }
}
