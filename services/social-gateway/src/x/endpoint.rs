//! The endpoints of X that the gateway uses: method, path, and which of the two kinds of credentials they take.

use reqwest::Method;

/// An endpoint, as X's rate limits count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    Me,
    UserByName,
    ActivityStream,
    ListSubscriptions,
    CreateSubscription,
    DeleteSubscription,
    FilteredStream,
    ListRules,
    ChangeRules,
    Mentions,
    SearchRecent,
    LookUpPosts,
    CreatePost,
    DeletePost,
    Usage,
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
    pub const ALL: [Self; 16] = [
        Self::Me,
        Self::UserByName,
        Self::ActivityStream,
        Self::ListSubscriptions,
        Self::CreateSubscription,
        Self::DeleteSubscription,
        Self::FilteredStream,
        Self::ListRules,
        Self::ChangeRules,
        Self::Mentions,
        Self::SearchRecent,
        Self::LookUpPosts,
        Self::CreatePost,
        Self::DeletePost,
        Self::Usage,
        Self::EndConnections,
    ];

    /// The name in logs, metrics and the status page.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Me => "me",
            Self::UserByName => "user_by_name",
            Self::ActivityStream => "activity_stream",
            Self::ListSubscriptions => "list_subscriptions",
            Self::CreateSubscription => "create_subscription",
            Self::DeleteSubscription => "delete_subscription",
            Self::FilteredStream => "filtered_stream",
            Self::ListRules => "list_rules",
            Self::ChangeRules => "change_rules",
            Self::Mentions => "mentions",
            Self::SearchRecent => "search_recent",
            Self::LookUpPosts => "look_up_posts",
            Self::CreatePost => "create_post",
            Self::DeletePost => "delete_post",
            Self::Usage => "usage",
            Self::EndConnections => "end_connections",
        }
    }

    /// The method of the call.
    pub fn method(self) -> Method {
        match self {
            Self::CreateSubscription | Self::ChangeRules | Self::CreatePost => Method::POST,
            Self::DeleteSubscription | Self::DeletePost | Self::EndConnections => Method::DELETE,
            Self::Me
            | Self::UserByName
            | Self::ActivityStream
            | Self::ListSubscriptions
            | Self::FilteredStream
            | Self::ListRules
            | Self::Mentions
            | Self::SearchRecent
            | Self::LookUpPosts
            | Self::Usage => Method::GET,
        }
    }

    /// The path; `id` is the user's, post's or subscription's id where the path has one, else ignored.
    pub fn path(self, id: &str) -> String {
        match self {
            Self::Me => "/2/users/me".into(),
            Self::UserByName => format!("/2/users/by/username/{id}"),
            Self::ActivityStream => "/2/activity/stream".into(),
            Self::ListSubscriptions | Self::CreateSubscription => "/2/activity/subscriptions".into(),
            Self::DeleteSubscription => format!("/2/activity/subscriptions/{id}"),
            Self::FilteredStream => "/2/tweets/search/stream".into(),
            Self::ListRules | Self::ChangeRules => "/2/tweets/search/stream/rules".into(),
            Self::Mentions => format!("/2/users/{id}/mentions"),
            Self::SearchRecent => "/2/tweets/search/recent".into(),
            Self::LookUpPosts | Self::CreatePost => "/2/tweets".into(),
            Self::DeletePost => format!("/2/tweets/{id}"),
            Self::Usage => "/2/usage/tweets".into(),
            Self::EndConnections => "/2/connections/all".into(),
        }
    }
}
