//! Readiness: a child has published its ports and answers `/readyz`; who does not, says why.

use std::time::{Duration, Instant};

use bootstrap::ports::Ports;

use super::child::{Child, Seen};
use crate::trouble::Trouble;

/// Covers a worker that waits out the lease of a predecessor that was killed (2 s) and folds a long journal.
const READY_DEADLINE: Duration = Duration::from_mins(1);
/// A published port answers at once.
const PORTS_DEADLINE: Duration = Duration::from_secs(10);
const PROBE_DEADLINE: Duration = Duration::from_secs(2);
const PROBE_EVERY: Duration = Duration::from_millis(50);
/// A child that ends this often while it should become ready is not waited for any longer.
const STARTS: u32 = 3;

/// Waits until the child is ready, and returns its ports.
pub(super) async fn wait(child: &mut Child) -> anyhow::Result<Ports> {
    let begun = Instant::now();
    let client = reqwest::Client::builder().timeout(PROBE_DEADLINE).no_proxy().build()?;
    let mut missing = "it has not published its ports".to_owned();
    while begun.elapsed() < READY_DEADLINE {
        if let Seen::Ended { quick_ends, .. } = child.tend(Instant::now(), 0.5)?
            && quick_ends >= STARTS
        {
            return Err(hopeless(child, quick_ends).into());
        }
        if let Some(ports) = child.ports(Duration::ZERO).await {
            match probe(&client, ports).await {
                Ok(()) => return Ok(ports),
                Err(answer) => missing = answer,
            }
        }
        tokio::time::sleep(PROBE_EVERY).await;
    }
    let message = format!("{} was not ready after {} s: {missing}", child.name(), READY_DEADLINE.as_secs());
    let remedy = format!("its log says more: {}", child.recipe().log.display());
    Err(Trouble::new("NotReady", message, remedy).into())
}

/// Asks once. The error says what is missing.
async fn probe(client: &reqwest::Client, ports: Ports) -> Result<(), String> {
    let url = format!("http://127.0.0.1:{}/readyz", ports.health);
    let answer = client.get(url).send().await.map_err(|_| "it does not answer on its health port".to_owned())?;
    if answer.status().is_success() {
        return Ok(());
    }
    Err(answer.text().await.unwrap_or_default())
}

/// The ports of a child that has been ready before.
pub(super) async fn ports(child: &Child) -> anyhow::Result<Ports> {
    let ports = child.ports(PORTS_DEADLINE).await;
    Ok(ports.ok_or_else(|| {
        let message = format!("{} has not published its ports", child.name());
        Trouble::new("NotReady", message, format!("its log says more: {}", child.recipe().log.display()))
    })?)
}

/// A child that ends again and again.
pub(super) fn hopeless(child: &Child, ends: u32) -> Trouble {
    let message = format!("{} ended {ends} times in a row; it said:\n{}", child.name(), child.last_words());
    Trouble::new("ServiceFails", message, format!("mend what its log names: {}", child.recipe().log.display()))
}

/// What keeps the private servers from starting, with the package that is missing if one is.
pub(super) fn servers(error: private_servers::Error) -> Trouble {
    let (code, remedy) = match &error {
        private_servers::Error::MissingProgram { package, .. } => {
            ("ProgramMissing", format!("apt-get install {package} (./just does it)"))
        }
        private_servers::Error::NoUser(_) => {
            ("UserMissing", "run as an ordinary user, or apt-get install postgresql, which makes the user".to_owned())
        }
        private_servers::Error::Unreachable { directory, .. } => {
            ("DirectoryShut", format!("chmod o+x {}, or name another --data directory", directory.display()))
        }
        private_servers::Error::Spawn { .. }
        | private_servers::Error::Failed { .. }
        | private_servers::Error::NotReady { .. }
        | private_servers::Error::Path { .. }
        | private_servers::Error::NoPort(_) => {
            ("ServerFails", "see the message above; free disk space and permissions are the usual causes".to_owned())
        }
    };
    Trouble::new(code, "a private server could not be started", remedy).because(error)
}
