//! The world as X holds it: accounts, posts, rules, subscriptions. Pure: time comes in with every call, chance from the
//! seed. `write` changes it, `select` reads lists from it, `address` says which streams a change concerns.

mod address;
mod select;
#[cfg(test)]
mod tests;
mod write;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub use address::{Event, Parcel};
pub use select::{Page, Window};
pub use write::{Draft, Made, Refused};

use crate::chance::{Chance, Withholding};
use crate::id::{Mint, PostId, RuleId, SubscriptionId, UserId};
use crate::post::Post;
use crate::rule::Clause;
use crate::user::{Directory, Kind, User};

/// Versions of posts kept; the oldest go first. A show of two hours has some tens of thousands.
pub const MOST_POSTS: usize = 100_000;

/// Rules that a pay-per-use project may have.
pub const MOST_RULES: usize = 1000;

/// Subscriptions that a self-serve app may have.
pub const MOST_SUBSCRIPTIONS: usize = 1500;

/// Mentions kept for each account: more than the 800 that the timeline shows, for those that are not listed yet.
const MOST_MENTIONS: usize = 2000;

/// How many milliseconds pass until a post is seen: a closed range from which each post draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// The least.
    pub least_ms: i64,
    /// The most.
    pub most_ms: i64,
}

/// How the world behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nature {
    /// Where all chance comes from.
    pub seed: u64,
    /// Posts that name the house and that no stream carries, in parts of a thousand.
    pub withheld_permille: u32,
    /// From a post's making to its event on the activity stream.
    pub activity: Lag,
    /// From a post's making to its line on the filtered stream.
    pub filtered: Lag,
    /// From a post's making to its place in timelines and search.
    pub listing: Lag,
}

/// A rule of the filtered stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// Its text.
    pub value: String,
    /// The caller's own label.
    pub tag: Option<String>,
    /// What the text says.
    pub clause: Clause,
}

/// An event type of the activity stream that the stand-in can produce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventType {
    /// `post.create`
    Create,
    /// `post.delete`
    Delete,
    /// `post.mention.create`
    Mention,
    /// `post.reply.create`
    Reply,
    /// `post.quote.create`
    Quote,
    /// `post.repost.create`
    Repost,
    /// `profile.update.handle`
    Handle,
}

impl EventType {
    /// Every one.
    pub const ALL: [Self; 7] =
        [Self::Create, Self::Delete, Self::Mention, Self::Reply, Self::Quote, Self::Repost, Self::Handle];

    /// X's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "post.create",
            Self::Delete => "post.delete",
            Self::Mention => "post.mention.create",
            Self::Reply => "post.reply.create",
            Self::Quote => "post.quote.create",
            Self::Repost => "post.repost.create",
            Self::Handle => "profile.update.handle",
        }
    }

    /// The type of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.name() == name)
    }

    /// Whether X wants the account's own consent for it.
    pub fn is_private(self) -> bool {
        match self {
            Self::Mention | Self::Reply | Self::Quote | Self::Repost => true,
            Self::Create | Self::Delete | Self::Handle => false,
        }
    }
}

/// A subscription of the activity stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// Which events.
    pub event_type: EventType,
    /// Whose events.
    pub user: UserId,
    /// The caller's own label.
    pub tag: Option<String>,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created_ms: i64,
}

/// Everything that X knows.
#[derive(Debug)]
pub struct World {
    /// The accounts.
    pub users: Directory,
    /// The rules of the filtered stream.
    pub rules: BTreeMap<RuleId, Rule>,
    /// The subscriptions of the activity stream.
    pub subscriptions: BTreeMap<SubscriptionId, Subscription>,
    /// Ids of the posts that the streams never carry, in the order of their making.
    pub withheld: Vec<PostId>,
    house: UserId,
    nature: Nature,
    withholding: Withholding,
    chance: Chance,
    mint: Mint,
    posts: BTreeMap<PostId, Post>,
    arrivals: VecDeque<PostId>,
    chains: BTreeMap<PostId, Vec<PostId>>,
    mentions_of: BTreeMap<UserId, BTreeSet<PostId>>,
    house_texts: VecDeque<(i64, String)>,
    concerning: u64,
}

impl World {
    /// A world with the house's account alone.
    pub fn new(nature: Nature, house: User) -> Self {
        let mut users = Directory::default();
        let house = User { kind: Kind::House, ..house };
        let id = house.id;
        users.register(house).expect("the first account of an empty directory finds its handle free");
        Self {
            users,
            rules: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            withheld: Vec::new(),
            house: id,
            withholding: Withholding::new(nature.seed, nature.withheld_permille),
            chance: Chance::new(nature.seed, 1),
            nature,
            mint: Mint::default(),
            posts: BTreeMap::new(),
            arrivals: VecDeque::new(),
            chains: BTreeMap::new(),
            mentions_of: BTreeMap::new(),
            house_texts: VecDeque::new(),
            concerning: 0,
        }
    }

    /// The house's account.
    pub fn house(&self) -> &User {
        self.users.get(self.house).expect("the house is registered when the world begins")
    }

    /// This version of a post, deleted or not.
    pub fn post(&self, id: PostId) -> Option<&Post> {
        self.posts.get(&id)
    }

    /// All versions of the post that this id is a version of, oldest first.
    pub fn versions(&self, id: PostId) -> &[PostId] {
        let first = self.posts.get(&id).map_or(id, |p| p.first);
        self.chains.get(&first).map_or(&[], Vec::as_slice)
    }

    /// How many versions of posts are kept.
    pub fn kept(&self) -> usize {
        self.posts.len()
    }

    /// The kept versions in the order in which they came.
    pub fn in_order_of_arrival(&self) -> impl Iterator<Item = &Post> {
        self.arrivals.iter().filter_map(|id| self.posts.get(id))
    }

    /// How the world behaves now.
    pub fn nature(&self) -> &Nature {
        &self.nature
    }

    /// Changes the share of withheld posts from the next post on.
    pub fn withhold(&mut self, permille: u32) {
        self.nature.withheld_permille = permille;
        self.withholding = Withholding::new(self.nature.seed, permille);
    }

    /// Changes how long things take from the next post on.
    pub fn slow(&mut self, activity: Lag, filtered: Lag, listing: Lag) {
        self.nature = Nature { activity, filtered, listing, ..self.nature.clone() };
    }

    /// A fresh id for a rule or subscription.
    pub fn fresh_id(&mut self, now_ms: i64) -> u64 {
        self.mint.mint(now_ms)
    }

    fn lag(&mut self, lag: Lag) -> i64 {
        self.chance.between(lag.least_ms, lag.most_ms)
    }
}
