//! The `doc` column: what a row says, small, for people and SQL. Derived from the entry; only
//! verification reads it back, to compare.

use std::fmt::Write;

use auction_core::{Action, Decision, Entry, Event, Verdict, Wei};

/// Longest text of a doc in the common case; one allocation.
const USUAL_LENGTH: usize = 192;

/// The row as JSON text. Holds no hidden amount: no maximum, no limit.
pub fn of(entry: &Entry) -> String {
    let mut doc = String::with_capacity(USUAL_LENGTH);
    doc.push_str("{\"verdict\":\"");
    doc.push_str(crate::catalogue::verdict_name(&entry.decision.verdict));
    doc.push('"');
    if let Action::PlaceBid { bidder, .. } | Action::RefusePost { bidder, .. } = &entry.command.action {
        append(&mut doc, format_args!(",\"bidder\":\"{bidder}\""));
    }
    verdict(&mut doc, &entry.decision);
    happened(&mut doc, &entry.decision.events);
    doc.push('}');
    doc
}

fn verdict(doc: &mut String, decision: &Decision) {
    match &decision.verdict {
        Verdict::Accepted { standing, .. } => {
            if let Some(amount) = decision.events.iter().find_map(offered) {
                append(doc, format_args!(",\"amount_wei\":\"{amount}\""));
            }
            append(doc, format_args!(",\"price_wei\":\"{}\",\"leader\":{}", standing.price, standing.paddle));
        }
        Verdict::Refused(refusal) => {
            let code = serde_json::Value::from(refusal.code().to_string());
            append(doc, format_args!(",\"code\":{code}"));
        }
        Verdict::Parked | Verdict::Done => {}
    }
}

fn offered(event: &Event) -> Option<Wei> {
    if let Event::BidAccepted { amount, intent, .. } = event { intent.public_amount(*amount) } else { None }
}

/// The events' types without their common prefix, where they say more than the verdict.
fn happened(doc: &mut String, all: &[Event]) {
    if matches!(all, [] | [Event::BidAccepted { .. } | Event::BidRefused { .. }]) {
        return;
    }
    for (index, event) in all.iter().enumerate() {
        let name = crate::catalogue::type_of(event).trim_start_matches("io.sothebais.auction.").trim_end_matches(".v1");
        append(doc, format_args!("{}\"{name}\"", if index == 0 { ",\"happened\":[" } else { "," }));
    }
    doc.push(']');
}

fn append(doc: &mut String, text: std::fmt::Arguments<'_>) {
    doc.write_fmt(text).expect("a string takes all text");
}
