//! From one program to the next: what has to be done, and what may not be done now. Pure.

use std::collections::BTreeMap;

use media::Settings;
use wire::compositor::Publish;

use super::{OutputPlan, Program, SourcePlan};

/// One thing to do. Outputs that did not change are not named: nothing touches them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    /// Open the encoder anew.
    Encode(Settings),
    Follow(Option<SourcePlan>),
    Remove(String),
    Add(OutputPlan),
    Publish(Publish),
}

/// A change that would break what viewers see.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("width, height, rate, bitrate, keyframes or preset cannot change while on air")]
    VideoFrozen,
    #[error("epoch {new} is older than {known}, which was given before")]
    EpochStale { known: u64, new: u64 },
}

impl Refused {
    /// Stable, for the wire.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::VideoFrozen => "VideoFrozenOnAir",
            Self::EpochStale { .. } => "EpochStale",
        }
    }

    /// What to do about it.
    pub(crate) fn remedy(&self) -> &'static str {
        match self {
            Self::VideoFrozen => "put publish dark first, or hand over to another compositor",
            Self::EpochStale { .. } => "send the newest epoch",
        }
    }
}

/// What turns `current` into `wanted`, in the order in which it is to be done.
pub(crate) fn changes(current: Option<&Program>, wanted: &Program) -> Result<Vec<Change>, Refused> {
    let Some(current) = current else { return Ok(from_nothing(wanted)) };
    if let (Publish::OnAir { epoch: known }, Publish::OnAir { epoch: new }) = (current.publish, wanted.publish)
        && new < known
    {
        return Err(Refused::EpochStale { known, new });
    }
    let mut changes = Vec::new();
    if current.settings != wanted.settings {
        match (current.publish, wanted.publish) {
            (Publish::OnAir { .. }, Publish::OnAir { .. }) => return Err(Refused::VideoFrozen),
            // Nobody sees it: the broadcast ends first.
            (Publish::OnAir { .. }, Publish::Dark) => changes.push(Change::Publish(wanted.publish)),
            (Publish::Dark, Publish::Dark | Publish::OnAir { .. }) => {}
        }
        changes.push(Change::Encode(wanted.settings.clone()));
    }
    if current.source != wanted.source {
        changes.push(Change::Follow(wanted.source.clone()));
    }
    let known: BTreeMap<&str, &OutputPlan> = current.outputs.iter().map(|plan| (plan.name.as_str(), plan)).collect();
    let kept = |plan: &&OutputPlan| known.get(plan.name.as_str()).is_some_and(|known| known == plan);
    let gone = current.outputs.iter().filter(|plan| !wanted.outputs.contains(plan));
    changes.extend(gone.map(|plan| Change::Remove(plan.name.clone())));
    changes.extend(wanted.outputs.iter().filter(|plan| !kept(plan)).cloned().map(Change::Add));
    if current.publish != wanted.publish && !changes.contains(&Change::Publish(wanted.publish)) {
        changes.push(Change::Publish(wanted.publish));
    }
    Ok(changes)
}

fn from_nothing(wanted: &Program) -> Vec<Change> {
    let mut changes = vec![Change::Encode(wanted.settings.clone()), Change::Follow(wanted.source.clone())];
    changes.extend(wanted.outputs.iter().cloned().map(Change::Add));
    changes.push(Change::Publish(wanted.publish));
    changes
}

#[cfg(test)]
mod tests {
    use super::super::Destination;
    use super::*;

    fn output(name: &str, url: &str) -> OutputPlan {
        let destination = Destination::Rtmp { url: url.parse().unwrap(), key_file: None };
        OutputPlan { name: name.into(), required: true, destination }
    }

    fn program(publish: Publish, outputs: &[OutputPlan]) -> Program {
        Program { generation: 1, settings: Settings::default(), outputs: outputs.to_vec(), source: None, publish }
    }

    #[test]
    fn an_output_that_did_not_change_is_not_touched() {
        let on_air = Publish::OnAir { epoch: 1 };
        let (kept, old) = (output("x", "rtmp://a/x"), output("y", "rtmp://b/y"));
        let new = output("y", "rtmp://c/y");
        let changed = changes(Some(&program(on_air, &[kept.clone(), old])), &program(on_air, &[new.clone(), kept]));
        assert_eq!(changed, Ok(vec![Change::Remove("y".into()), Change::Add(new)]));
    }

    #[test]
    fn the_picture_is_frozen_while_on_air_and_free_in_the_dark() {
        let mut bigger = program(Publish::OnAir { epoch: 1 }, &[]);
        bigger.settings.width = 1920;
        assert_eq!(changes(Some(&program(Publish::OnAir { epoch: 1 }, &[])), &bigger), Err(Refused::VideoFrozen));
        let from_dark = changes(Some(&program(Publish::Dark, &[])), &bigger).unwrap();
        assert_eq!(from_dark, [Change::Encode(bigger.settings.clone()), Change::Publish(bigger.publish)]);
        bigger.publish = Publish::Dark;
        let ending = changes(Some(&program(Publish::OnAir { epoch: 1 }, &[])), &bigger).unwrap();
        assert_eq!(ending, [Change::Publish(Publish::Dark), Change::Encode(bigger.settings)]);
    }

    #[test]
    fn an_older_epoch_is_refused() {
        let of = |epoch| program(Publish::OnAir { epoch }, &[]);
        assert_eq!(changes(Some(&of(2)), &of(1)), Err(Refused::EpochStale { known: 2, new: 1 }));
        assert_eq!(changes(Some(&of(2)), &of(3)), Ok(vec![Change::Publish(Publish::OnAir { epoch: 3 })]));
        assert_eq!(changes(Some(&of(2)), &of(2)), Ok(vec![]));
    }
}
