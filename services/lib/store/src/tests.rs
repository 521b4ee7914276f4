//! Every statement against a real PostgreSQL with the real schema.

use auction_core::terms::{BidderStatus, BidderTerms};
use auction_core::{AuctionId, BidderId, Handle, Hash, LotNumber, Paddle, SourceKind, Timestamp, Wei};
use sqlx::{Executor as _, PgConnection, PgPool};

use crate::bidder::{Bidder, Change, LimitChange, PutError};
use crate::commit::{Batch, CommitError, Committed, NewRow, Position, commit};
use crate::inbox::{Audit, Need};
use crate::lease::{self, Claim, Claimant, Lease};
use crate::seal::{CloseSeal, CommitSeal};
use crate::snapshot::{KeyPage, Snapshot};
use crate::{Database, Error, bidder, inbox, journal, reader, receipt_key, seal, snapshot, social};

const SHARD: &str = "main";

struct Ground {
    database: Database,
    pool: PgPool,
    connection: PgConnection,
    claimant: Claimant,
}

async fn ground() -> Ground {
    let database = Database::new(&testkit::postgres().await.unwrap(), "store-test").unwrap();
    let connection = database.connect_writer().await.unwrap();
    Ground { pool: database.pool(), database, connection, claimant: Claimant::new("127.0.0.1:4400".to_owned()) }
}

impl Ground {
    async fn claim(&mut self) -> Lease {
        match lease::claim(&mut self.connection, SHARD, &self.claimant).await.unwrap() {
            Claim::Held(lease) => lease,
            Claim::Taken { .. } => panic!("nobody else holds it"),
        }
    }

    async fn commit(&mut self, position: Position, keys: &[&str]) -> Result<Committed, CommitError> {
        let batch = batch(position.last_seq, keys);
        commit(&mut self.connection, SHARD, position, &batch, &seal_of(keys.len()), &[]).await
    }

    async fn keys(&self) -> Vec<String> {
        let rows = sqlx::query_scalar("select idem_key from engine.journal order by seq");
        rows.fetch_all(&self.pool).await.unwrap()
    }
}

fn sale() -> AuctionId {
    AuctionId::new("evening-sale").unwrap()
}

fn batch(after: u64, keys: &[&str]) -> Batch {
    let mut batch = Batch::default();
    for (key, n) in keys.iter().zip(1..) {
        batch.push(NewRow {
            auction: Some(sale()),
            lot: Some(LotNumber(1)),
            lot_seq: after + n,
            entry: key.as_bytes().to_vec(),
            hash: Hash([7; 32]),
            doc: "{}".to_owned(),
            source: SourceKind::Web,
            key: (*key).to_owned(),
            now: Timestamp(1_800_000_000_000),
        });
    }
    batch
}

fn seal_of(rows: usize) -> CommitSeal {
    CommitSeal { root: [1; 32], leaves: vec![2; 32 * rows], signature: [3; 65], signer: [4; 20] }
}

#[tokio::test]
async fn a_commit_moves_the_lease_and_stores_rows_seal_and_closes_at_once() {
    let mut ground = ground().await;
    let Lease { epoch, last_seq } = ground.claim().await;
    assert_eq!((epoch, last_seq), (1, 0));
    let close = CloseSeal {
        auction: sale(),
        lot: LotNumber(1),
        round: auction_core::Round(1),
        lot_key: [5; 32],
        lot_seq: 2,
        hash: Hash([7; 32]),
        signature: [6; 65],
        signer: [4; 20],
    };
    let rows = batch(0, &["a", "b"]);
    let position = Position { epoch, last_seq };
    let committed =
        commit(&mut ground.connection, SHARD, position, &rows, &seal_of(2), std::slice::from_ref(&close)).await;
    assert_eq!(committed.unwrap(), Committed::Durable);

    let stored = journal::page(&ground.pool, SHARD, 0, 10).await.unwrap();
    assert_eq!(stored.iter().map(|row| (row.seq, row.lot_seq)).collect::<Vec<_>>(), [(1, 1), (2, 2)]);
    assert_eq!(journal::range(&ground.pool, SHARD, 2, 2).await.unwrap(), stored[1..]);
    assert_eq!(journal::lot_page(&ground.pool, SHARD, (&sale(), LotNumber(1)), 1, 10).await.unwrap(), stored[1..]);
    let found = journal::by_key(&ground.pool, SHARD, SourceKind::Web, "b").await.unwrap();
    assert_eq!(found.as_ref(), stored.last());
    assert_eq!(journal::by_key(&ground.pool, SHARD, SourceKind::Post, "b").await.unwrap(), None);
    assert_eq!(journal::shards(&ground.pool).await.unwrap()[0].last_seq, 2);

    let sealed = seal::commit_of(&ground.pool, SHARD, 1).await.unwrap().unwrap();
    assert_eq!((sealed.first_seq, sealed.last_seq, &sealed.seal), (1, 2, &seal_of(2)));
    assert_eq!(seal::commits(&ground.pool, SHARD, 0, 10).await.unwrap(), [sealed]);
    assert_eq!(seal::commit_of(&ground.pool, SHARD, 3).await.unwrap(), None);
    assert_eq!(seal::closes(&ground.pool, SHARD, &sale(), LotNumber(1)).await.unwrap(), [close]);
}

