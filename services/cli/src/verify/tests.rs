//! Honest journals, and what each single change makes of them.

mod tampering;

use std::collections::BTreeMap;

use alloy_primitives::B256;
use auction_core::receipt::{CloseStatement, CommitStatement, MerkleTree};
use auction_core::replay::{Replay, Row};
use auction_core::terms::{AuctionTerms, BidderStatus, BidderTerms};
use auction_core::{
    Action, AuctionId, BidderId, Clerk, Command, Event, Hash, Intent, LotNumber, Paddle, Shard, Source, SourceKind,
    Timestamp, Wei,
};
use k256::ecdsa::SigningKey;
use store::evidence::PublishedKey;
use store::journal::StoredRow;
use store::seal::{CloseSeal, CommitSeal, StoredCommit};

use super::journal_file::{FiledShard, check_shard};
use super::trust::pin_first_keys;
use super::*;

const SHARD: &str = "night";

fn key(byte: u8) -> SigningKey {
    SigningKey::from_slice(&[byte; 32]).unwrap()
}

fn address(key: &SigningKey) -> Address {
    Address::from_private_key(key)
}

fn sign(key: &SigningKey, hash: B256) -> [u8; 65] {
    let (signature, recovery) = key.sign_prehash_recoverable(hash.as_slice()).unwrap();
    let mut bytes = [0; 65];
    bytes[..64].copy_from_slice(&signature.to_bytes());
    bytes[64] = 27 + recovery.to_byte();
    bytes
}

fn terms() -> AuctionTerms {
    let manifest = serde_json::json!({
        "apiVersion": "sothebais.io/v1alpha1", "kind": "Auction", "metadata": {"name": "night", "uid": "u"},
        "spec": {
            "title": "Night", "schedule": {"startsAt": "1970-01-01T00:00:01Z"}, "bidChannels": ["web"],
            "lotDefaults": {"durationSeconds": 10, "softClose": {"windowSeconds": 0}},
            "lots": [{"id": "one", "title": "One", "startingPrice": "1"}]
        }
    });
    operator_api::validate(&serde_json::from_value(manifest).unwrap()).unwrap()
}

/// A whole show: one lot, two bidders, three bids of which one is refused, the hammer.
fn commands() -> Vec<(Command, Timestamp)> {
    let auction = AuctionId::new("night").unwrap();
    let command = |number: i64, kind, action| {
        let at = Timestamp(number);
        (Command { source: Source { kind, key: number.to_string() }, at, action, trace: None }, at)
    };
    let bidder = |number: u32| {
        let terms = BidderTerms {
            bidder: BidderId(number.into()),
            paddle: Paddle(number),
            limit: None,
            status: BidderStatus::Active,
        };
        Action::RegisterBidder(terms)
    };
    let bid = |bidder: u64, amount: &str| Action::PlaceBid {
        auction: auction.clone(),
        lot: Some(LotNumber(1)),
        bidder: BidderId(bidder),
        intent: Intent::Bid(Wei::from_main_units(amount, 9).unwrap()),
        post: None,
    };
    let tick = || Action::Tick { auction: auction.clone() };
    vec![
        command(1, SourceKind::House, Action::ConfigureAuction { auction: auction.clone(), terms: terms() }),
        command(2, SourceKind::House, bidder(1)),
        command(3, SourceKind::House, bidder(2)),
        command(1000, SourceKind::House, tick()),
        command(1500, SourceKind::Web, bid(1, "1")),
        command(1600, SourceKind::Web, bid(2, "1.001")),
        command(1700, SourceKind::Web, bid(2, "2")),
        command(11_000, SourceKind::House, tick()),
        command(60_000, SourceKind::House, tick()),
    ]
}

