//! Lists of posts as timelines and search give them: the newest version of each post, newest first, page by page.

use std::ops::Bound;

use super::World;
use crate::id::{PostId, UserId};
use crate::post::Post;
use crate::rule::Clause;

/// The mentions timeline reaches back this many posts.
const MOST_LISTED: usize = 800;

/// Which part of a list is wanted. Ids are exclusive on both sides; the start time is inclusive, the end time is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Only posts after this one.
    pub since: Option<PostId>,
    /// Only posts before this one.
    pub until: Option<PostId>,
    /// Only posts from this time on, in milliseconds since the Unix epoch.
    pub start_ms: Option<i64>,
    /// Only posts before this time, in milliseconds since the Unix epoch.
    pub end_ms: Option<i64>,
    /// Posts a page.
    pub page: usize,
    /// The page begins below this post: what a page token says.
    pub below: Option<PostId>,
}

impl Window {
    fn holds(&self, post: &Post) -> bool {
        self.since.is_none_or(|since| post.id > since)
            && self.until.is_none_or(|until| post.id < until)
            && self.start_ms.is_none_or(|start| post.made_at_ms >= start)
            && self.end_ms.is_none_or(|end| post.made_at_ms < end)
            && self.below.is_none_or(|below| post.id < below)
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The posts, newest first.
    pub posts: Vec<PostId>,
    /// There are older ones.
    pub more: bool,
}

impl World {
    /// A page of the posts that name the user, out of the 800 newest.
    pub fn mentions(&self, user: UserId, window: &Window, now_ms: i64) -> Page {
        let newest_first = self.mentions_of.get(&user).into_iter().flat_map(|ids| ids.iter().rev());
        let listed =
            newest_first.filter_map(|id| self.posts.get(id)).filter(|p| self.is_listed(p, now_ms)).take(MOST_LISTED);
        page(listed.filter(|p| window.holds(p)), window.page)
    }

    /// A page of the posts that match the query.
    pub fn search(&self, query: &Clause, window: &Window, now_ms: i64) -> Page {
        let upper = window.until.map_or(Bound::Unbounded, Bound::Excluded);
        let lower = window.since.map_or(Bound::Unbounded, Bound::Excluded);
        let sane = window.since.zip(window.until).is_none_or(|(since, until)| since < until);
        let newest_first = sane.then(|| self.posts.range((lower, upper)).rev()).into_iter().flatten();
        let matching = newest_first
            .map(|(_, post)| post)
            .filter(|p| window.holds(p) && self.is_listed(p, now_ms) && query.matches(&self.facts(p, false)));
        page(matching, window.page)
    }

    /// Lists show the newest version of a post that is there and whose turn has come.
    fn is_listed(&self, post: &Post, now_ms: i64) -> bool {
        !post.deleted && post.listed_at_ms <= now_ms && self.versions(post.id).last() == Some(&post.id)
    }
}

fn page<'a>(mut posts: impl Iterator<Item = &'a Post>, length: usize) -> Page {
    let shown: Vec<PostId> = posts.by_ref().take(length).map(|p| p.id).collect();
    Page { posts: shown, more: posts.next().is_some() }
}
