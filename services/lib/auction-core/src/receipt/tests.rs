use alloy_primitives::{Address, U256};
use alloy_sol_types::SolValue;

use super::*;
use crate::testing::{House, bid, eth};
use crate::{Hash, LotId, Round, Source, SourceKind, Timestamp};

fn leaf(lot_seq: u64) -> Leaf {
    Leaf {
        lot_key: B256::repeat_byte(1),
        round: Round(2),
        lot_seq,
        verdict: VerdictCode::Accepted,
        mandate_hash: B256::ZERO,
        all_in: eth("1.65"),
        source_id: B256::repeat_byte(5),
        time: Timestamp(1_800_000_000_123),
        hash: B256::repeat_byte(6),
    }
}

/// Signs with the key whose bytes are all 7; the worker does the same with its own.
fn sign(prehash: B256) -> Vec<u8> {
    let key = k256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let (signature, recovery) = key.sign_prehash_recoverable(prehash.as_slice()).unwrap();
    let mut bytes = signature.to_bytes().to_vec();
    bytes.push(27 + recovery.to_byte());
    bytes
}

fn address() -> Address {
    let key = k256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    Address::from_public_key(key.verifying_key())
}

fn receipt(index: usize, rows: u64) -> Receipt {
    let tree = MerkleTree::new((1..=rows).map(|seq| leaf(seq).hash()).collect()).unwrap();
    let commit = CommitStatement { root: tree.root(), shard: "main".to_owned(), first_seq: 1, last_seq: rows };
    let signature = sign(commit.signing_hash());
    Receipt { leaf: leaf(index as u64 + 1), path: tree.path(index).unwrap(), commit, signature }
}

#[test]
fn a_leaf_is_the_keccak_of_its_abi_encoding() {
    let leaf = leaf(3);
    let encoded = (
        U256::from(LEAF_VERSION),
        leaf.lot_key,
        leaf.round.0,
        leaf.lot_seq,
        U256::from(1),
        leaf.mandate_hash,
        leaf.all_in.0,
        leaf.source_id,
        1_800_000_000_123_u64,
        leaf.hash,
    )
        .abi_encode();
    assert_eq!(encoded.len(), 320);
    assert_eq!(leaf.hash(), alloy_primitives::keccak256(encoded));
}

#[test]
fn every_row_of_every_size_of_commit_has_a_receipt_that_verifies() {
    for rows in [1, 2, 3, 4, 5, 7, 8, 9, 31, 33] {
        for index in 0..rows {
            let receipt = receipt(index, rows as u64);
            assert_eq!(receipt.verify(address()), Ok(()), "row {index} of {rows}");
        }
    }
}

#[test]
fn the_largest_commit_has_paths_of_twelve() {
    let tree = MerkleTree::new((0..4_096_u64).map(|seq| leaf(seq).hash()).collect()).unwrap();
    assert_eq!(tree.path(4_095).unwrap().len(), MAX_PATH_LENGTH);
    assert_eq!(tree.path(4_096), None);
    assert!(MerkleTree::new(Vec::new()).is_none());
}

#[test]
fn a_changed_receipt_proves_nothing() {
    let sound = receipt(2, 5);
    let mut changed = sound.clone();
    changed.leaf.all_in = eth("1");
    assert_eq!(changed.verify(address()), Err(BadReceipt::OtherRoot));
    let mut changed = sound.clone();
    changed.path.swap(0, 1);
    assert_eq!(changed.verify(address()), Err(BadReceipt::OtherRoot));
    let mut changed = sound.clone();
    changed.commit.last_seq += 1;
    assert!(matches!(changed.verify(address()), Err(BadReceipt::OtherSigner { .. })));
    let mut changed = sound.clone();
    changed.path.extend([B256::ZERO; 12]);
    assert_eq!(changed.verify(address()), Err(BadReceipt::PathTooLong(changed.path.len())));
    assert!(matches!(sound.verify(Address::repeat_byte(1)), Err(BadReceipt::OtherSigner { .. })));
}

