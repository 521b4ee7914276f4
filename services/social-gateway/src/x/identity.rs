//! Whose account the credentials are: asked once at the start, and compared with the handle that we are told to serve.

use std::time::Duration;

use auction_core::Handle;
use serde::Deserialize as _;

use super::client::Call;
use super::endpoint::Context;
use super::model::User;
use super::reconnect::Reconnect;
use super::{Client, Code, Endpoint, Problem};

/// Why the gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum NotUs {
    #[error("the credentials are those of @{found}, not of @{wanted}: use that account's, or set X_HOUSE_HANDLE")]
    OtherAccount { found: String, wanted: Handle },
    #[error("x does not take the credentials")]
    Refused(#[source] Problem),
}

/// Asks until X answers; `told` hears what came of each attempt. Refused credentials are not tried again: only a person
/// can help.
pub async fn wait(
    client: &Client,
    handle: &Handle,
    backoff_percent: u32,
    told: impl Fn(Option<Code>),
) -> Result<User, NotUs> {
    let mut policy = Reconnect::new(backoff_percent);
    loop {
        let answer = ask(client).await;
        told(answer.as_ref().err().map(|problem| problem.code));
        match answer {
            Ok(user) if user.username.eq_ignore_ascii_case(handle.as_str()) => return Ok(user),
            Ok(user) => return Err(NotUs::OtherAccount { found: user.username, wanted: handle.clone() }),
            Err(problem) if matches!(problem.code, Code::Unauthorized | Code::Forbidden | Code::ClientForbidden) => {
                return Err(NotUs::Refused(problem));
            }
            Err(problem) => {
                let next = policy.failed(&problem, client.now());
                tracing::warn!(error = %problem, wait_ms = next.wait.0, "x does not say who we are");
                tokio::time::sleep(Duration::from_millis(u64::try_from(next.wait.0).unwrap_or_default())).await;
            }
        }
    }
}

async fn ask(client: &Client) -> Result<User, Problem> {
    let mut answer = client.call(&Call::new(Endpoint::Me, Context::User)).await?;
    let data = answer.body.get_mut("data").map(serde_json::Value::take).unwrap_or_default();
    User::deserialize(data).map_err(|_| Problem::local(Code::Unreadable, "the account is not what x documents"))
}
