-- The engine's own schema: the journal of decided commands, the lease that fences its writer, and what follows from it.

create schema if not exists engine;

-- One row a shard. Whoever holds the current epoch writes; the journal's statement names epoch and last_seq.
create table engine.shard_lease (
    shard    text primary key,
    epoch    bigint not null check (epoch >= 1),
    owner    uuid not null,
    address  text not null,
    until    timestamptz not null,
    last_seq bigint not null default 0 check (last_seq >= 0)
) with (fillfactor = 50);

-- One row is one decided command, refusals included. `entry` is the canonical form that is hashed and signed for; `doc`
-- is derived from it for people and SQL. Texts in its indexes compare by bytes: a locale's order would cost several times
-- the rest of an insert.
create table engine.journal (
    shard       text collate "C" not null,
    seq         bigint not null check (seq >= 1),
    auction     text collate "C",
    lot         integer,
    lot_seq     bigint not null check (lot_seq >= 1),
    entry       bytea not null,
    hash        bytea not null check (octet_length(hash) = 32),
    doc         jsonb not null,
    idem_source smallint not null,
    idem_key    text collate "C" not null,
    at          timestamptz not null,
    crc         integer not null,
    primary key (shard, seq),
    constraint journal_one_effect_by_key unique (shard, idem_source, idem_key),
    constraint journal_one_row_by_lot_seq unique nulls not distinct (shard, auction, lot, lot_seq)
);
-- Entries and hashes are short and do not compress; the server should not try.
alter table engine.journal alter column entry set storage external;
alter table engine.journal alter column hash set storage plain;

-- One row a commit: the Merkle root of the batch's receipt leaves and the worker's one signature over it.
create table engine.commit (
    shard     text not null,
    first_seq bigint not null,
    last_seq  bigint not null check (last_seq >= first_seq),
    epoch     bigint not null,
    root      bytea not null check (octet_length(root) = 32),
    -- The leaves' hashes, 32 bytes a row, so that a receipt's path needs no other row.
    leaves    bytea not null check (octet_length(leaves) = 32 * (last_seq - first_seq + 1)),
    signature bytea not null check (octet_length(signature) = 65),
    signer    bytea not null check (octet_length(signer) = 20),
    primary key (shard, last_seq)
);

alter table engine.commit alter column leaves set storage external;

-- One row a hammer: the worker's signature over the end of a lot's chain.
create table engine.close (
    shard     text not null,
    auction   text not null,
    lot       integer not null,
    round     integer not null,
    lot_key   bytea not null check (octet_length(lot_key) = 32),
    lot_seq   bigint not null,
    hash      bytea not null check (octet_length(hash) = 32),
    signature bytea not null check (octet_length(signature) = 65),
    signer    bytea not null check (octet_length(signer) = 20),
    primary key (shard, auction, lot, round, lot_seq)
);

-- The state after row `seq`, so that a start reads only the rows after it.
create table engine.snapshot (
    shard      text not null,
    seq        bigint not null,
    state      bytea not null,
    digest     bytea not null check (octet_length(digest) = 32),
    written_at timestamptz not null default now(),
    primary key (shard, seq)
);
alter table engine.snapshot alter column state set storage external;

-- 64-bit fingerprints of the idempotency keys of rows first_seq..last_seq, big-endian, in pieces that follow each other
-- without a gap, so that a start knows which keys are surely new without reading the journal.
create table engine.key_page (
    shard        text not null,
    first_seq    bigint not null,
    last_seq     bigint not null check (last_seq >= first_seq),
    fingerprints bytea not null,
    primary key (shard, first_seq),
    check (octet_length(fingerprints) = 8 * (last_seq - first_seq + 1))
);
alter table engine.key_page alter column fingerprints set storage external;

-- How far each durable reader of out:{shard} has come. The relay refills the stream from the lowest one.
create table engine.reader (
    shard      text not null,
    reader     text not null,
    seq        bigint not null default 0 check (seq >= 0),
    updated_at timestamptz not null default now(),
    primary key (shard, reader)
);

-- Addresses of the keys that sign commits and closes: who trusts a receipt trusts one of these.
create table engine.receipt_key (
    address    bytea primary key check (octet_length(address) = 20),
    shard      text not null,
    first_used timestamptz not null default now(),
    retired_at timestamptz
);

-- Who may bid. Workers take changes into their journals by `version`.
create sequence engine.bidder_version;
create table engine.bidder (
    x_id       bigint primary key,
    handle     text not null,
    paddle     integer not null unique check (paddle >= 1),
    limit_wei  numeric(78, 0) check (limit_wei >= 0),
    status     text not null default 'active' check (status in ('active', 'suspended', 'barred')),
    subject    text unique,
    version    bigint not null default nextval('engine.bidder_version'),
    updated_at timestamptz not null default now()
);
create index bidder_by_version on engine.bidder (version);
