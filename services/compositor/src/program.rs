//! A spec in this service's own words: read from the manifest and checked, before anything of it is carried out.

mod change;
mod read;

use std::path::PathBuf;

use media::{Settings, Target};
use url::Url;
use wire::compositor::{OutputErrorClass, Publish};

pub(crate) use change::{Change, Refused, changes};
pub(crate) use read::{Places, read};

/// What should run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Program {
    pub(crate) generation: i64,
    pub(crate) settings: Settings,
    /// In the manifest's order.
    pub(crate) outputs: Vec<OutputPlan>,
    pub(crate) source: Option<SourcePlan>,
    pub(crate) publish: Publish,
}

/// Where the auction's state is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourcePlan {
    pub(crate) auction: auction_core::AuctionId,
    /// The engine's API.
    pub(crate) engine: Url,
}

/// One output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutputPlan {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) destination: Destination,
}

/// Where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    /// The key's file is read anew at every connection: a rotated key is used by the next one.
    Rtmp {
        url: Url,
        key_file: Option<PathBuf>,
    },
    Record {
        directory: PathBuf,
    },
    Hls {
        directory: PathBuf,
    },
    /// Nothing that this program can write to; the others go on.
    Unsupported(&'static str),
}

/// Why a destination cannot be opened now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoTarget {
    pub(crate) class: OutputErrorClass,
    pub(crate) message: String,
}

impl Destination {
    /// The target of one connection. A recording's parts are told apart by when they begin: none is ever written over.
    pub(crate) fn target(&self, name: &str, begins_ms: i64) -> Result<Target, NoTarget> {
        match self {
            Self::Rtmp { url, key_file } => {
                let key = key_file.as_deref().map(read_key).transpose()?;
                Ok(Target::Rtmp { url: url.clone(), key })
            }
            Self::Record { directory } => {
                Ok(Target::File { path: made(directory)?.join(format!("{name}-{begins_ms}.mp4")) })
            }
            Self::Hls { directory } => Ok(Target::Hls { directory: made(directory)? }),
            Self::Unsupported(why) => {
                Err(NoTarget { class: OutputErrorClass::Unsupported, message: (*why).to_owned() })
            }
        }
    }
}

fn made(directory: &std::path::Path) -> Result<PathBuf, NoTarget> {
    std::fs::create_dir_all(directory).map_err(|error| NoTarget {
        class: OutputErrorClass::WriteFailed,
        message: format!("{} cannot be made: {error}", directory.display()),
    })?;
    Ok(directory.to_owned())
}

fn read_key(file: &std::path::Path) -> Result<String, NoTarget> {
    let missing = |why: &str| NoTarget {
        class: OutputErrorClass::StreamKeyMissing,
        message: format!("the stream key {} {why}", file.display()),
    };
    let text = std::fs::read_to_string(file).map_err(|error| missing(&format!("cannot be read: {error}")))?;
    let key = text.trim();
    if key.is_empty() || key.chars().any(char::is_control) {
        return Err(missing("is empty or no line of text"));
    }
    Ok(key.to_owned())
}