/// Writes the journal as a worker does: two rows a commit, all signed with `key`.
fn journal(key: &SigningKey, commands: Vec<(Command, Timestamp)>) -> FiledShard {
    let mut filed = FiledShard { shard: SHARD.to_owned(), ..FiledShard::default() };
    let (mut shard, mut leaves) = (Shard::default(), Vec::new());
    for (command, now) in commands {
        let decision = shard.decide(&command, now);
        let entry = auction_core::Entry { command, now, decision };
        let bytes = entry.encode();
        let hash = shard.head(&entry.decision.subject).chain(&bytes);
        shard.apply(&entry, hash);
        leaves.push(shard.leaf(&entry, hash).hash());
        filed.claim.last_seq += 1;
        let lot_seq = entry.decision.lot_seq;
        for event in &entry.decision.events {
            let (Event::LotSold { lot, round, .. } | Event::LotPassed { lot, round, .. }) = event else { continue };
            let auction = entry.decision.subject.auction.clone().unwrap();
            let lot_key = shard.auction(&auction).unwrap().lot(*lot).unwrap().key();
            let signature = sign(key, CloseStatement { lot_key, round: *round, lot_seq, hash }.signing_hash());
            let signer = address(key).into_array();
            let (lot, round, lot_key) = (*lot, *round, lot_key.0);
            filed.closes.push(CloseSeal { auction, lot, round, lot_key, lot_seq, hash, signature, signer });
        }
        filed.rows.push(StoredRow { seq: filed.claim.last_seq, lot_seq, entry: bytes, hash });
    }
    for (index, pair) in leaves.chunks(2).enumerate() {
        let first_seq = 1 + 2 * index as u64;
        let last_seq = first_seq + pair.len() as u64 - 1;
        let root = MerkleTree::new(pair.to_vec()).unwrap().root();
        let statement = CommitStatement { root, shard: SHARD.to_owned(), first_seq, last_seq };
        let seal = CommitSeal {
            root: root.0,
            leaves: pair.iter().flat_map(|leaf| leaf.0).collect(),
            signature: sign(key, statement.signing_hash()),
            signer: address(key).into_array(),
        };
        filed.commits.push(StoredCommit { first_seq, last_seq, epoch: 1, seal });
    }
    filed
}

fn honest() -> FiledShard {
    journal(&key(7), commands())
}

fn verdict(filed: FiledShard) -> Result<Verified, Fault> {
    check_shard(filed, &Trust::new([address(&key(7))]), BTreeMap::new())
}

#[test]
fn an_honest_journal_names_the_winner() {
    let verified = verdict(honest()).unwrap();
    assert_eq!((verified.rows, verified.commits, verified.closes), (9, 5, 1));
    let lot = &verified.lots[0];
    let winner = lot.winner.unwrap();
    assert_eq!((lot.state, winner.paddle, winner.price.main_units()), ("sold", Paddle(2), "2".to_owned()));
    assert_eq!(lot.bids_accepted, 2);
    assert!(table(&[shard_report(&verified)]).contains("paddle 2 for 2 ETH"));
}

/// The same lot without bids in its first round, offered again and sold in its second.
fn offered_twice() -> Vec<(Command, Timestamp)> {
    let auction = AuctionId::new("night").unwrap();
    let command = |number: i64, kind, action| {
        let at = Timestamp(number);
        (Command { source: Source { kind, key: number.to_string() }, at, action, trace: None }, at)
    };
    let tick = || Action::Tick { auction: auction.clone() };
    let reoffer = Clerk::ReofferLot { lot: LotNumber(1) };
    let mut all = commands();
    all.retain(|(command, _)| command.source.kind == SourceKind::House);
    let bid = |number: i64| {
        let Command { source, action, .. } = commands().swap_remove(4).0;
        command(number, source.kind, action)
    };
    all.extend([
        bid(60_100),
        command(60_200, SourceKind::Clerk, Action::Clerk { auction: auction.clone(), clerk: reoffer }),
        command(200_000, SourceKind::House, tick()),
        bid(201_000),
        command(211_000, SourceKind::House, tick()),
        command(300_000, SourceKind::House, tick()),
    ]);
    all
}

#[test]
fn a_lot_that_is_offered_twice_is_verified_in_both_rounds() {
    let filed = journal(&key(7), offered_twice());
    let rounds: Vec<u32> = filed.closes.iter().map(|close| close.round.0).collect();
    assert_eq!(rounds, [1, 2]);
    let verified = verdict(filed).unwrap();
    assert_eq!((verified.lots[0].state, verified.lots[0].round.0, verified.closes), ("sold", 2, 2));
    let mut filed = journal(&key(7), offered_twice());
    filed.closes.remove(0);
    assert!(verdict(filed).unwrap_err().what.contains("is not signed"), "the first round's end is owed a signature");
    let mut filed = journal(&key(7), offered_twice());
    filed.closes[0].round.0 = 2;
    verdict(filed).unwrap_err();
}

