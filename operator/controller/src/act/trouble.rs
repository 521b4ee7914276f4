//! Why an object could not be written, sorted by what a person can do about it.

use kube::Error;

use crate::object::{Id, Kind, Provider};

/// A write or read that did not come about.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// Somebody else's object has the name.
    #[error("{} {} exists and is not the operator's", id.kind.as_str(), id.name)]
    Foreign { id: Id },
    /// The kind is not served: its definitions are not installed.
    #[error("the API server does not know the kind {}", id.kind.as_str())]
    MissingKind { id: Id },
    /// The API server says no: quota, admission, validation, or rights.
    #[error("{} {} is refused: {message}", id.kind.as_str(), id.name)]
    Refused { id: Id, code: u16, message: String },
    /// Somebody wrote at the same time, or the cache was old: look again.
    #[error("{} {} has changed meanwhile", id.kind.as_str(), id.name)]
    Conflict { id: Id, already_exists: bool },
    #[error("{} {} is not there", id.kind.as_str(), id.name)]
    NotFound { id: Id },
    #[error("{} {} could not be written or read", id.kind.as_str(), id.name)]
    Failed {
        id: Id,
        #[source]
        source: Box<Error>,
    },
    #[error("{} {}: the API server did not answer in time", id.kind.as_str(), id.name)]
    TimedOut { id: Id },
    #[error("{} {} cannot be put into words", id.kind.as_str(), id.name)]
    Unwritable {
        id: Id,
        #[source]
        source: serde_json::Error,
    },
}

impl ActError {
    pub(crate) fn of(id: &Id, error: Error) -> Self {
        let id = id.clone();
        let Error::Api(status) = &error else { return Self::Failed { id, source: Box::new(error) } };
        match (status.code, status.reason.as_str()) {
            (404, _) if id.kind.provider() != Provider::Kubernetes && !status.message.contains(id.name.as_str()) => {
                Self::MissingKind { id }
            }
            (404, _) => Self::NotFound { id },
            (409, reason) => Self::Conflict { id, already_exists: reason == "AlreadyExists" },
            (400 | 401 | 403 | 405 | 413 | 415 | 422, _) => {
                Self::Refused { id, code: status.code, message: status.message.clone() }
            }
            _ => Self::Failed { id, source: Box::new(error) },
        }
    }

    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }

    pub(crate) fn already_exists(&self) -> bool {
        matches!(self, Self::Conflict { already_exists: true, .. })
    }

    /// What it was about.
    pub fn id(&self) -> &Id {
        match self {
            Self::Foreign { id }
            | Self::MissingKind { id }
            | Self::Refused { id, .. }
            | Self::Conflict { id, .. }
            | Self::NotFound { id }
            | Self::Failed { id, .. }
            | Self::TimedOut { id }
            | Self::Unwritable { id, .. } => id,
        }
    }

    /// The API server counts what a namespace may hold, and this was too much.
    pub fn is_quota(&self) -> bool {
        matches!(self, Self::Refused { code: 403, message, .. } if message.contains("exceeded quota"))
    }

    /// A person has to do something; trying again at once is no use.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Foreign { .. } | Self::MissingKind { .. } | Self::Refused { .. } | Self::Unwritable { .. } => true,
            Self::Conflict { .. } | Self::NotFound { .. } | Self::Failed { .. } | Self::TimedOut { .. } => false,
        }
    }

    /// Whether it is about a pod, without which nothing runs.
    pub fn is_about_pod(&self) -> bool {
        self.id().kind == Kind::Pod
    }
}
