//! The endpoints of X that the gateway uses: method, path, and which of the two kinds of credentials they take.

use reqwest::Method;

/// An endpoint, as X's rate limits count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    Me,
    ActivityStream,
    ListSubscriptions,
    CreateSubscription,
    FilteredStream,
    ListRules,
    ChangeRules,
    Mentions,
    SearchRecent,
    LookUpPosts,
    CreatePost,
    EndConnections,
}

/// The credentials of a call; X counts the calls of each on their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Context {
    /// OAuth 2.0 bearer token of the app.
    App,
    /// OAuth 1.0a, signed for the house's own account.
    User,
}

impl Context {
    /// The name on the status page.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::User => "user",
        }
    }
}

impl Endpoint {
    /// Every endpoint, for metrics that must exist before the first call.
    pub const ALL: [Self; 12] = [
        Self::Me,
        Self::ActivityStream,
        Self::ListSubscriptions,
        Self::CreateSubscription,
        Self::FilteredStream,
        Self::ListRules,
        Self::ChangeRules,
        Self::Mentions,
        Self::SearchRecent,
        Self::LookUpPosts,
        Self::CreatePost,
        Self::EndConnections,
    ];

    /// The name in logs, metrics and the status page.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Me => "me",
            Self::ActivityStream => "activity_stream",
            Self::ListSubscriptions => "list_subscriptions",
            Self::CreateSubscription => "create_subscription",
            Self::FilteredStream => "filtered_stream",
            Self::ListRules => "list_rules",
            Self::ChangeRules => "change_rules",
            Self::Mentions => "mentions",
            Self::SearchRecent => "search_recent",
            Self::LookUpPosts => "look_up_posts",
            Self::CreatePost => "create_post",
            Self::EndConnections => "end_connections",
        }
    }

    /// The method of the call.
    pub fn method(self) -> Method {
        match self {
            Self::CreateSubscription | Self::ChangeRules | Self::CreatePost => Method::POST,
            Self::EndConnections => Method::DELETE,
            Self::Me
            | Self::ActivityStream
            | Self::ListSubscriptions
            | Self::FilteredStream
            | Self::ListRules
            | Self::Mentions
            | Self::SearchRecent
            | Self::LookUpPosts => Method::GET,
        }
    }

    /// The path; `id` is the user's id where the path has one, else ignored.
    pub fn path(self, id: &str) -> String {
        match self {
            Self::Me => "/2/users/me".into(),
            Self::ActivityStream => "/2/activity/stream".into(),
            Self::ListSubscriptions | Self::CreateSubscription => "/2/activity/subscriptions".into(),
            Self::FilteredStream => "/2/tweets/search/stream".into(),
            Self::ListRules | Self::ChangeRules => "/2/tweets/search/stream/rules".into(),
            Self::Mentions => format!("/2/users/{id}/mentions"),
            Self::SearchRecent => "/2/tweets/search/recent".into(),
            Self::LookUpPosts | Self::CreatePost => "/2/tweets".into(),
            Self::EndConnections => "/2/connections/all".into(),
        }
    }
}
