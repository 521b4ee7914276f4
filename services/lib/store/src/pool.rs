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

/// Connections for what strangers may read.
const PUBLIC_POOL_SIZE: u32 = 4;

/// How long a stranger's request waits for one of them before it is told to come back.
const PUBLIC_WAIT: Duration = Duration::from_secs(2);

/// How long a stranger's statement may run: a page of history takes milliseconds.
const PUBLIC_STATEMENT: &str = "5s";

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

    /// A pool for what strangers may read: whoever asks for much waits for other strangers alone, never a post or a bid.
    pub fn public_pool(&self) -> PgPool {
        let options = self.options.clone().options([("statement_timeout", PUBLIC_STATEMENT)]);
        PgPoolOptions::new().max_connections(PUBLIC_POOL_SIZE).acquire_timeout(PUBLIC_WAIT).connect_lazy_with(options)
    }

    /// A connection for the journal's writer: `synchronous_commit` is set by the session itself, and a server that
    /// would lose what it acknowledged is refused.
    pub async fn connect_writer(&self) -> Result<PgConnection, Error> {
        let connecting = async {
            let mut connection = PgConnection::connect_with(&self.options).await?;
            sqlx::query("set synchronous_commit = on").execute(&mut connection).await?;
            // One plan serves the commit's statement for any batch; planning it anew costs a small batch more than its rows.
            sqlx::query("set plan_cache_mode = force_generic_plan").execute(&mut connection).await?;
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
