//! `pause` and `resume`: one field of the spec. The operator brings it to the engine.

use std::io::Write;

use kube::api::{Patch, PatchParams};
use operator_api::auction::RunState;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::trouble::Trouble;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Pause,
    Resume,
}

/// What becomes of a wish.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    AlreadySo,
    Write(Value),
    Final,
}

pub(crate) async fn run(cluster: &Cluster, name: &str, wish: Wish, out: &mut impl Write) -> anyhow::Result<()> {
    let auction = cluster.auction(name).await?;
    match decide(auction.spec.run_state, wish, auction.metadata.resource_version.as_deref()) {
        Answer::Final => return Err(Trouble::Cancelled { name: name.to_owned() }.into()),
        Answer::AlreadySo => writeln!(out, "{name} is {} already", word(wish))?,
        Answer::Write(patch) => {
            cluster.auctions().patch(name, &PatchParams::default(), &Patch::Merge(patch)).await?;
            writeln!(out, "{name} is {}; see: kubectl auction status {name}", word(wish))?;
        }
    }
    Ok(())
}

/// The resource version makes the write fail when somebody else wrote in between.
fn decide(state: RunState, wish: Wish, version: Option<&str>) -> Answer {
    let write =
        |state: &str| Answer::Write(json!({"metadata": {"resourceVersion": version}, "spec": {"runState": state}}));
    match (state, wish) {
        (RunState::Cancelled, Wish::Pause | Wish::Resume) => Answer::Final,
        (RunState::Paused, Wish::Pause) | (RunState::Running, Wish::Resume) => Answer::AlreadySo,
        (RunState::Running, Wish::Pause) => write("Paused"),
        (RunState::Paused, Wish::Resume) => write("Running"),
    }
}

const fn word(wish: Wish) -> &'static str {
    match wish {
        Wish::Pause => "paused",
        Wish::Resume => "running",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_written_once_and_never_against_a_cancellation() {
        let written = decide(RunState::Running, Wish::Pause, Some("7"));
        assert_eq!(
            written,
            Answer::Write(json!({"metadata": {"resourceVersion": "7"}, "spec": {"runState": "Paused"}}))
        );
        assert_eq!(decide(RunState::Paused, Wish::Pause, None), Answer::AlreadySo);
        assert_eq!(decide(RunState::Cancelled, Wish::Resume, None), Answer::Final);
    }
}
