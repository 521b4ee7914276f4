//! X's rate limits: how many requests an endpoint takes from an app or a user in one window. Pure.

use std::collections::BTreeMap;

use crate::id::UserId;

/// X counts in windows of fifteen minutes unless it says otherwise.
pub const WINDOW_MS: i64 = 15 * 60 * 1000;

/// Windows remembered at most; the ones that passed go first.
const MOST_WINDOWS: usize = 200_000;

/// The endpoints that we use, one for each row of X's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    /// `GET /2/activity/stream`
    ActivityStream,
    /// `POST /2/activity/subscriptions`
    CreateSubscription,
    /// `GET /2/activity/subscriptions`
    ListSubscriptions,
    /// `DELETE /2/activity/subscriptions/{id}`
    DeleteSubscription,
    /// `GET /2/tweets/search/stream`
    FilteredStream,
    /// `GET /2/tweets/search/stream/rules`
    ListRules,
    /// `POST /2/tweets/search/stream/rules`
    ChangeRules,
    /// `GET /2/tweets/search/recent`
    SearchRecent,
    /// `GET /2/users/{id}/mentions`
    Mentions,
    /// `GET /2/users/me`
    Me,
    /// `GET /2/users/{id}`
    UserById,
    /// `GET /2/users/by/username/{username}`
    UserByName,
    /// `POST /2/tweets`
    CreatePost,
    /// `GET /2/tweets`
    Posts,
    /// `GET /2/tweets/{id}`
    PostById,
    /// `DELETE /2/tweets/{id}`
    DeletePost,
    /// `POST /2/users/{id}/retweets`
    Repost,
    /// `GET /2/usage/tweets`
    Usage,
    /// `DELETE /2/connections/all`
    DeleteConnections,
}

/// Requests that an endpoint takes in one window; nothing where X does not offer the endpoint to such callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// From an app.
    pub app: Option<u32>,
    /// From a user.
    pub user: Option<u32>,
}

impl Endpoint {
    /// Every endpoint.
    pub const ALL: [Self; 19] = [
        Self::ActivityStream,
        Self::CreateSubscription,
        Self::ListSubscriptions,
        Self::DeleteSubscription,
        Self::FilteredStream,
        Self::ListRules,
        Self::ChangeRules,
        Self::SearchRecent,
        Self::Mentions,
        Self::Me,
        Self::UserById,
        Self::UserByName,
        Self::CreatePost,
        Self::Posts,
        Self::PostById,
        Self::DeletePost,
        Self::Repost,
        Self::Usage,
        Self::DeleteConnections,
    ];

    /// A short name for metrics and faults.
    pub fn name(self) -> &'static str {
        match self {
            Self::ActivityStream => "activity_stream",
            Self::CreateSubscription => "create_subscription",
            Self::ListSubscriptions => "list_subscriptions",
            Self::DeleteSubscription => "delete_subscription",
            Self::FilteredStream => "filtered_stream",
            Self::ListRules => "list_rules",
            Self::ChangeRules => "change_rules",
            Self::SearchRecent => "search_recent",
            Self::Mentions => "mentions",
            Self::Me => "me",
            Self::UserById => "user_by_id",
            Self::UserByName => "user_by_name",
            Self::CreatePost => "create_post",
            Self::Posts => "posts",
            Self::PostById => "post_by_id",
            Self::DeletePost => "delete_post",
            Self::Repost => "repost",
            Self::Usage => "usage",
            Self::DeleteConnections => "delete_connections",
        }
    }

    /// The endpoint of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|e| e.name() == name)
    }

    /// X's table of August 2026.
    pub fn allowance(self) -> Allowance {
        let (app, user) = match self {
            Self::ActivityStream | Self::ListRules => (Some(450), None),
            Self::CreateSubscription | Self::ListSubscriptions => (Some(500), Some(500)),
            Self::DeleteSubscription => (Some(500), None),
            Self::FilteredStream | Self::Usage => (Some(50), None),
            Self::ChangeRules => (Some(100), None),
            Self::SearchRecent | Self::Mentions => (Some(450), Some(300)),
            Self::Me => (None, Some(75)),
            Self::UserById | Self::UserByName => (Some(300), Some(900)),
            Self::CreatePost => (None, Some(100)),
            Self::Posts => (Some(3500), Some(5000)),
            Self::PostById => (Some(450), Some(900)),
            Self::DeletePost | Self::Repost => (None, Some(50)),
            Self::DeleteConnections => (Some(25), None),
        };
        Allowance { app, user }
    }
}

/// Who is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    /// The app.
    App,
    /// One user.
    User(UserId),
}

/// What a request finds: the numbers of the `x-rate-limit-` headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Requests a window.
    pub limit: u32,
    /// Requests left after this one.
    pub remaining: u32,
    /// When the window ends, in seconds since the Unix epoch, rounded up.
    pub reset_s: i64,
    /// Whether this request still fitted.
    pub admitted: bool,
}

/// The windows that are open.
#[derive(Debug, Default)]
pub struct Windows {
    open: BTreeMap<(Endpoint, Counted), (i64, u32)>,
}

impl Windows {
    /// Counts one request against `limit` requests in `window_ms`.
    pub fn take(&mut self, key: (Endpoint, Counted), limit: u32, window_ms: i64, now_ms: i64) -> Standing {
        if self.open.len() >= MOST_WINDOWS {
            self.open.retain(|_, (began, _)| now_ms - *began < window_ms);
        }
        let (began, taken) = self.open.entry(key).or_insert((now_ms, 0));
        if now_ms - *began >= window_ms {
            (*began, *taken) = (now_ms, 0);
        }
        let admitted = *taken < limit;
        *taken += u32::from(admitted);
        let reset_s = (*began + window_ms + 999).div_euclid(1000);
        Standing { limit, remaining: limit - (*taken).min(limit), reset_s, admitted }
    }

    /// Opens every window anew.
    pub fn forget(&mut self) {
        self.open.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: (Endpoint, Counted) = (Endpoint::Me, Counted::App);

    #[test]
    fn a_window_admits_its_limit_and_opens_again_when_it_passed() {
        let mut windows = Windows::default();
        let first = windows.take(KEY, 2, WINDOW_MS, 1000);
        assert_eq!(first, Standing { limit: 2, remaining: 1, reset_s: 901, admitted: true });
        assert!(windows.take(KEY, 2, WINDOW_MS, 2000).admitted);
        assert!(!windows.take(KEY, 2, WINDOW_MS, 3000).admitted);
        assert!(windows.take(KEY, 2, WINDOW_MS, 1000 + WINDOW_MS).admitted);
    }

    #[test]
    fn users_are_counted_apart() {
        let mut windows = Windows::default();
        for user in 0..3 {
            assert!(windows.take((Endpoint::CreatePost, Counted::User(UserId(user))), 1, WINDOW_MS, 0).admitted);
        }
    }

    #[test]
    fn endpoint_names_are_unique() {
        assert!(Endpoint::ALL.into_iter().all(|e| Endpoint::of_name(e.name()) == Some(e)));
    }
}
