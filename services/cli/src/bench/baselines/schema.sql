DROP TABLE IF EXISTS bids; DROP TABLE IF EXISTS auctions;
CREATE TABLE auctions(
  id bigint PRIMARY KEY, status text NOT NULL DEFAULT 'open',
  ends_at timestamptz NOT NULL DEFAULT now() + interval '1 day',
  current_price bigint NOT NULL DEFAULT 0, min_increment bigint NOT NULL DEFAULT 1,
  highest_bidder bigint, version bigint NOT NULL DEFAULT 0) WITH (fillfactor = 50);
CREATE TABLE bids(
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  auction_id bigint NOT NULL REFERENCES auctions(id), bidder_id bigint NOT NULL,
  amount bigint NOT NULL, idem uuid NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (auction_id, idem));
CREATE INDEX ON bids(auction_id, amount DESC);
INSERT INTO auctions(id) SELECT generate_series(1, 100);
