//! What is told about this process, gathered in one place: outputs report, `/v1/status` reads.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use auction_core::Timestamp;
use wire::Time;
use wire::compositor::{OutputError, OutputState, OutputStatus};

/// Shared by everybody.
#[derive(Debug, Default)]
pub(crate) struct Board {
    /// Frames encoded.
    pub(crate) frames: AtomicU64,
    outputs: Mutex<BTreeMap<String, Arc<OutputBoard>>>,
}

/// One output's part.
#[derive(Debug)]
pub(crate) struct OutputBoard(Mutex<OutputStatus>);

impl Board {
    /// A part for a new output.
    pub(crate) fn add(&self, name: &str, required: bool) -> Arc<OutputBoard> {
        let status = OutputStatus {
            name: name.to_owned(),
            required,
            state: OutputState::Idle,
            frames_sent: 0,
            last_frame_at: None,
            reconnects: 0,
            last_error: None,
        };
        let part = Arc::new(OutputBoard(Mutex::new(status)));
        self.parts().insert(name.to_owned(), part.clone());
        part
    }

    /// Takes an output off, unless its name belongs to a newer one.
    pub(crate) fn remove(&self, name: &str) {
        self.parts().remove(name);
    }

    pub(crate) fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }

    /// All outputs, by name.
    pub(crate) fn outputs(&self) -> Vec<OutputStatus> {
        self.parts().values().map(|part| part.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).collect()
    }

    fn parts(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<OutputBoard>>> {
        self.outputs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OutputBoard {
    pub(crate) fn state(&self, state: OutputState) {
        self.with(|status| status.state = state);
    }

    pub(crate) fn failed(&self, error: OutputError) {
        self.with(|status| status.last_error = Some(error));
    }

    pub(crate) fn reconnected(&self) {
        self.with(|status| status.reconnects += 1);
    }

    /// A picture was taken.
    pub(crate) fn frame(&self, now_ms: i64) {
        self.with(|status| {
            status.state = OutputState::Live;
            status.frames_sent += 1;
            status.last_frame_at = Some(Time(Timestamp(now_ms)));
        });
    }

    fn with(&self, change: impl FnOnce(&mut OutputStatus)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
