//! Redis, all of it: event streams, live prices, nudges. Redis holds no truth: whatever is lost here is read again from
//! PostgreSQL.
//!
//! Every command has a deadline and the connection comes back by itself; a failure is the caller's to retry later.

pub mod keys;
pub mod outbox;
pub mod signal;

use std::time::Duration;

use redis::AsyncCommands;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};

/// A command that takes longer has met a server that is gone or stuck.
const RESPONSE_DEADLINE: Duration = Duration::from_secs(5);

/// Loopback and cluster networks connect in milliseconds.
const CONNECT_DEADLINE: Duration = Duration::from_secs(1);

/// Attempts to connect before a command fails; the next command tries again.
const CONNECT_ATTEMPTS: usize = 2;

/// The longest pause between two attempts to connect.
const MAX_RECONNECT_DELAY: Duration = Duration::from_millis(500);

/// Why Redis did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the Redis URL cannot be used")]
    BadUrl(#[source] redis::RedisError),
    #[error("Redis could not be reached or failed")]
    Unavailable(#[from] redis::RedisError),
    #[error("Redis did not answer within {} s", .0.as_secs())]
    Overdue(Duration),
    #[error("{what} in Redis cannot be read")]
    Unreadable { what: &'static str },
}

/// A shared connection that reconnects.
#[derive(Clone)]
pub struct Bus {
    client: redis::Client,
    connection: ConnectionManager,
}

impl Bus {
    /// Reads a `redis://` URL. Connects when first used, so a service starts without Redis.
    pub fn new(url: &str) -> Result<Self, Error> {
        let client = redis::Client::open(url).map_err(Error::BadUrl)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT_DEADLINE))
            .set_response_timeout(Some(RESPONSE_DEADLINE))
            .set_number_of_retries(CONNECT_ATTEMPTS)
            .set_max_delay(MAX_RECONNECT_DELAY);
        let connection = ConnectionManager::new_lazy_with_config(client.clone(), config).map_err(Error::BadUrl)?;
        Ok(Self { client, connection })
    }

    /// Sends to whoever listens on a channel now; nobody is no error.
    pub async fn publish(&self, channel: &str, payload: &[u8]) -> Result<(), Error> {
        self.connection.clone().publish::<_, _, ()>(channel, payload).await?;
        Ok(())
    }

    /// Whether Redis answers.
    pub async fn ping(&self) -> Result<(), Error> {
        redis::cmd("PING").query_async::<()>(&mut self.connection.clone()).await?;
        Ok(())
    }
}
