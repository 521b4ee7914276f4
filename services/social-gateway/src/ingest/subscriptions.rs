//! What the activity stream is asked to tell: mentions, replies and quotes of the house (private events: in the house's
//! own name), deletions and new handles of bidders who have posted (public: in the app's). `missing` is pure.

use std::collections::BTreeSet;

use auction_core::BidderId;
use serde::Deserialize;
use serde_json::json;

use super::House;
use crate::x::client::{Call, next_token};
use crate::x::endpoint::Context;
use crate::x::model::XId;
use crate::x::{Client, Code, Endpoint, Problem};

/// The most subscriptions of a self-serve app.
pub const SUBSCRIPTION_LIMIT: usize = 1500;
/// Subscriptions in one page of X's list.
const PAGE: &str = "1000";
/// More pages than this are not ours.
const PAGE_LIMIT: usize = 10;
/// The tag of our subscriptions, for whoever looks at X's console.
const TAG: &str = "sothebais";

/// A kind of event about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    Mention,
    Reply,
    Quote,
    Delete,
    Rename,
}

impl Event {
    /// X's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mention => "post.mention.create",
            Self::Reply => "post.reply.create",
            Self::Quote => "post.quote.create",
            Self::Delete => "post.delete",
            Self::Rename => "profile.update.handle",
        }
    }

    /// Private events need the consent of the account that they are about.
    fn context(self) -> Context {
        match self {
            Self::Mention | Self::Reply | Self::Quote => Context::User,
            Self::Delete | Self::Rename => Context::App,
        }
    }
}

/// One subscription: an event about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subscription {
    pub event: Event,
    pub user: u64,
}

/// A subscription as X lists it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Held {
    pub event_type: String,
    pub filter: Option<HeldFilter>,
}

/// What a listed subscription is about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct HeldFilter {
    pub user_id: Option<XId>,
}

/// Everything that the house itself needs.
pub fn about_house(house: &House) -> Vec<Subscription> {
    [Event::Mention, Event::Reply, Event::Quote].map(|event| Subscription { event, user: house.id }).to_vec()
}

/// What is to be known of a bidder whose text is stored.
pub fn about_bidder(bidder: BidderId) -> [Subscription; 2] {
    [Event::Delete, Event::Rename].map(|event| Subscription { event, user: bidder.0 })
}

/// The wanted ones that X does not hold, as many as fit under its limit.
pub fn missing(wanted: &[Subscription], held: &[Held]) -> Vec<Subscription> {
    let is_held = |one: &Subscription| {
        let user = Some(XId(one.user));
        held.iter().any(|held| {
            held.event_type == one.event.as_str() && held.filter.as_ref().and_then(|filter| filter.user_id) == user
        })
    };
    let room = SUBSCRIPTION_LIMIT.saturating_sub(held.len());
    wanted.iter().filter(|one| !is_held(one)).take(room).copied().collect()
}

/// Every subscription of the app.
pub async fn list(client: &Client) -> Result<Vec<Held>, Problem> {
    let mut held = Vec::new();
    let mut token: Option<String> = None;
    // Pages that go in a circle are read once.
    let mut tokens = BTreeSet::new();
    for _ in 0..PAGE_LIMIT {
        let mut call = Call::new(Endpoint::ListSubscriptions, Context::App);
        call.query.push(("max_results", PAGE.to_owned()));
        call.query.extend(token.take().map(|token| ("pagination_token", token)));
        let answer = client.call(&call).await?;
        if let Some(data) = answer.body.get("data").filter(|data| !data.is_null()) {
            let page = Vec::<Held>::deserialize(data)
                .map_err(|_| Problem::local(Code::Unreadable, "the list of subscriptions is not what x documents"))?;
            held.extend(page);
        }
        let next = next_token(&answer.body);
        if next.is_none() || !tokens.insert(next.clone()) {
            break;
        }
        token = next;
    }
    Ok(held)
}

/// Creates those that X grants. A single one that X refuses for good (an account that is gone, an event that the app may
/// not have) does not keep the others from being made; returns how many were refused. Any other failure ends it.
pub async fn create_all(client: &Client, wanted: &[Subscription]) -> Result<usize, Problem> {
    let mut refused = 0;
    for one in wanted {
        match create(client, *one).await {
            Ok(()) => {}
            Err(problem) if is_about_one(&problem) => {
                refused += 1;
                tracing::warn!(event = one.event.as_str(), user = one.user, error = %problem, "x refuses a subscription");
            }
            Err(problem) => return Err(problem),
        }
    }
    Ok(refused)
}

fn is_about_one(problem: &Problem) -> bool {
    matches!(problem.code, Code::InvalidRequest | Code::Forbidden | Code::ClientForbidden | Code::NotFound)
}

/// Creates one subscription. One that exists already is as good.
async fn create(client: &Client, one: Subscription) -> Result<(), Problem> {
    let body = json!({"event_type": one.event.as_str(), "filter": {"user_id": one.user.to_string()}, "tag": TAG});
    let call = Call { body: Some(body), ..Call::new(Endpoint::CreateSubscription, one.event.context()) };
    match client.call(&call).await {
        Ok(_) => Ok(()),
        Err(problem) if problem.status == 409 => Ok(()),
        Err(problem) => Err(problem),
    }
}

#[cfg(test)]
mod tests {
    use auction_core::Handle;

    use super::*;

    fn held(event_type: &str, user: u64) -> Held {
        Held { event_type: event_type.into(), filter: Some(HeldFilter { user_id: Some(XId(user)) }) }
    }

    #[test]
    fn only_what_is_not_held_is_created() {
        let house = House { id: 42, handle: Handle::new("sothebais").unwrap() };
        let there = [held("post.mention.create", 42), held("post.reply.create", 41), held("like.create", 42)];
        let missing: Vec<_> = missing(&about_house(&house), &there).into_iter().map(|one| one.event).collect();
        assert_eq!(missing, [Event::Reply, Event::Quote]);
    }

    #[test]
    fn the_limit_of_x_is_kept() {
        let full: Vec<_> = (0..SUBSCRIPTION_LIMIT as u64 - 1).map(|user| held("post.delete", user)).collect();
        assert_eq!(missing(&about_bidder(BidderId(999_999)), &full).len(), 1);
    }
}
