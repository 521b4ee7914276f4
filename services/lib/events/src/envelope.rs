//! The envelope: `CloudEvents` 1.0 in JSON, with our extensions.

use auction_core::{Entry, SourceKind};
use serde::Serialize;

use crate::catalogue::type_of_row;
use crate::data::{Data, Time};

/// One event, ready to be serialised.
#[derive(Debug, Serialize)]
pub struct CloudEvent<'a> {
    pub specversion: &'static str,
    /// `{shard}/{seq}`: unique with `source`.
    pub id: String,
    pub source: &'static str,
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// `{auction}/{lot}`, `{auction}`, or absent for what belongs to the whole shard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    pub time: Time,
    pub datacontenttype: &'static str,
    /// What belongs together: the auction, or the shard.
    pub correlationid: &'a str,
    /// The command's origin: `{kind}:{key}`.
    pub causationid: String,
    /// Where the trace began; never a later hop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    pub partitionkey: &'a str,
    /// The row's number, with leading zeros so that texts order as numbers do.
    pub sequence: String,
    pub data: Data<'a>,
}

/// The event of one journal row.
pub fn of_row<'a>(shard: &'a str, seq: u64, entry: &'a Entry) -> CloudEvent<'a> {
    let subject = &entry.decision.subject;
    let auction = subject.auction.as_ref().map(auction_core::AuctionId::as_str);
    let partition = auction.unwrap_or(shard);
    let source = &entry.command.source;
    CloudEvent {
        specversion: "1.0",
        id: format!("{shard}/{seq}"),
        source: "/sothebais/auction-engine",
        kind: type_of_row(&entry.decision),
        subject: auction.map(|auction| match subject.lot {
            Some(lot) => format!("{auction}/{lot}"),
            None => auction.to_owned(),
        }),
        time: Time(entry.now),
        datacontenttype: "application/json",
        correlationid: partition,
        causationid: format!("{}:{}", source_name(source.kind), source.key),
        traceparent: entry.command.trace.map(|trace| trace.to_string()),
        partitionkey: partition,
        sequence: format!("{seq:020}"),
        data: Data::of_row(shard, seq, entry),
    }
}

/// A source kind's word on every wire.
pub fn source_name(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Post => "post",
        SourceKind::Web => "web",
        SourceKind::Clerk => "clerk",
        SourceKind::House => "house",
    }
}
