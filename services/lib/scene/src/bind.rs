//! Bindings: the fields of an auction that a text can name, and texts with such names in braces.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::figures;
use crate::view::{AuctionView, Link, Moment, Phase};

/// Something of the auction that a text can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    AuctionTitle,
    /// With `@`.
    Handle,
    LotNumber,
    LotCount,
    LotTitle,
    /// What the price is called in this phase: opening bid, current bid, sold for, …
    PriceLabel,
    /// The price, or the opening bid before there is one.
    Price,
    Currency,
    /// The least next bid, with its currency.
    NextBid,
    /// The least next bid as one writes it in a post.
    NextBidPlain,
    /// `Paddle 7`.
    Leader,
    /// `1 bid`, `12 bids`.
    BidCount,
    /// `1:05`, `9.4`; while the lot is open.
    TimeLeft,
    /// Until the auction begins.
    StartsIn,
    /// The phase in a word or two.
    Status,
    Reason,
    /// `Reserve met`, `Reserve not met`; nothing without one.
    Reserve,
    /// Says that the picture is not fresh, after a while of silence.
    Stale,
}

/// How long the engine may be silent before viewers are told.
const STALE_AFTER_MS: i64 = 3_000;

impl Field {
    const ALL: [Self; 18] = [
        Self::AuctionTitle,
        Self::Handle,
        Self::LotNumber,
        Self::LotCount,
        Self::LotTitle,
        Self::PriceLabel,
        Self::Price,
        Self::Currency,
        Self::NextBid,
        Self::NextBidPlain,
        Self::Leader,
        Self::BidCount,
        Self::TimeLeft,
        Self::StartsIn,
        Self::Status,
        Self::Reason,
        Self::Reserve,
        Self::Stale,
    ];

    /// The name in templates.
    pub fn name(self) -> &'static str {
        match self {
            Self::AuctionTitle => "auction_title",
            Self::Handle => "handle",
            Self::LotNumber => "lot_number",
            Self::LotCount => "lot_count",
            Self::LotTitle => "lot_title",
            Self::PriceLabel => "price_label",
            Self::Price => "price",
            Self::Currency => "currency",
            Self::NextBid => "next_bid",
            Self::NextBidPlain => "next_bid_plain",
            Self::Leader => "leader",
            Self::BidCount => "bid_count",
            Self::TimeLeft => "time_left",
            Self::StartsIn => "starts_in",
            Self::Status => "status",
            Self::Reason => "reason",
            Self::Reserve => "reserve",
            Self::Stale => "stale",
        }
    }

    /// The text now; empty when there is none.
    pub(crate) fn text(self, view: &AuctionView, now: Moment) -> String {
        let AuctionView { title, handle, phase, reason, starts_at, lot, link } = view;
        let of_lot = |show: &dyn Fn(&crate::view::LotShown) -> String| lot.as_ref().map(show).unwrap_or_default();
        match self {
            Self::AuctionTitle => title.clone(),
            Self::Handle => handle.as_ref().map(|handle| format!("@{handle}")).unwrap_or_default(),
            Self::LotNumber => of_lot(&|lot| lot.number.to_string()),
            Self::LotCount => of_lot(&|lot| lot.count.to_string()),
            Self::LotTitle => of_lot(&|lot| lot.title.clone()),
            Self::PriceLabel => of_lot(&|lot| figures::price_label(*phase, lot.price.is_some()).to_owned()),
            Self::Price => of_lot(&|lot| figures::grouped(&lot.price.as_ref().unwrap_or(&lot.next).amount)),
            Self::Currency => of_lot(&|lot| lot.next.currency.clone()),
            Self::NextBid => of_lot(&|lot| format!("{} {}", figures::grouped(&lot.next.amount), lot.next.currency)),
            Self::NextBidPlain => of_lot(&|lot| format!("{} {}", lot.next.amount, lot.next.currency)),
            Self::Leader => of_lot(&|lot| lot.leader.map(|paddle| format!("Paddle {paddle}")).unwrap_or_default()),
            Self::BidCount => of_lot(&|lot| figures::bids(lot.bids)),
            Self::TimeLeft => of_lot(&|lot| time_left(*phase, lot.ends_at, now)),
            Self::StartsIn => match (phase, starts_at) {
                (Phase::Before, Some(at)) if at.since(now) > 0 => figures::countdown(at.since(now)),
                _ => String::new(),
            },
            Self::Status => figures::status(*phase).to_owned(),
            Self::Reason => reason.clone().unwrap_or_default(),
            Self::Reserve => of_lot(&|lot| match lot.reserve_met {
                Some(true) => "Reserve met".to_owned(),
                Some(false) => "Reserve not met".to_owned(),
                None => String::new(),
            }),
            Self::Stale => match link {
                Link::Lost { since } if now.since(*since) >= STALE_AFTER_MS => "Reconnecting".to_owned(),
                Link::Lost { .. } | Link::Fresh => String::new(),
            },
        }
    }
}