#[test]
fn one_changed_byte_anywhere_is_found_in_its_row() {
    for index in 0..honest().rows.len() {
        let length = honest().rows[index].entry.len();
        for position in (0..length).step_by(7).chain([length - 1]) {
            let mut filed = honest();
            filed.rows[index].entry[position] ^= 1;
            assert_eq!(verdict(filed).unwrap_err().seq, index as u64 + 1);
        }
        let mut filed = honest();
        filed.rows[index].hash.0[31] ^= 1;
        assert_eq!(verdict(filed).unwrap_err().seq, index as u64 + 1);
    }
}

#[test]
fn a_chain_rewritten_whole_with_another_key_fails() {
    let mut other = commands();
    other.remove(6);
    let forged = journal(&key(8), other);
    let fault = verdict(forged).unwrap_err();
    assert!(fault.what.contains("not a trusted receipt key"), "{fault}");
}

#[test]
fn a_winner_that_the_rules_did_not_choose_fails_even_with_the_right_key() {
    let mut filed = honest();
    let mut replay = Replay::new();
    let sold = filed.rows.len() - 1;
    for row in &filed.rows[..sold] {
        replay.fold(Row { seq: row.seq, entry: &row.entry, hash: row.hash }).unwrap();
    }
    let mut entry = auction_core::Entry::decode(&filed.rows[sold].entry).unwrap();
    for event in &mut entry.decision.events {
        if let Event::LotSold { bidder, .. } = event {
            *bidder = BidderId(1);
        }
    }
    let row = &mut filed.rows[sold];
    row.entry = entry.encode();
    row.hash = replay.shard().head(&entry.decision.subject).chain(&row.entry);
    assert!(verdict(filed).unwrap_err().what.contains("decide the command otherwise"));
}

#[test]
fn what_is_missing_is_missed() {
    let without = |change: fn(&mut FiledShard)| {
        let mut filed = honest();
        change(&mut filed);
        verdict(filed).unwrap_err().what
    };
    assert!(without(|filed| drop(filed.rows.pop())).contains("the journal ends here"));
    assert!(without(|filed| drop(filed.rows.remove(4))).contains("missing or out of order"));
    assert!(without(|filed| drop(filed.commits.pop())).contains("no signed commit"));
    assert!(without(|filed| drop(filed.commits.remove(0))).contains("do not follow"));
    assert!(without(|filed| filed.closes.clear()).contains("is not signed"));
    assert!(without(|filed| filed.closes[0].hash = Hash::default()).contains("of another chain"));
    assert!(without(|filed| filed.closes[0].signature[3] ^= 1).contains("close"));
    assert!(without(|filed| filed.commits[1].seal.signature[3] ^= 1).contains("commit"));
    assert!(without(|filed| filed.commits[1].seal.root[0] ^= 1).contains("Merkle root"));
    assert!(without(|filed| filed.commits[1].epoch = 0).contains("after epoch"));
}

#[test]
fn an_exported_journal_says_the_same_as_the_database() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("night.jsonl");
    write(&path, honest());
    let read = journal_file::check(&path, unpinned()).unwrap().unwrap();
    assert_eq!(read[0].hash, verdict(honest()).unwrap().hash);
    let other = Asked { pinned: Some(Trust::new([address(&key(9))])), anchors: &[] };
    assert!(journal_file::check(&path, other).unwrap().is_err());
    std::fs::write(&path, "{\"kind\":\"row\"}\n").unwrap();
    assert!(journal_file::check(&path, unpinned()).is_err());
}

fn unpinned() -> Asked<'static> {
    Asked { pinned: None, anchors: &[] }
}

fn write(path: &std::path::Path, filed: FiledShard) {
    let FiledShard { shard, claim, commits, rows, closes } = filed;
    let mut file = JournalFile::create(path).unwrap();
    file.keys(&[published(SHARD, None)]).unwrap();
    file.shard(&shard, claim).unwrap();
    file.commits(&commits).unwrap();
    file.rows(&rows).unwrap();
    file.closes(&closes).unwrap();
    file.finish().unwrap();
}

fn published(shard: &str, retired_at: Option<Timestamp>) -> PublishedKey {
    PublishedKey { address: address(&key(7)).into_array(), shard: Some(shard.to_owned()), retired_at }
}

#[test]
fn the_first_keys_are_pinned_and_later_ones_are_named() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("keys")).unwrap();
    let [first, later] = [address(&key(1)), address(&key(2))];
    assert!(pin_first_keys(directory.path(), &[first]).unwrap().is_empty());
    assert_eq!(pin_first_keys(directory.path(), &[first, later]).unwrap(), [later]);
    assert_eq!(Trust::of_data_directory(directory.path()).unwrap(), Some(Trust::new([first])));
}
