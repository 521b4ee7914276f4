-- Where the trace of a post began, for the posts that were chosen; texts that are gone by age; further edits' ids.
alter table social.post
    add column traceparent text check (traceparent ~ '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$'),
    -- The text was let go by age. The hash stays.
    add column expired_at timestamptz,
    add check (expired_at is null or (text is null and raw is null));

-- Whose text may be too old.
create index post_kept on social.post (received_at) where text is not null;

-- Edits that were seen beside the one that is held: X tells of a deletion by any of their ids.
create table social.edit (
    id      text primary key,
    post_id text not null
);