#[tokio::test]
async fn a_statement_of_an_older_epoch_writes_nothing() {
    let mut ground = ground().await;
    let Lease { epoch, last_seq } = ground.claim().await;
    let mut other = ground.database.connect_writer().await.unwrap();
    let taken = lease::reclaim(&mut other, SHARD, &ground.claimant, epoch).await.unwrap().unwrap();
    assert_eq!(taken.epoch, epoch + 1);

    assert_eq!(ground.commit(Position { epoch, last_seq }, &["late"]).await.unwrap(), Committed::Fenced);
    assert!(!lease::renew(&mut ground.connection, SHARD, epoch).await.unwrap());
    assert!(ground.keys().await.is_empty());
    let newer = Position { epoch: taken.epoch, last_seq };
    assert_eq!(ground.commit(newer, &["on time"]).await.unwrap(), Committed::Durable);
    assert_eq!(ground.commit(newer, &["twice"]).await.unwrap(), Committed::Fenced, "the journal has moved");
}

#[tokio::test]
async fn a_bad_row_is_told_from_fencing_and_leaves_nothing_behind() {
    let mut ground = ground().await;
    let Lease { epoch, last_seq } = ground.claim().await;
    let position = Position { epoch, last_seq };
    assert_eq!(ground.commit(position, &["a"]).await.unwrap(), Committed::Durable);
    let position = Position { epoch, last_seq: 1 };
    let duplicate = ground.commit(position, &["b", "a"]).await;
    assert!(matches!(duplicate, Err(CommitError::BadRow(_))), "{duplicate:?}");
    let bad_text = ground.commit(position, &["c\0"]).await;
    assert!(matches!(bad_text, Err(CommitError::BadRow(_))), "{bad_text:?}");
    assert_eq!(ground.keys().await, ["a"]);
    assert_eq!(ground.commit(position, &["b"]).await.unwrap(), Committed::Durable);
}

#[tokio::test]
async fn a_lease_is_waited_for_taken_when_it_ends_and_given_up_at_once() {
    let mut ground = ground().await;
    let Lease { epoch, .. } = ground.claim().await;
    let other = Claimant::new("127.0.0.1:5400".to_owned());
    let mut theirs = ground.database.connect_writer().await.unwrap();
    let asked = lease::claim(&mut theirs, SHARD, &other).await.unwrap();
    let Claim::Taken { address, remaining } = asked else { panic!("{asked:?}") };
    assert_eq!(address, "127.0.0.1:4400");
    assert!(remaining <= lease::LEASE, "{remaining:?}");
    assert_eq!(lease::reclaim(&mut theirs, SHARD, &other, epoch).await.unwrap(), None);

    ground.pool.execute("update engine.shard_lease set until = now() - interval '1 ms'").await.unwrap();
    let taken = lease::claim(&mut theirs, SHARD, &other).await.unwrap();
    assert_eq!(taken, Claim::Held(Lease { epoch: epoch + 1, last_seq: 0 }));
    lease::release(&mut theirs, SHARD, epoch + 1).await.unwrap();
    assert_eq!(ground.claim().await.epoch, epoch + 2);
    assert!(lease::renew(&mut ground.connection, SHARD, epoch + 2).await.unwrap());
    assert!(lease::database_now(&ground.pool).await.unwrap() > Timestamp(1_700_000_000_000));
}

#[tokio::test]
async fn a_changed_byte_is_found_when_the_row_is_read() {
    let mut ground = ground().await;
    let Lease { epoch, last_seq } = ground.claim().await;
    ground.commit(Position { epoch, last_seq }, &["a"]).await.unwrap();
    ground.pool.execute("update engine.journal set entry = '\\x62'").await.unwrap();
    let read = journal::page(&ground.pool, SHARD, 0, 10).await;
    assert!(matches!(read, Err(Error::Damaged { seq: 1, .. })), "{read:?}");
}

