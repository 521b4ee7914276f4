//! The house's mentions, read back from X: newest first, page by page, at most the 800 that X keeps there; older ones of
//! a busy gap come from the recent search.

use std::collections::BTreeSet;

use serde::Deserialize as _;
use serde_json::Value;

use super::House;
use crate::ledger::Ledger;
use crate::spend::Item;
use crate::x::client::{Answer, Call, next_token};
use crate::x::endpoint::Context;
use crate::x::model::{EXPANSIONS, IncludedUser, Includes, POST_FIELDS, USER_FIELDS, XId};
use crate::x::rate::Counted;
use crate::x::{Client, Code, Endpoint, Problem};

/// Posts in a page; the most that X gives.
const PAGE: usize = 100;
/// X keeps this many mentions on the timeline.
const TIMELINE_LIMIT: usize = 800;
/// An end of the timeline is believed up to this many posts. Beyond, it may be the timeline's limit: while it is read,
/// new posts push old ones out, so the limit shows itself after fewer than 800.
const TIMELINE_TRUST: usize = 400;
/// Pages of the search that one comparison may read: 2,000 posts beyond the timeline.
const SEARCH_PAGES: usize = 20;

/// Mentions since some id.
#[derive(Debug, Default)]
pub struct Timeline {
    pub posts: Vec<Value>,
    pub includes: Includes,
    /// Why X could not give some post that it has, if it could not: then what was read proves nothing.
    pub lacking: Option<Code>,
    /// There were more than one reading may take: the wanted ones below this id are not read yet.
    pub unread_below: Option<u64>,
}

/// Where mentions can be read, the cheapest first. Each has a window of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Door {
    /// The timeline, asked as the house: a fifth of the price.
    House,
    /// The timeline, asked as the app.
    App,
    /// The recent search, asked as the app.
    Search,
}

impl Door {
    /// Every door, in the order in which they are tried.
    pub const ALL: [Self; 3] = [Self::House, Self::App, Self::Search];

    /// The rate limit that its calls fall under.
    pub const fn counted(self) -> Counted {
        match self {
            Self::House => (Endpoint::Mentions, Context::User),
            Self::App => (Endpoint::Mentions, Context::App),
            Self::Search => (Endpoint::SearchRecent, Context::App),
        }
    }
}

/// Reads every mention with an id above `since`, by the door `first`; if its window is used up or its credentials are
/// refused, by the next, and what lies beyond the timeline's end by the search.
pub async fn mentions(
    client: &Client,
    ledger: &Ledger,
    house: &House,
    (since, first): (u64, Door),
) -> Result<Timeline, Problem> {
    let mut read = Timeline::default();
    let mut reached_the_end = false;
    for (door, item) in [(Door::House, Item::OwnedRead), (Door::App, Item::PostRead)] {
        if door < first {
            continue;
        }
        let (endpoint, context) = door.counted();
        let call = Call { id: house.id.to_string(), query: query(since), ..Call::new(endpoint, context) };
        let pages = Pages { call, token_name: "pagination_token", limit: TIMELINE_LIMIT / PAGE, item };
        read = Timeline::default();
        match pages.read(client, ledger, &mut read).await {
            Ok(reached) => {
                reached_the_end = reached && read.posts.len() <= TIMELINE_TRUST;
                break;
            }
            Err(problem) if is_about_credentials(&problem) => {}
            Err(problem) => return Err(problem),
        }
    }
    if !reached_the_end {
        // What was read so far stays: it is the newest part.
        let until = oldest(&read.posts);
        search(client, ledger, house, (since, until), &mut read).await?;
    }
    Ok(read)
}

/// Reads mentions between two ids, by the search: what an earlier reading has left.
pub async fn older(
    client: &Client,
    ledger: &Ledger,
    house: &House,
    since: u64,
    until: u64,
) -> Result<Timeline, Problem> {
    let mut read = Timeline::default();
    search(client, ledger, house, (since, Some(until)), &mut read).await?;
    Ok(read)
}

