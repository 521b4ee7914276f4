//! Connections: a pool for reads, single ones for the journal's writer, each with the session settings that durability
//! rests on.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool, Row};

use crate::Error;

/// How long anybody waits for a connection; a database that takes longer is treated as gone.
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

/// Reads of history, inbox, relay and registry run side by side; more connections would only queue in the server.
const POOL_SIZE: u32 = 8;

/// Where the database is, checked once.
#[derive(Clone)]
pub struct Database {
    options: PgConnectOptions,
}

impl Database {
    /// Reads a `postgres://` URL.
    pub fn new(url: &str, application: &str) -> Result<Self, Error> {
        let options = PgConnectOptions::from_str(url)
            .map_err(Error::BadUrl)?
            .application_name(application)
            .disable_statement_logging();
        Ok(Self { options })
    }

    /// A pool for reading and for writes that no lease fences. Connects when first used.
    pub fn pool(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(POOL_SIZE)
            .acquire_timeout(CONNECT_DEADLINE)
            .connect_lazy_with(self.options.clone())
    }

    /// A connection for the journal's writer: `synchronous_commit` is set by the session itself, and a server that
    /// would lose what it acknowledged is refused.
    pub async fn connect_writer(&self) -> Result<PgConnection, Error> {
        let connecting = async {
            let mut connection = PgConnection::connect_with(&self.options).await?;
            sqlx::query("set synchronous_commit = on").execute(&mut connection).await?;
            for setting in ["fsync", "full_page_writes"] {
                let value: String = sqlx::query("select current_setting($1)")
                    .bind(setting)
                    .fetch_one(&mut connection)
                    .await?
                    .try_get(0)?;
                if value != "on" {
                    return Err(Error::Unsafe { setting, value });
                }
            }
            Ok(connection)
        };
        match tokio::time::timeout(CONNECT_DEADLINE, connecting).await {
            Ok(connected) => connected,
            Err(_elapsed) => Err(Error::Overdue(CONNECT_DEADLINE)),
        }
    }
}

/// Brings the schema up to date. Safe to run from several processes at once and again.
pub async fn migrate(pool: &PgPool) -> Result<(), Error> {
    sqlx::migrate!("../../../migrations").run(pool).await.map_err(Error::Migrate)
}