#[test]
fn a_malformed_or_malleable_signature_is_refused() {
    let mut receipt = receipt(0, 1);
    let sound = receipt.signature.clone();
    for bytes in [vec![], vec![0; 64], vec![0; 65], vec![255; 65], vec![1; 66]] {
        receipt.signature = bytes;
        assert_eq!(receipt.verify(address()), Err(BadReceipt::MalformedSignature));
    }
    let order = U256::from_str_radix("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 16).unwrap();
    let high = order - U256::from_be_slice(&sound[32..64]);
    let mut twin = sound;
    twin[32..64].copy_from_slice(&high.to_be_bytes::<32>());
    twin[64] = 55 - twin[64];
    receipt.signature = twin;
    assert_eq!(receipt.verify(address()), Err(BadReceipt::MalformedSignature));
}

#[test]
fn a_receipt_is_hex_in_json_and_survives_it() {
    let sound = receipt(1, 2);
    let json = serde_json::to_string(&sound).unwrap();
    assert!(json.contains("\"verdict\":\"accepted\"") && json.contains("\"root\":\"0x"), "{json}");
    assert_eq!(serde_json::from_str::<Receipt>(&json).unwrap(), sound);
}

#[test]
fn the_leaf_of_a_bid_names_its_lot_source_and_all_in_amount() {
    let mut house = House::with_lot(|terms| terms.premium_bps = 1_000);
    house.bid(1, bid("0.5"));
    let (bytes, hash) = house.journal.last().cloned().unwrap();
    let entry = crate::Entry::decode(&bytes).unwrap();
    let leaf = house.shard.leaf(&entry, hash);
    assert_eq!(leaf.lot_key, lot_key("7b0c3f0e", house.lot(1).id()));
    assert_eq!((leaf.round, leaf.lot_seq, leaf.all_in), (Round(1), 2, eth("0.55")));
    assert_eq!(leaf.source_id, source_id(&entry.command.source));
    assert_eq!(leaf.hash, B256::new(hash.0));
    assert_ne!(hash, Hash::default());
}

/// `docs/receipts.md`, which strangers check receipts by.
const PAGE: &str = include_str!("../../../../../docs/receipts.md");

#[test]
fn the_pages_worked_example_is_a_receipt_that_verifies() {
    let (_, rest) = PAGE.split_once("```json\n").unwrap();
    let example: serde_json::Value = serde_json::from_str(rest.split_once("```").unwrap().0).unwrap();
    let text = |name: &str| example[name].as_str().unwrap();
    let hash = |name: &str| -> B256 { text(name).parse().unwrap() };
    let number = |name: &str| example[name].as_u64().unwrap();
    let source = Source { kind: SourceKind::Web, key: "42:my-first-bid".to_owned() };
    let leaf = Leaf {
        lot_key: lot_key("0193a7c2-uid", &LotId::new("one").unwrap()),
        round: Round(1),
        lot_seq: number("lot_seq"),
        verdict: VerdictCode::Accepted,
        mandate_hash: B256::ZERO,
        all_in: eth("1.65"),
        source_id: source_id(&source),
        time: Timestamp(1_800_000_000_123),
        hash: hash("hash"),
    };
    assert_eq!((leaf.lot_key, leaf.source_id), (hash("lot_key"), hash("source_id")));
    assert_eq!((leaf.hash(), leaf.all_in.to_string().as_str()), (hash("leaf"), text("all_in_wei")));
    assert_eq!((number("version"), number("round"), number("verdict")), (LEAF_VERSION.into(), 1, 1));
    let path = example["path"].as_array().unwrap().iter().map(|step| step.as_str().unwrap().parse().unwrap()).collect();
    let (shard, first_seq, last_seq) = (text("shard").to_owned(), number("first_seq"), number("last_seq"));
    let commit = CommitStatement { root: hash("root"), shard, first_seq, last_seq };
    let signature = alloy_primitives::hex::decode(text("signature")).unwrap();
    let receipt = Receipt { leaf, path, commit, signature };
    assert_eq!(receipt.verify(text("signer").parse().unwrap()), Ok(()));
    assert_eq!(address(), text("signer").parse::<Address>().unwrap());
}

#[test]
fn the_page_names_verdicts_sources_and_types_as_they_are() {
    let verdicts = [VerdictCode::Accepted, VerdictCode::Parked, VerdictCode::Done, VerdictCode::Refused];
    for (verdict, name) in verdicts.into_iter().zip(["accepted", "parked", "done", "refused"]) {
        assert!(PAGE.contains(&format!("{} {name}", verdict as u8)), "{name}");
    }
    for (kind, name) in [(SourceKind::Post, "1 post"), (SourceKind::House, "4 house")] {
        let id = source_id(&Source { kind, key: "7".to_owned() });
        let byte: u8 = name[..1].parse().unwrap();
        assert!(PAGE.contains(name));
        assert_eq!(id, alloy_primitives::keccak256([byte, b'7']));
    }
    assert!(PAGE.contains(typed::COMMIT_TYPE) && PAGE.contains(typed::CLOSE_TYPE));
    assert!(PAGE.contains(&typed::DOMAIN_SEPARATOR.to_string()));
}
