-- The journal's indexes, cheapest column first: an insert compares keys some twenty times a row, and the shard's name,
-- first in every key, told none of them apart.

alter table engine.journal drop constraint journal_one_effect_by_key;
alter table engine.journal add constraint journal_one_effect_by_key unique (idem_key, idem_source, shard);

alter table engine.journal drop constraint journal_one_row_by_lot_seq;
alter table engine.journal
    add constraint journal_one_row_by_lot_seq unique nulls not distinct (lot_seq, lot, auction, shard);

-- Which shard an auction is in: its own chain's rows are few.
create index journal_auction on engine.journal (auction, shard) where lot is null;
