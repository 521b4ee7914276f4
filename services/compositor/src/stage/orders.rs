//! What the stage is told, and how.

use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use media::Settings;
use scene::Fonts;

use super::Feed;

/// Orders that wait at most: a spec has a handful.
const WAITING: usize = 256;

/// How long an idle stage listens before it says that it lives.
const IDLE: Duration = Duration::from_millis(200);

/// Most bytes of fonts: they stay in memory.
const MAX_FONT_BYTES: u64 = 64 * 1024 * 1024;

#[derive(Debug)]
pub(crate) enum Order {
    /// Open the encoder anew.
    Encode(Settings),
    Add(Feed),
    /// Forget a closed output.
    Remove(String),
    /// Flush, close every queue, end.
    Stop,
}

/// The stage's ear.
#[derive(Debug)]
pub(crate) struct Orders(mpsc::Receiver<Order>);

pub(crate) fn orders() -> (mpsc::SyncSender<Order>, Orders) {
    let (sender, receiver) = mpsc::sync_channel(WAITING);
    (sender, Orders(receiver))
}

impl Orders {
    /// What has been ordered; an idle stage waits a little for the first. A director that is gone means stop.
    pub(super) fn waiting(&self, idle: bool) -> Vec<Order> {
        let first = if idle { self.0.recv_timeout(IDLE) } else { self.0.try_recv().map_err(ended) };
        match first {
            Ok(order) => std::iter::once(order).chain(self.0.try_iter()).collect(),
            Err(mpsc::RecvTimeoutError::Timeout) => Vec::new(),
            Err(mpsc::RecvTimeoutError::Disconnected) => vec![Order::Stop],
        }
    }
}

fn ended(why: mpsc::TryRecvError) -> mpsc::RecvTimeoutError {
    match why {
        mpsc::TryRecvError::Empty => mpsc::RecvTimeoutError::Timeout,
        mpsc::TryRecvError::Disconnected => mpsc::RecvTimeoutError::Disconnected,
    }
}

/// Where more fonts are.
#[derive(Debug, Clone)]
pub(crate) struct FontFiles(pub(crate) Option<PathBuf>);

impl FontFiles {
    /// The house's fonts, and every font in the directory, in the order of names. One that cannot be read is left out.
    pub(super) fn load(&self) -> Fonts {
        let mut files: Vec<PathBuf> =
            self.0.iter().flat_map(std::fs::read_dir).flatten().flatten().map(|it| it.path()).collect();
        files.retain(|file| file.extension().is_some_and(|it| matches!(it.to_str(), Some("ttf" | "otf" | "ttc"))));
        files.sort();
        let mut bytes = 0;
        let fonts = files.into_iter().filter_map(|file| {
            bytes += file.metadata().ok()?.len();
            if bytes > MAX_FONT_BYTES {
                tracing::warn!(file = %file.display(), "the fonts are too large in all; this one is left out");
                return None;
            }
            std::fs::read(&file).inspect_err(|error| tracing::warn!(file = %file.display(), %error, "no font")).ok()
        });
        Fonts::new(fonts)
    }
}
