-- Which shard reads the inbox of a handle: one at a time, or one post would become two bids. It stays a shard's until its
-- auctions there are over (or until the shard has not been seen for long).
create table engine.inbox_reader (
    handle  text primary key,
    shard   text not null,
    -- The shard's auctions on this handle are over: whoever needs the inbox may take it.
    over    boolean not null default false,
    seen_at timestamptz not null default now()
);