#[tokio::test]
async fn key_pages_of_two_workers_may_overlap_and_leave_no_gap() {
    let Ground { pool, .. } = ground().await;
    let snapshot = |seq| Snapshot { seq, state: vec![1, 2, 3], digest: [9; 32] };
    let page = |first_seq, fingerprints: &[u64]| KeyPage { first_seq, fingerprints: fingerprints.to_vec() };
    snapshot::write(&pool, SHARD, &snapshot(2), &page(1, &[11, 12])).await.unwrap();
    snapshot::write(&pool, SHARD, &snapshot(3), &page(3, &[13])).await.unwrap();
    snapshot::write(&pool, SHARD, &snapshot(4), &page(3, &[13, 14])).await.unwrap();
    snapshot::write(&pool, SHARD, &snapshot(3), &page(3, &[13])).await.unwrap();

    let newest = snapshot::newest(&pool, SHARD).await.unwrap();
    assert_eq!(newest.iter().map(|snapshot| snapshot.seq).collect::<Vec<_>>(), [4, 3], "older ones are dropped");
    assert_eq!(newest[0], snapshot(4));
    let pages = snapshot::key_pages(&pool, SHARD, 4).await.unwrap();
    assert_eq!(pages, [page(1, &[11, 12]), page(3, &[13, 14])]);
}

#[tokio::test]
async fn readers_never_go_back_and_the_slowest_counts() {
    let Ground { pool, .. } = ground().await;
    assert_eq!(reader::lowest(&pool, SHARD).await.unwrap(), None);
    for (name, seq) in [("replies", 7), ("handler", 4), ("replies", 5)] {
        reader::report(&pool, SHARD, name, seq).await.unwrap();
    }
    assert_eq!(reader::position(&pool, SHARD, "replies").await.unwrap(), 7);
    assert_eq!(reader::position(&pool, SHARD, "nobody").await.unwrap(), 0);
    assert_eq!(reader::lowest(&pool, SHARD).await.unwrap(), Some(4));
}

#[tokio::test]
async fn receipt_keys_are_published_once_for_each_shard() {
    let Ground { pool, .. } = ground().await;
    for _ in 0..2 {
        receipt_key::publish(&pool, SHARD, [8; 20]).await.unwrap();
    }
    receipt_key::publish(&pool, "another", [8; 20]).await.unwrap();
    let keys = receipt_key::list(&pool).await.unwrap();
    assert_eq!(
        keys.iter().map(|key| (key.address, key.shard.as_str())).collect::<Vec<_>>(),
        [([8; 20], SHARD), ([8; 20], "another")]
    );
}

fn someone(id: u64, paddle: u32, limit: Option<Wei>) -> Bidder {
    Bidder {
        terms: BidderTerms { bidder: BidderId(id), paddle: Paddle(paddle), limit, status: BidderStatus::Active },
        handle: Handle::new("someone").unwrap(),
        subject: None,
    }
}

#[tokio::test]
async fn a_bidder_who_cannot_be_read_hides_nobody() {
    let Ground { pool, .. } = ground().await;
    bidder::put(&pool, &[someone(1, 100, None), someone(2, 101, None), someone(3, 102, None)]).await.unwrap();
    let spoiled = "update engine.bidder set handle = 'a_name_of_the_old_days' where x_id = 2";
    sqlx::query(spoiled).execute(&pool).await.unwrap();
    let listed = bidder::list(&pool, BidderId(0), 10).await.unwrap();
    assert_eq!(listed.iter().map(|one| one.terms.bidder.0).collect::<Vec<_>>(), [1, 3]);
    let changed = bidder::changes(&pool, 0, 10).await.unwrap();
    assert_eq!(changed.iter().map(|one| one.bidder.terms.bidder.0).collect::<Vec<_>>(), [1, 3]);
    assert!(matches!(bidder::get(&pool, BidderId(2)).await, Err(Error::Unreadable { .. })));
}

