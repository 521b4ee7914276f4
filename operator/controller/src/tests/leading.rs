//! One leads: by the Lease of a real API server.

use std::time::Duration;

use bootstrap::clock::Clock;
use bootstrap::lifecycle::Lifecycle;
use bootstrap::metrics::Registry;
use kube::Client;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::world::until;
use crate::leader::Leader;
use crate::observe::Observe;

/// A process that runs for the lease.
struct Runner {
    led: watch::Receiver<bool>,
    stopping: CancellationToken,
    life: Lifecycle,
}

impl Runner {
    fn new(client: &Client, namespace: &str, identity: &str) -> Self {
        let leader = Leader {
            client: client.clone(),
            namespace: namespace.to_owned(),
            name: "sothebais-operator".to_owned(),
            identity: identity.to_owned(),
            clock: Clock::System,
            observe: Observe::new(&Registry::new()),
        };
        let (leads, led) = watch::channel(false);
        let (life, stopping, drained) = (Lifecycle::new(), CancellationToken::new(), CancellationToken::new());
        drained.cancel();
        let (ends, killed) = (stopping.clone(), life.stopping());
        life.spawn("leader", async move {
            tokio::select! { () = leader.run(leads, ends, drained) => {}, () = killed.cancelled() => {} }
            Ok(())
        });
        Self { led, stopping, life }
    }

    fn leads(&self) -> bool {
        *self.led.borrow()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_stops_is_followed_at_once_and_one_that_dies_when_its_lease_is_over() -> anyhow::Result<()> {
    let client = testkit::kubernetes::admin_client().await?;
    let namespace = testkit::kubernetes::namespace(&client).await?;
    let first = Runner::new(&client, &namespace, "first");
    until("the first leads", async || Ok(first.leads())).await?;
    let second = Runner::new(&client, &namespace, "second");
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(first.leads() && !second.leads());

    let stopped = Instant::now();
    first.stopping.cancel();
    until("the second leads", async || Ok(second.leads())).await?;
    println!("after a stop: {} ms", stopped.elapsed().as_millis());
    assert!(!first.leads() && stopped.elapsed() < Duration::from_secs(3));

    let third = Runner::new(&client, &namespace, "third");
    tokio::time::sleep(Duration::from_secs(2)).await;
    let killed = Instant::now();
    second.life.stop();
    until("the third leads", async || Ok(third.leads())).await?;
    println!("after a kill: {} ms", killed.elapsed().as_millis());
    assert!((Duration::from_secs(8)..Duration::from_secs(16)).contains(&killed.elapsed()), "{:?}", killed.elapsed());
    Ok(())
}
