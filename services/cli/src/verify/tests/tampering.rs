//! What no hash covers, what is there twice or not at all, and what only an anchor from outside shows.

use store::evidence::Columns;

use super::*;

#[test]
fn nothing_to_verify_is_not_verified() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("night.jsonl");
    let key_line = format!("{{\"kind\":\"key\",\"address\":\"{}\"}}\n", address(&key(7)));
    let empty_shard = "{\"kind\":\"shard\",\"shard\":\"night\",\"last_seq\":0}\n";
    for text in ["", &key_line, empty_shard] {
        std::fs::write(&path, text).unwrap();
        let fault = journal_file::check(&path, unpinned()).unwrap().unwrap_err();
        assert!(fault.to_string().contains("nothing to verify"), "{fault}");
    }
}

#[test]
fn a_file_that_holds_a_shard_twice_is_malformed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("night.jsonl");
    write(&path, honest());
    let once = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, once.repeat(2)).unwrap();
    assert!(journal_file::check(&path, unpinned()).unwrap_err().to_string().contains("stands twice"));
}

/// The columns as a worker writes them and PostgreSQL gives them back.
fn columns_of(row: &StoredRow) -> Columns {
    let entry = row.decode().unwrap();
    let source = &entry.command.source;
    Columns {
        auction: entry.decision.subject.auction.as_ref().map(ToString::to_string),
        lot: entry.decision.subject.lot.map(|lot| i32::try_from(lot.0).unwrap()),
        idem_source: store::journal::source_number(source.kind),
        idem_key: source.key.clone(),
        at_us: entry.now.0 * 1_000,
        doc: events::doc::of(&entry).replace(',', ", "),
    }
}

/// The honest journal with the columns of one row changed.
fn with_columns(of: u64, change: fn(&mut Columns)) -> Result<Verified, Fault> {
    let FiledShard { shard, claim, commits, rows, closes } = honest();
    let trust = Trust::new([address(&key(7))]);
    let mut audit = Audit::new(&shard, &trust, commits);
    for row in &rows {
        let mut columns = columns_of(row);
        if row.seq == of {
            change(&mut columns);
        }
        audit.row(row, Some(&columns))?;
    }
    audit.finish(claim, &closes)
}

/// What somebody does to a row's columns.
type Change = fn(&mut Columns);

#[test]
fn every_column_must_say_what_its_entry_says() {
    assert!(with_columns(7, |_| {}).is_ok());
    let changes: [(&str, Change); 10] = [
        ("auction", |columns| columns.auction = Some("day".to_owned())),
        ("auction", |columns| columns.auction = None),
        ("lot", |columns| columns.lot = Some(2)),
        ("lot", |columns| columns.lot = None),
        ("idem_source", |columns| columns.idem_source = 1),
        ("idem_key", |columns| columns.idem_key.push('0')),
        ("at", |columns| columns.at_us += 1),
        ("doc", |columns| columns.doc = "{}".to_owned()),
        ("doc", |columns| columns.doc = columns.doc.replace("accepted", "refused")),
        ("doc", |columns| columns.doc = "no JSON".to_owned()),
    ];
    for (column, change) in changes {
        let fault = with_columns(7, change).unwrap_err();
        assert_eq!(fault.to_string(), format!("shard night, row 7: its column {column} is not what the entry says"));
    }
}

#[test]
fn a_close_that_no_hammer_made_fails_whoever_signed_it() {
    let with = |change: fn(&mut CloseSeal)| {
        let mut filed = honest();
        let mut extra = filed.closes[0].clone();
        change(&mut extra);
        filed.closes.push(extra);
        verdict(filed).unwrap_err().what
    };
    assert!(with(|_| {}).contains("stands twice"));
    assert!(with(|extra| extra.round.0 += 5).contains("no hammer belongs to"));
    assert!(with(|extra| extra.lot_seq += 1).contains("no hammer belongs to"));
    assert!(with(|extra| extra.lot = LotNumber(9)).contains("no hammer belongs to"));
    let mut unsigned = honest();
    unsigned.closes[0].signature = [0; 65];
    assert!(verdict(unsigned).unwrap_err().what.contains("the close's signature does not hold"));
    let mut misnamed = honest();
    misnamed.closes[0].signer[0] ^= 1;
    assert!(verdict(misnamed).unwrap_err().what.contains("names another signer"));
}