#[tokio::test]
async fn bidders_are_changed_by_id_and_paddles_belong_to_one() {
    let Ground { pool, .. } = ground().await;
    bidder::put(&pool, &[someone(1, 100, None), someone(2, 101, Some(Wei::from(5)))]).await.unwrap();
    let first = bidder::changes(&pool, 0, 10).await.unwrap();
    assert_eq!(first.iter().map(|change| change.bidder.terms.bidder.0).collect::<Vec<_>>(), [1, 2]);
    bidder::put(&pool, &[someone(1, 100, Some(Wei::from(u128::MAX)))]).await.unwrap();
    let changes = bidder::changes(&pool, first[1].version, 10).await.unwrap();
    assert_eq!(
        changes.iter().map(|change| change.bidder.terms.limit).collect::<Vec<_>>(),
        [Some(Wei::from(u128::MAX))]
    );

    let taken = bidder::put(&pool, &[someone(3, 101, None)]).await;
    assert!(matches!(taken, Err(PutError::PaddleTaken { paddle: Paddle(101) })), "{taken:?}");
    assert_eq!(bidder::get(&pool, BidderId(3)).await.unwrap(), None);
    assert_eq!(bidder::list(&pool, BidderId(1), 10).await.unwrap(), [someone(2, 101, Some(Wei::from(5)))]);
    assert_eq!(bidder::next_paddle(&pool).await.unwrap(), Paddle(102));
}

#[tokio::test]
async fn what_a_change_leaves_out_stays_and_paddles_are_given_out_one_by_one() {
    let Ground { pool, .. } = ground().await;
    let nothing = |id| Change {
        bidder: BidderId(id),
        handle: None,
        paddle: None,
        limit: LimitChange::None,
        status: None,
        subject: None,
    };
    let barred = Change {
        handle: Some(Handle::new("eve").unwrap()),
        limit: LimitChange::Set(Wei::from(5)),
        status: Some(BidderStatus::Barred),
        subject: Some("eve".to_owned()),
        ..nothing(1_234_567_890_123_456)
    };
    let named = Change { paddle: Some(Paddle(40)), ..nothing(2) };
    let first = bidder::change(&pool, &[barred, nothing(3), named]).await.unwrap();
    let paddles = |bidders: &[Bidder]| bidders.iter().map(|bidder| bidder.terms.paddle.0).collect::<Vec<_>>();
    assert_eq!(paddles(&first), [41, 42, 40]);
    assert_eq!(first[1].handle.as_str(), "3");
    assert_eq!(bidder::change(&pool, &[nothing(1_234_567_890_123_456)]).await.unwrap(), first[..1]);
    let lifted = Change { limit: LimitChange::Lifted, subject: Some(String::new()), ..nothing(1_234_567_890_123_456) };
    let lifted = bidder::change(&pool, &[lifted]).await.unwrap().remove(0);
    assert_eq!((lifted.terms.limit, lifted.terms.status, lifted.subject), (None, BidderStatus::Barred, None));

    let newcomers = [nothing(10), nothing(11), nothing(12), nothing(13)];
    let [one, two, three, four] =
        newcomers.each_ref().map(|change| bidder::change(&pool, std::slice::from_ref(change)));
    let (one, two, three, four) = tokio::join!(one, two, three, four);
    let mut given: Vec<_> = [one, two, three, four].into_iter().flat_map(|given| paddles(&given.unwrap())).collect();
    given.sort_unstable();
    assert_eq!(given, [43, 44, 45, 46]);
}

#[tokio::test]
async fn the_inbox_is_read_by_number_and_its_audit_asked_and_seen() {
    let Ground { pool, .. } = ground().await;
    let house = Handle::new("house").unwrap();
    pool.execute(
        "insert into social.post (id, latest_id, author_id, text, text_sha256, reference, created_at, received_at, via)
         select n::text, n::text, 40 + n, case when n < 3 then 'bid ' || n end, decode(repeat('00', 32), 'hex'),
                'reply', to_timestamp(1000 + n), to_timestamp(1001 + n), 'activity'
           from generate_series(1, 3) n;
         insert into social.inbox select 'house', n, n::text from generate_series(1, 3) n",
    )
    .await
    .unwrap();
    let posts = inbox::read(&pool, &house, 1, 10).await.unwrap();
    assert_eq!(
        posts.iter().map(|post| (post.seq, post.text.as_deref())).collect::<Vec<_>>(),
        [(2, Some("bid 2")), (3, None)]
    );
    assert_eq!((posts[0].author, posts[0].created_at), (BidderId(42), Timestamp(1_002_000)));
    for (since, before) in [(0, 0), (1_002_000, 1), (2_000_000, 3)] {
        assert_eq!(inbox::position_before(&pool, &house, Timestamp(since)).await.unwrap(), before);
    }

    assert_eq!(inbox::audit(&pool, &house).await.unwrap(), Audit::default());
    for through in [5_000, 4_000] {
        inbox::request_audit(&pool, &house, Timestamp(through)).await.unwrap();
    }
    // When the comparison may begin is the gateway's to say, also where somebody has said it before.
    let waits = social::pending_audit(&pool, &house).await.unwrap().unwrap();
    assert_eq!((waits.through, waits.not_before), (Timestamp(5_000), None));
    pool.execute("update social.audit set completed_through = to_timestamp(6), completed_seq = 3").await.unwrap();
    let audit = inbox::audit(&pool, &house).await.unwrap();
    assert_eq!(audit.requested_through, Some(Timestamp(5_000)));
    assert_eq!((audit.completed_through, audit.completed_seq), (Some(Timestamp(6_000)), 3));
}

