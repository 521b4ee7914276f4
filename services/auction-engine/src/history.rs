//! Reads a lot's journal for the public.

use std::collections::BTreeMap;

use auction_core::{Action, AuctionId, Entry, LotNumber, Refusal, Verdict};
use bid_grammar::{Post, Reference};
use store::PgPool;
use store::said::Said;
use wire::rest::BidLine;

use crate::public;

/// Up to `limit` rows of a lot after `after`, in the order of its chain.
pub(crate) async fn read(
    pool: &PgPool,
    shard: &str,
    lot: (&AuctionId, LotNumber),
    after: u64,
    limit: u16,
) -> Result<Vec<BidLine>, store::Error> {
    let after = after.min(i64::MAX.unsigned_abs());
    let rows = store::journal::lot_page(pool, shard, lot, after, u32::from(limit)).await?;
    let entries = rows.iter().map(store::journal::StoredRow::decode).collect::<Result<Vec<_>, _>>()?;
    let posts: Vec<String> = entries.iter().filter(|entry| not_understood(entry).is_some()).map(post_of).collect();
    let said = store::said::of_posts(pool, &posts).await?;
    let line = |(row, entry): (&store::journal::StoredRow, &Entry)| {
        explained(public::bid_line(row.seq, entry, &row.hash), entry, &said)
    };
    Ok(rows.iter().zip(&entries).map(line).collect())
}

/// The grammar's code and the house's handle, if the row refuses a post that was not understood.
fn not_understood(entry: &Entry) -> Option<(&str, &str)> {
    match (&entry.command.action, &entry.decision.verdict) {
        (Action::RefusePost { post, .. }, Verdict::Refused(Refusal::NotUnderstood { code })) => {
            Some((code, post.handle.as_str()))
        }
        _ => None,
    }
}

fn post_of(entry: &Entry) -> String {
    entry.command.source.key.clone()
}

/// Tells the author of a post what was read in it, for as long as the post is there.
fn explained(line: BidLine, entry: &Entry, said: &BTreeMap<String, Said>) -> BidLine {
    let Some((code, house)) = not_understood(entry) else { return line };
    let said = said.get(&post_of(entry));
    let post = said.and_then(|said| Some(Post { text: &said.text, reference: Reference::named(&said.reference)? }));
    match bid_grammar::explain_again(code, post.as_ref(), house) {
        Some(again) => BidLine { message: Some(again.message), remedy: Some(again.remedy), ..line },
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use auction_core::command::InboxPosition;
    use auction_core::{BidderId, Command, Handle, Hash, Shard, Source, SourceKind, Timestamp};

    use super::*;

    fn refused(code: &str) -> Entry {
        let post = InboxPosition { handle: Handle::new("house").unwrap(), seq: 5 };
        let night = AuctionId::new("night").unwrap();
        let action = Action::RefusePost { auction: night, bidder: BidderId(42), code: code.to_owned(), post };
        let source = Source { kind: SourceKind::Post, key: "17".to_owned() };
        let command = Command { source, at: Timestamp(1_000), action, trace: None };
        let mut decision = Shard::default().decide(&command, Timestamp(1_000));
        decision.verdict = Verdict::Refused(Refusal::NotUnderstood { code: code.to_owned() });
        Entry { command, now: Timestamp(1_000), decision }
    }

    fn told(code: &str, text: Option<&str>) -> (String, String) {
        let entry = refused(code);
        let of = |text: &str| Said { text: text.to_owned(), reference: "none".to_owned() };
        let said = text.map(|text| ("17".to_owned(), of(text))).into_iter().collect();
        let line = explained(public::bid_line(1, &entry, &Hash::default()), &entry, &said);
        assert_eq!(line.code.as_deref(), Some(code));
        (line.message.unwrap(), line.remedy.unwrap())
    }

    #[test]
    fn an_author_is_told_what_was_read_for_as_long_as_the_post_is_there() {
        let (message, remedy) = told("CommaInNumber", Some("@house bid 1,5 ETH"));
        assert!(message.contains("\"1,5\""), "{message}");
        assert!(remedy.contains("@house bid 1500.5 ETH"), "{remedy}");
        let (gone, same) = told("CommaInNumber", None);
        assert!(gone.contains("a comma can mean") && !gone.contains("1,5"), "{gone}");
        assert_eq!(same, remedy);
    }

    #[test]
    fn a_text_that_reads_otherwise_now_does_not_change_what_was_refused() {
        let edited = told("CommaInNumber", Some("@house bid 1.5 ETH"));
        assert_eq!(edited, told("CommaInNumber", None));
    }
}
