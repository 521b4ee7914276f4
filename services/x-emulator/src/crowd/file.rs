//! Recorded posts: JSON lines of X's v2 post objects or of the short form `{"author","text","at"}`. Every bad line is
//! reported with its number, a code and a remedy. Reading and scheduling are pure.

mod line;

use std::collections::BTreeMap;

use serde::Serialize;

use super::Person;
use crate::id::{Mint, PostId, SNOWFLAKE_LOW_BITS, UserId};

/// Bad lines that a report lists; the others are only counted.
pub const MOST_REPORTED: usize = 20;

/// Posts that a file may hold.
const MOST_POSTS: usize = 500_000;

/// The longest line in bytes: X's longest post with everything around it.
const LONGEST_LINE: usize = 256 * 1024;

/// A line that cannot be played.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadLine {
    /// Its number, from 1.
    pub line: usize,
    /// A stable code.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: &'static str,
}

/// A file that cannot be played whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadFile {
    /// The first bad lines.
    pub lines: Vec<BadLine>,
    /// How many are bad.
    pub count: usize,
}

impl std::fmt::Display for BadFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of its lines cannot be played", self.count)?;
        for bad in &self.lines {
            write!(f, "\n  line {}: {} [{}]; {}", bad.line, bad.message, bad.code, bad.remedy)?;
        }
        let more = self.count - self.lines.len();
        if more > 0 { write!(f, "\n  and {more} more") } else { Ok(()) }
    }
}

impl std::error::Error for BadFile {}

/// When a recorded post belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// So many milliseconds after the show's start.
    FromStart(i64),
    /// When its own id says.
    ById,
}

/// A recorded post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Who wrote it.
    pub author: Person,
    /// What.
    pub text: String,
    /// When.
    pub when: When,
    /// Its id at X, if it has one.
    pub id: Option<PostId>,
    /// The post that it answers, quotes, repeats.
    pub points: Points,
    /// Code points at the start that X does not show.
    pub hidden: usize,
}

/// The posts that a recorded post points at, by their recorded ids.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Points {
    /// It answers this post.
    pub reply_to: Option<PostId>,
    /// It quotes this post.
    pub quote_of: Option<PostId>,
    /// It repeats this post.
    pub repost_of: Option<PostId>,
    /// It is a later version of this post.
    pub edits: Option<PostId>,
}

/// A recorded post with its place in the show that is on now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    /// When it is posted and dated, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// The id that it gets.
    pub id: PostId,
    /// The posts that it points at, by the ids that they get.
    pub points: Points,
    /// Which recorded post it is.
    pub index: usize,
}

/// Reads a whole file. Blank lines are skipped.
pub fn read(content: &str) -> Result<Vec<Recorded>, BadFile> {
    let mut posts: Vec<Recorded> = Vec::new();
    let mut bad = BadFile { lines: Vec::new(), count: 0 };
    let mut handles: BTreeMap<String, UserId> = BTreeMap::new();
    for (index, line) in content.lines().enumerate() {
        let line = line.trim().trim_start_matches('\u{feff}');
        if line.is_empty() {
            continue;
        }
        let read = if posts.len() >= MOST_POSTS || line.len() > LONGEST_LINE {
            Err(line::Unplayable::TooLarge)
        } else {
            line::read(line).and_then(|post| known(&mut handles, post))
        };
        match read {
            Ok(post) => posts.push(post),
            Err(unplayable) => {
                bad.count += 1;
                if bad.lines.len() < MOST_REPORTED {
                    bad.lines.push(unplayable.at(index + 1));
                }
            }
        }
    }
    if bad.count == 0 { Ok(posts) } else { Err(bad) }
}

/// One handle is one account throughout a file.
fn known(handles: &mut BTreeMap<String, UserId>, post: Recorded) -> Result<Recorded, line::Unplayable> {
    let id = *handles.entry(post.author.handle.to_ascii_lowercase()).or_insert(post.author.id);
    if id == post.author.id { Ok(post) } else { Err(line::Unplayable::HandleOfAnother(post.author.handle)) }
}

/// Everybody who wrote one of the posts, once, in order of the first.
pub fn authors(posts: &[Recorded]) -> Vec<Person> {
    let mut seen = std::collections::BTreeSet::new();
    posts.iter().map(|p| &p.author).filter(|a| seen.insert(a.id)).cloned().collect()
}

/// Gives every post its time and id in a show that starts at `start_ms`, in order of time.
///
/// The short form's ids are minted from `start_ms + at`, rising in the file's order inside a millisecond. A v2 object
/// keeps its id if it was made at the show's start or later; an older recording is moved as a whole, so that its first
/// post falls on the start, and every id moves with it. A v2 object with `at` goes where `at` says.
pub fn schedule(posts: &[Recorded], start_ms: i64) -> Vec<Scheduled> {
    let mut mint = Mint::of_crowd();
    let shift_ms = shift(posts, start_ms);
    let mut moved: BTreeMap<PostId, PostId> = BTreeMap::new();
    let mut scheduled: Vec<Scheduled> = Vec::with_capacity(posts.len());
    for (index, post) in posts.iter().enumerate() {
        let (at_ms, id) = match (post.when, post.id) {
            (When::FromStart(at), None) => (start_ms + at, PostId(mint.mint(start_ms + at))),
            (When::FromStart(at), Some(id)) => (start_ms + at, moved_by(id, start_ms + at - id.made_at_ms())),
            (When::ById, Some(id)) => (id.made_at_ms() + shift_ms, moved_by(id, shift_ms)),
            (When::ById, None) => (start_ms, PostId(mint.mint(start_ms))),
        };
        let id = post.id.map_or(id, |recorded| *moved.entry(recorded).or_insert(id));
        scheduled.push(Scheduled { at_ms, id, points: post.points, index });
    }
    for entry in &mut scheduled {
        entry.points = retarget(entry.points, &moved, shift_ms);
    }
    scheduled.sort_by_key(|s| s.at_ms);
    scheduled
}

fn shift(posts: &[Recorded], start_ms: i64) -> i64 {
    let by_id = posts.iter().filter(|p| p.when == When::ById).filter_map(|p| p.id);
    match by_id.map(PostId::made_at_ms).min() {
        Some(first) if first < start_ms => start_ms - first,
        Some(_) | None => 0,
    }
}

fn moved_by(id: PostId, ms: i64) -> PostId {
    let distance = ms.unsigned_abs() << SNOWFLAKE_LOW_BITS;
    PostId(if ms < 0 { id.0.saturating_sub(distance) } else { id.0.saturating_add(distance) })
}

fn retarget(points: Points, moved: &BTreeMap<PostId, PostId>, shift_ms: i64) -> Points {
    let to = |id: Option<PostId>| id.map(|id| moved.get(&id).copied().unwrap_or_else(|| moved_by(id, shift_ms)));
    Points {
        reply_to: to(points.reply_to),
        quote_of: to(points.quote_of),
        repost_of: to(points.repost_of),
        edits: to(points.edits),
    }
}

#[cfg(test)]
mod tests;