fn time_left(phase: Phase, ends_at: Option<Moment>, now: Moment) -> String {
    match (phase, ends_at) {
        (Phase::Open | Phase::Extended, Some(end)) => figures::countdown(end.since(now)),
        (Phase::Draining | Phase::Held, _) => figures::countdown(0),
        (
            Phase::Open
            | Phase::Extended
            | Phase::Empty
            | Phase::Before
            | Phase::Upcoming
            | Phase::Sold
            | Phase::Passed
            | Phase::Paused
            | Phase::Over
            | Phase::Cancelled,
            _,
        ) => String::new(),
    }
}

/// A text with fields in braces. `{{` is a brace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Field(Field),
}

/// A template that names what there is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownField {
    #[error("{{{0}}} is no field of an auction")]
    Name(String),
    #[error("a brace is opened and not closed; write two for one")]
    Open,
}

impl Template {
    /// The text now. Empty when every field in it is: nothing is said about what is not there.
    pub(crate) fn text(&self, view: &AuctionView, now: Moment) -> String {
        let mut text = String::new();
        let (mut fields, mut filled) = (0, 0);
        for piece in &self.0 {
            match piece {
                Piece::Literal(words) => text.push_str(words),
                Piece::Field(field) => {
                    let value = field.text(view, now);
                    fields += 1;
                    filled += usize::from(!value.is_empty());
                    text.push_str(&value);
                }
            }
        }
        if fields > 0 && filled == 0 { String::new() } else { text }
    }
}

impl FromStr for Template {
    type Err = UnknownField;

    fn from_str(text: &str) -> Result<Self, UnknownField> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            literal.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('{') {
                literal.push('{');
                rest = after;
                continue;
            }
            let (name, after) = rest.split_once('}').ok_or(UnknownField::Open)?;
            let field = Field::ALL.into_iter().find(|field| field.name() == name);
            let field = field.ok_or_else(|| UnknownField::Name(name.chars().take(40).collect()))?;
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Field(field));
            rest = after;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Ok(Self(pieces))
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.0 {
            match piece {
                Piece::Literal(words) => f.write_str(&words.replace('{', "{{"))?,
                Piece::Field(field) => write!(f, "{{{}}}", field.name())?,
            }
        }
        Ok(())
    }
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_reads_back_as_it_was_written() {
        for text in ["Lot {lot_number} of {lot_count}", "plain", "{{{price}", "", "a}b"] {
            assert_eq!(text.parse::<Template>().unwrap().to_string(), text);
        }
        assert_eq!("{prize}".parse::<Template>(), Err(UnknownField::Name("prize".into())));
        assert_eq!("{price".parse::<Template>(), Err(UnknownField::Open));
    }

    #[test]
    fn names_in_templates_are_those_in_json() {
        for field in Field::ALL {
            assert_eq!(serde_json::to_value(field).unwrap(), field.name());
        }
    }

    #[test]
    fn nothing_is_said_about_what_is_not_there() {
        let template: Template = "High bidder {leader}".parse().unwrap();
        assert_eq!(template.text(&AuctionView::empty(), Moment(0)), "");
    }

    #[test]
    fn silence_is_told_after_a_while() {
        let mut view = AuctionView::empty();
        view.link = Link::Lost { since: Moment(1_000) };
        assert_eq!(Field::Stale.text(&view, Moment(3_999)), "");
        assert_eq!(Field::Stale.text(&view, Moment(4_000)), "Reconnecting");
    }
}
