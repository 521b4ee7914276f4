-- What X said, and what was said back. One writer per handle, fenced by the lease's epoch as a shard is.
create schema if not exists social;

create table social.inbox_lease (
    handle    text primary key,
    epoch     bigint not null,
    owner     text not null,
    until     timestamptz not null,
    last_seq  bigint not null default 0 check (last_seq >= 0)
);

-- One row per post, whatever its number of edits: keyed by the first edit's id.
create table social.post (
    id            text primary key check (id ~ '^[0-9]{1,19}$'),
    -- The edit whose text is held.
    latest_id     text not null check (latest_id ~ '^[0-9]{1,19}$'),
    author_id     bigint not null,
    author_handle text,
    -- What the author wrote, without the mentions that X puts before a reply (raw has the whole); null once the author
    -- has deleted the post. The hash stays.
    text          text,
    text_sha256   bytea not null check (octet_length(text_sha256) = 32),
    reference     text not null check (reference in ('none', 'reply', 'quote', 'repost')),
    -- Another edit of this post is known: what is held may not be what is shown on X now.
    edited        boolean not null default false,
    -- When the text that is held was posted: the time in latest_id, which for an edit is later than the time in id.
    created_at    timestamptz not null,
    received_at   timestamptz not null,
    via           text not null check (via in ('activity', 'filtered', 'mentions')),
    raw           jsonb,
    deleted_at    timestamptz,
    check (deleted_at is null or (text is null and raw is null))
);

create index post_latest on social.post (latest_id) where latest_id <> id;
create index post_received on social.post (received_at);
create index post_author on social.post (author_id);

-- Dense from 1 for each handle: what the engine reads by its own cursor.
create table social.inbox (
    handle   text not null,
    seq      bigint not null check (seq > 0),
    post_id  text not null references social.post (id),
    primary key (handle, seq),
    unique (handle, post_id)
);

-- Posts known to be deleted, kept so that a late delivery does not bring their text back.
create table social.deletion (
    post_id    text primary key,
    deleted_at timestamptz not null
);

-- The engine asks (requested_through); the gateway answers (completed_through) once every mention timed at or before
-- it is in the inbox at or below completed_seq.
create table social.audit (
    handle            text primary key,
    requested_through timestamptz,
    requested_at      timestamptz,
    -- The comparison must not begin sooner: posts reach the timeline late. Null: a default after requested_through.
    not_before        timestamptz,
    completed_through timestamptz,
    completed_seq     bigint,
    completed_at      timestamptz
);

-- What X charges, in millionths of a dollar. A show's sum decides about the breaker.
create table social.spend (
    handle text not null,
    show   text not null,
    day    date not null,
    kind   text not null,
    units  bigint not null default 0,
    micros bigint not null default 0,
    primary key (handle, show, day, kind)
);

-- At most one reply per post: the row is written before the call and holds what was decided about it.
create table social.reply (
    post_id    text primary key,
    handle     text not null,
    author_id  bigint not null,
    -- What it answers: won, accepted, or the refusal's code.
    code       text not null,
    text       text not null,
    -- held: the bid leads; it is answered when the hammer falls, or dropped when another bid leads.
    state      text not null check (state in ('held', 'planned', 'sending', 'sent', 'dropped', 'failed', 'dry_run')),
    auction    text,
    lot        bigint,
    attempts   integer not null default 0,
    reply_id   text,
    problem    text,
    planned_at timestamptz not null,
    sent_at    timestamptz
);

create index reply_unfinished on social.reply (handle, planned_at) where state in ('planned', 'sending');
create index reply_held on social.reply (handle, auction, lot) where state = 'held';
create index reply_sent on social.reply (handle, sent_at) where state = 'sent';

-- Authors who wrote "stop": they are never answered again until they write "start".
create table social.silence (
    author_id bigint primary key,
    since     timestamptz not null
);
