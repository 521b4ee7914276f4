SELECT (SELECT count(*) FROM bids), (SELECT sum(current_price) FROM auctions)
