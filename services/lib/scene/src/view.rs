//! What a scene can show of an auction at one moment. Texts are shown as they are; money is exact, in main units.

/// Milliseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(pub i64);

impl Moment {
    /// Milliseconds from `earlier` to here; negative when this is before.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// An amount in main units, such as `1.5`, and its currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// Digits with at most one dot.
    pub amount: String,
    pub currency: String,
}

/// Where the show stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// No auction is bound, or nothing is known of it yet.
    Empty,
    /// The auction has not begun.
    Before,
    /// The lot on screen comes next.
    Upcoming,
    Open,
    /// Open, and late bids have moved the end.
    Extended,
    /// The time is up; late posts are being counted.
    Draining,
    /// The time is up; the house decides.
    Held,
    Sold,
    Passed,
    Paused,
    /// Every lot is done.
    Over,
    Cancelled,
}

impl Phase {
    pub const ALL: [Self; 12] = [
        Self::Empty,
        Self::Before,
        Self::Upcoming,
        Self::Open,
        Self::Extended,
        Self::Draining,
        Self::Held,
        Self::Sold,
        Self::Passed,
        Self::Paused,
        Self::Over,
        Self::Cancelled,
    ];
}

/// Whether the state is fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    Fresh,
    /// The engine has not been heard since.
    Lost {
        since: Moment,
    },
}

/// Everything that a scene can bind to. Made at one `lot_seq`, so that what is on screen belongs together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuctionView {
    pub title: String,
    /// The house's X handle without `@`; `None` when no bids come by post.
    pub handle: Option<String>,
    pub phase: Phase,
    /// Why it is paused or was cancelled.
    pub reason: Option<String>,
    pub starts_at: Option<Moment>,
    pub lot: Option<LotShown>,
    pub link: Link,
}

/// The lot on screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotShown {
    /// From 1.
    pub number: u32,
    pub count: u32,
    pub title: String,
    /// `None` before the first bid.
    pub price: Option<Money>,
    /// When the price became this one.
    pub price_since: Moment,
    /// The least that the next bid must be.
    pub next: Money,
    pub leader: Option<u32>,
    pub bids: u64,
    pub extensions: u32,
    pub reserve_met: Option<bool>,
    pub ends_at: Option<Moment>,
    /// How long the lot was meant to be open; the countdown's full length.
    pub length_ms: i64,
    /// Accepted bids, the newest first.
    pub recent: Vec<BidShown>,
}

/// One accepted bid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BidShown {
    pub lot_seq: u64,
    pub paddle: u32,
    pub amount: Money,
    /// It came as a post on X.
    pub by_post: bool,
}

impl AuctionView {
    /// Nothing is known.
    pub fn empty() -> Self {
        Self {
            title: String::new(),
            handle: None,
            phase: Phase::Empty,
            reason: None,
            starts_at: None,
            lot: None,
            link: Link::Fresh,
        }
    }
}
