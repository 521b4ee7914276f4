-- One key may sign for several shards: each of them is published.
alter table engine.receipt_key drop constraint receipt_key_pkey;
alter table engine.receipt_key add primary key (address, shard);
