//! What can go wrong, and how bad it is for whoever watches.

/// What a viewer sees of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The program cannot go on.
    Fatal,
    /// One output's picture stops or stutters.
    Visible,
    /// Nothing.
    Internal,
}

/// A failure of encoding or sending. No message holds a stream key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("libav has no {0}")]
    Missing(&'static str),
    #[error("the {what} encoder could not be opened: {reason}")]
    OpenEncoder { what: &'static str, reason: String },
    #[error("a frame could not be encoded: {0}")]
    Encode(String),
    #[error("the target cannot be used: {0}")]
    BadTarget(&'static str),
    #[error("the server's name does not resolve")]
    NameUnresolved,
    #[error("no connection: {0}")]
    ConnectFailed(String),
    #[error("the server refused the stream: {0}")]
    Refused(String),
    #[error("no progress in time")]
    TimedOut,
    #[error("it was told to stop")]
    Stopped,
    #[error("the connection was lost: {0}")]
    ConnectionLost(String),
    #[error("the file could not be written: {0}")]
    WriteFailed(String),
}

impl Error {
    pub fn severity(&self) -> Severity {
        match self {
            Self::Missing(_) | Self::OpenEncoder { .. } | Self::Encode(_) => Severity::Fatal,
            Self::BadTarget(_)
            | Self::NameUnresolved
            | Self::ConnectFailed(_)
            | Self::Refused(_)
            | Self::TimedOut
            | Self::ConnectionLost(_)
            | Self::WriteFailed(_) => Severity::Visible,
            Self::Stopped => Severity::Internal,
        }
    }
}
