//! Pub/sub, listening side. A message only saves a wait: whoever listens also polls, so a lost one costs time, not truth.

use std::time::Duration;

use futures_util::StreamExt;
use redis::aio::PubSub;

use crate::{Bus, Error};

/// Pause before the next attempt to listen again.
const RELISTEN_DELAY: Duration = Duration::from_millis(500);

/// Listens to one channel for as long as it lives.
pub struct Listener {
    client: redis::Client,
    channel: String,
    connection: Option<PubSub>,
}

/// What a listener heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    Message(Vec<u8>),
    /// The connection is new: messages may have been missed.
    Listening,
}

impl Bus {
    /// A listener on `channel`.
    pub fn listen(&self, channel: String) -> Listener {
        Listener { client: self.client.clone(), channel, connection: None }
    }
}

impl Listener {
    /// The next thing heard; waits as long as it takes, reconnecting. Safe to drop at any await.
    pub async fn next(&mut self) -> Heard {
        loop {
            let Some(connection) = &mut self.connection else {
                match self.connect().await {
                    Ok(()) => return Heard::Listening,
                    Err(_error) => tokio::time::sleep(RELISTEN_DELAY).await,
                }
                continue;
            };
            let heard = connection.on_message().next().await;
            match heard {
                Some(message) => return Heard::Message(message.get_payload_bytes().to_vec()),
                None => self.connection = None,
            }
        }
    }

    async fn connect(&mut self) -> Result<(), Error> {
        let connecting = tokio::time::timeout(crate::CONNECT_DEADLINE, self.client.get_async_pubsub()).await;
        let Ok(connected) = connecting else { return Err(Error::Overdue(crate::CONNECT_DEADLINE)) };
        let mut connection = connected?;
        connection.subscribe(&self.channel).await?;
        self.connection = Some(connection);
        Ok(())
    }
}