#[tokio::test]
async fn one_shard_reads_an_inbox_until_its_auctions_there_are_over() {
    let Ground { pool, .. } = ground().await;
    let house = Handle::new("house").unwrap();
    pool.execute(
        "insert into social.post (id, latest_id, author_id, text, text_sha256, reference, created_at, received_at, via)
         values ('1', '1', 41, 'bid 1', decode(repeat('00', 32), 'hex'), 'reply', now(), now(), 'activity');
         insert into social.inbox values ('house', 1, '1')",
    )
    .await
    .unwrap();
    let claim = async |shard: &str, need| inbox::claim(&pool, &house, shard, need).await.unwrap();
    let posts = async |shard: &str| inbox::read_claimed(&pool, (&house, shard), 0, 10).await.unwrap().len();
    assert_eq!(posts("night").await, 0, "nobody has claimed it");
    assert_eq!(claim("night", Need::Live).await, "night");
    assert_eq!(claim("gala", Need::Live).await, "night");
    assert_eq!((posts("night").await, posts("gala").await), (1, 0));
    assert_eq!(inbox::reader_of(&pool, &house).await.unwrap().as_deref(), Some("night"));

    assert_eq!(claim("night", Need::Over).await, "night");
    assert_eq!((posts("night").await, inbox::reader_of(&pool, &house).await.unwrap()), (1, None));
    assert_eq!(claim("gala", Need::Live).await, "gala");
    assert_eq!(claim("night", Need::Over).await, "gala", "who needs it no more does not take it back");
    assert_eq!((posts("night").await, posts("gala").await), (0, 1));

    pool.execute("update engine.inbox_reader set seen_at = now() - interval '16 minutes'").await.unwrap();
    assert_eq!(claim("night", Need::Live).await, "night", "a shard that is gone does not keep it");
}

#[tokio::test]
async fn a_lease_that_does_not_answer_is_given_up_when_it_would_have_ended() {
    let mut ground = ground().await;
    let Lease { epoch, .. } = ground.claim().await;
    let mut other = ground.pool.begin().await.unwrap();
    sqlx::query("select 1 from engine.shard_lease for update").execute(&mut *other).await.unwrap();
    let renewed = lease::renew(&mut ground.connection, SHARD, epoch).await;
    assert!(matches!(renewed, Err(Error::Overdue(lease::LEASE))), "{renewed:?}");
}

#[tokio::test]
async fn a_database_that_cannot_commit_has_not_committed_and_keeps_its_connection() {
    let mut ground = ground().await;
    let Lease { epoch, last_seq } = ground.claim().await;
    let position = Position { epoch, last_seq };
    ground
        .pool
        .execute(
            "create function engine.full() returns trigger language plpgsql as
               $$ begin raise exception 'no space left on device' using errcode = '53100'; end $$;
             create trigger full_disk before insert on engine.commit execute function engine.full()",
        )
        .await
        .unwrap();
    let failed = ground.commit(position, &["a"]).await;
    assert!(matches!(failed, Err(CommitError::Failed(_))), "{failed:?}");
    ground.pool.execute("drop trigger full_disk on engine.commit").await.unwrap();
    assert_eq!(ground.commit(position, &["a"]).await.unwrap(), Committed::Durable);
    let killed = sqlx::query("select pg_terminate_backend(pg_backend_pid())").execute(&mut ground.connection).await;
    assert!(killed.is_err());
    let lost = ground.commit(Position { last_seq: 1, ..position }, &["b"]).await;
    assert!(matches!(lost, Err(CommitError::InDoubt(_))), "{lost:?}");
}