#[test]
fn an_epoch_beyond_the_lease_fails() {
    let mut filed = honest();
    filed.claim.epoch = Some(1);
    assert!(verdict(filed).is_ok());
    let mut filed = honest();
    filed.claim.epoch = Some(1);
    filed.commits.last_mut().unwrap().epoch = 2;
    assert!(verdict(filed).unwrap_err().what.contains("reached epoch 1 only"));
}

#[test]
fn a_key_signs_for_its_shard_until_it_is_retired() {
    let under = |pinned: Option<Trust>, keys: Vec<PublishedKey>| {
        check_shard(honest(), &Trust::within(pinned, keys), BTreeMap::new())
    };
    let pin = || Some(Trust::new([address(&key(7))]));
    for pinned in [None, pin()] {
        assert!(under(pinned.clone(), vec![published(SHARD, None)]).is_ok());
        assert!(under(pinned.clone(), vec![published(SHARD, Some(Timestamp(60_000)))]).is_ok());
        let why = |keys| under(pinned.clone(), keys).unwrap_err().what;
        assert!(why(vec![]).contains("not among the published"));
        assert!(why(vec![published("day", None)]).contains("for another shard"));
        assert!(why(vec![published(SHARD, Some(Timestamp(11_000)))]).contains("was retired before"));
        assert!(under(pinned.clone(), vec![published("day", None), published(SHARD, None)]).is_ok());
    }
    let other = Some(Trust::new([address(&key(8))]));
    assert!(under(other, vec![published(SHARD, None)]).unwrap_err().what.contains("not a trusted receipt key"));
}

#[test]
fn an_anchor_from_outside_finds_a_tail_that_was_cut_off_and_a_journal_that_was_signed_anew() {
    let directory = tempfile::tempdir().unwrap();
    let (path, report) = (directory.path().join("night.jsonl"), directory.path().join("report.json"));
    let whole = verdict(honest()).unwrap();
    let shards = vec![shard_report(&whole)];
    let trusted_keys = TrustedKeys::Published;
    report_file::write(&report, &Report { verified: true, trusted_keys, shards, first_break: None }).unwrap();
    let anchors = anchor::of_report(&report).unwrap();
    let against = |filed: FiledShard| {
        write(&path, filed);
        journal_file::check(&path, Asked { pinned: None, anchors: &anchors }).unwrap()
    };
    assert_eq!(against(honest()).unwrap()[0].anchored, Some(9));
    let cut = journal(&key(7), commands().drain(..6).collect());
    assert!(
        verdict(FiledShard { shard: cut.shard.clone(), ..journal(&key(7), commands().drain(..6).collect()) }).is_ok()
    );
    assert!(against(cut).unwrap_err().what.contains("row 9 was seen before"));
    let mut other = commands();
    other[6].0.source.key.push('0');
    assert!(against(journal(&key(7), other)).unwrap_err().what.contains("not those that were seen before"));
}

#[test]
fn what_is_not_proved_is_said() {
    let report = |trusted_keys, anchored: Option<u64>| {
        let verified = Verified { anchored, ..verdict(honest()).unwrap() };
        limits(&Report { verified: true, trusted_keys, shards: vec![shard_report(&verified)], first_break: None })
    };
    assert_eq!(report(TrustedKeys::Pinned, Some(9)), "");
    assert!(report(TrustedKeys::Pinned, Some(4)).contains("cut off after row 4"));
    assert!(report(TrustedKeys::Pinned, None).contains("--expect-last night=9:"));
    assert!(report(TrustedKeys::Published, Some(9)).contains("--receipt-key"));
}