/// Other credentials may be answered.
fn is_about_credentials(problem: &Problem) -> bool {
    matches!(problem.code, Code::RateLimited | Code::Unauthorized | Code::Forbidden | Code::ClientForbidden)
}

async fn search(
    client: &Client,
    ledger: &Ledger,
    house: &House,
    (since, until): (u64, Option<u64>),
    read: &mut Timeline,
) -> Result<(), Problem> {
    if until.is_some_and(|until| until <= since + 1) {
        // Nothing lies between, and x refuses to be asked.
        return Ok(());
    }
    let mut call = Call { query: query(since), ..Call::new(Endpoint::SearchRecent, Context::App) };
    call.query.push(("query", format!("@{} -is:retweet", house.handle)));
    call.query.extend(until.map(|id| ("until_id", id.to_string())));
    let pages = Pages { call, token_name: "next_token", limit: SEARCH_PAGES, item: Item::PostRead };
    let reached_the_end = pages.read(client, ledger, read).await?;
    read.unread_below = if reached_the_end { None } else { oldest(&read.posts).or(until) };
    Ok(())
}

fn query(since: u64) -> Vec<(&'static str, String)> {
    vec![
        ("max_results", PAGE.to_string()),
        ("since_id", since.to_string()),
        ("tweet.fields", POST_FIELDS.to_owned()),
        ("expansions", EXPANSIONS.to_owned()),
        ("user.fields", USER_FIELDS.to_owned()),
    ]
}

fn oldest(posts: &[Value]) -> Option<u64> {
    posts.iter().filter_map(id).min()
}

fn id(post: &Value) -> Option<u64> {
    XId::deserialize(post.get("id")?).ok().map(|id| id.0)
}

struct Pages {
    call: Call,
    token_name: &'static str,
    limit: usize,
    item: Item,
}

impl Pages {
    /// Adds the pages to `read`; returns whether the last one was reached.
    async fn read(mut self, client: &Client, ledger: &Ledger, read: &mut Timeline) -> Result<bool, Problem> {
        let first_query = self.call.query.clone();
        let mut tokens = BTreeSet::new();
        for _ in 0..self.limit {
            let answer = client.call(&self.call).await?;
            let next = next_token(&answer.body);
            // What does not exist or is not for us (a protected or suspended author's) is no gap: it will never be given,
            // and nobody may hold a lot with it. What X could not give this time is one.
            let mut codes = answer.partial.iter().map(|problem| problem.code);
            let lacking = codes.find(|code| !matches!(code, Code::NotFound | Code::Forbidden));
            take(answer, ledger, self.item, read)?;
            read.lacking = read.lacking.or(lacking);
            let Some(next) = next else { return Ok(true) };
            if !tokens.insert(next.clone()) {
                tracing::warn!(endpoint = self.call.endpoint.as_str(), "x's pages go in a circle");
                return Ok(false);
            }
            self.call.query.clone_from(&first_query);
            self.call.query.push((self.token_name, next));
        }
        Ok(false)
    }
}

/// Adds a page. An answer that says nothing about posts is no empty page: whoever believes it closes lots on it.
fn take(mut answer: Answer, ledger: &Ledger, item: Item, read: &mut Timeline) -> Result<(), Problem> {
    let unreadable = || Problem::local(Code::Unreadable, "the page of posts is not what x documents");
    if let Some(includes) = answer.body.get_mut("includes").map(Value::take) {
        let users: Vec<IncludedUser> = Includes::deserialize(includes).map_err(|_| unreadable())?.users;
        read.includes.users.extend(users);
    }
    let counted = answer.body.get("meta").is_some_and(Value::is_object);
    match answer.body.get_mut("data").map(Value::take) {
        Some(Value::Array(posts)) => {
            for post in &posts {
                ledger.charge(item, id(post));
            }
            read.posts.extend(posts);
            Ok(())
        }
        None | Some(Value::Null) if counted => Ok(()),
        None | Some(_) => Err(answer.partial.into_iter().next().unwrap_or_else(unreadable)),
    }
}
