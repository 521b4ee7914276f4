//! `out:{shard}`: a stream whose ids are the journal's row numbers, so publishing twice is publishing once.
//!
//! The writer appends only the successor of the last id; a stream that is not there (first start, or Redis was flushed)
//! is begun where the writer says.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::streams::StreamReadReply;
use redis::{AsyncConnectionConfig, Script};

use crate::{Bus, Error, keys};

/// Appends ARGV[3..] as `{first}-0`, `{first+1}-0`, … if `first` (ARGV[1]) follows the last id, or if there is no stream
/// and ARGV[2] is `begin`. Replies {1, last id} or {0, last id}, with -1 for no stream.
const APPEND: &str = r"
local first = tonumber(ARGV[1])
local last = -1
if redis.call('EXISTS', KEYS[1]) == 1 then
    local info = redis.call('XINFO', 'STREAM', KEYS[1])
    for i = 1, #info, 2 do
        if info[i] == 'last-generated-id' then last = tonumber(string.match(info[i + 1], '^(%d+)')) end
    end
end
if (last >= 0 and first ~= last + 1) or (last < 0 and ARGV[2] ~= 'begin') then return {0, last} end
for i = 3, #ARGV do
    redis.call('XADD', KEYS[1], string.format('%d-0', first + i - 3), 'event', ARGV[i])
end
return {1, first + #ARGV - 3}
";

/// Whether the writer may begin a stream that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    Begin,
    Refuse,
}

/// What an append came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// The stream now ends with this row.
    Through(u64),
    /// The first row does not follow the stream's last one, which is this.
    NotTheSuccessor { last: u64 },
    /// There is no stream.
    NoStream,
}

/// Appends rows to streams.
pub struct Outbox {
    bus: Bus,
    append: Script,
}

impl Outbox {
    pub fn new(bus: Bus) -> Self {
        Self { bus, append: Script::new(APPEND) }
    }

    /// Appends `events` as rows `first..`, all or none.
    pub async fn append(&self, shard: &str, first: u64, events: &[String], absent: Absent) -> Result<Appended, Error> {
        let mut call = self.append.prepare_invoke();
        call.key(keys::out(shard)).arg(first).arg(match absent {
            Absent::Begin => "begin",
            Absent::Refuse => "refuse",
        });
        for event in events {
            call.arg(event);
        }
        let (done, last): (i64, i64) = call.invoke_async(&mut self.bus.connection.clone()).await?;
        let through = u64::try_from(last);
        match (done, through) {
            (1, Ok(last)) => Ok(Appended::Through(last)),
            (_, Ok(last)) => Ok(Appended::NotTheSuccessor { last }),
            (_, Err(_negative)) => Ok(Appended::NoStream),
        }
    }

    /// Enters the shard into the index of streams.
    pub async fn announce(&self, shard: &str) -> Result<(), Error> {
        redis::cmd("SADD").arg(keys::OUT_INDEX).arg(shard).query_async::<()>(&mut self.bus.connection.clone()).await?;
        Ok(())
    }

    /// The last row of the stream; `None` when there is no stream.
    pub async fn last(&self, shard: &str) -> Result<Option<u64>, Error> {
        match self.append(shard, 0, &[], Absent::Refuse).await? {
            Appended::Through(last) | Appended::NotTheSuccessor { last } => Ok(Some(last)),
            Appended::NoStream => Ok(None),
        }
    }

    /// Drops the whole stream: the next append may begin it.
    pub async fn clear(&self, shard: &str) -> Result<(), Error> {
        redis::cmd("DEL").arg(keys::out(shard)).query_async::<()>(&mut self.bus.connection.clone()).await?;
        Ok(())
    }

    /// Drops rows below `seq`.
    pub async fn trim(&self, shard: &str, seq: u64) -> Result<(), Error> {
        redis::cmd("XTRIM")
            .arg(keys::out(shard))
            .arg("MINID")
            .arg("~")
            .arg(format!("{seq}-0"))
            .query_async::<()>(&mut self.bus.connection.clone())
            .await?;
        Ok(())
    }
}

/// One row as published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    pub seq: u64,
    /// A CloudEvent as JSON text.
    pub event: String,
}

/// Reads one shard's stream from a position that the caller keeps. Has a connection of its own: reads block.
pub struct OutboxReader {
    client: redis::Client,
    connection: Option<MultiplexedConnection>,
    key: String,
}

impl Bus {
    /// A reader of `out:{shard}`.
    pub fn outbox_reader(&self, shard: &str) -> OutboxReader {
        OutboxReader { client: self.client.clone(), connection: None, key: keys::out(shard) }
    }

    /// The shards that have a stream, by name.
    pub async fn shards(&self) -> Result<Vec<String>, Error> {
        let mut shards: Vec<String> =
            redis::cmd("SMEMBERS").arg(keys::OUT_INDEX).query_async(&mut self.connection.clone()).await?;
        shards.sort();
        Ok(shards)
    }
}

impl OutboxReader {
    /// Up to `limit` rows after `after`, in order; waits up to `wait` for the first. A first row that is not `after + 1`
    /// means that the stream was trimmed or begun beyond the position: what lies between is in the journal.
    pub async fn read(&mut self, after: u64, limit: usize, wait: Duration) -> Result<Vec<Published>, Error> {
        let mut connection = self.connection(wait).await?;
        let reading = redis::cmd("XREAD")
            .arg("COUNT")
            .arg(limit)
            .arg("BLOCK")
            .arg(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1))
            .arg("STREAMS")
            .arg(&self.key)
            .arg(format!("{after}-{}", u64::MAX))
            .query_async::<Option<StreamReadReply>>(&mut connection)
            .await;
        let reply = reading.inspect_err(|_error| self.connection = None)?;
        let ids = reply.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids);
        ids.map(|id| {
            let seq = id.id.split_once('-').and_then(|(seq, _)| seq.parse().ok());
            let event = id.get("event");
            match (seq, event) {
                (Some(seq), Some(event)) => Ok(Published { seq, event }),
                _ => Err(Error::Unreadable { what: "a published row" }),
            }
        })
        .collect()
    }

    async fn connection(&mut self, wait: Duration) -> Result<MultiplexedConnection, Error> {
        if let Some(connection) = &self.connection {
            let mut connection = connection.clone();
            connection.set_response_timeout(wait + crate::RESPONSE_DEADLINE);
            return Ok(connection);
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(crate::CONNECT_DEADLINE))
            .set_response_timeout(Some(wait + crate::RESPONSE_DEADLINE));
        let connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        self.connection = Some(connection.clone());
        Ok(connection)
    }
}
