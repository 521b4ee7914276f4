//! The API server's audit log: which user asked for what, and what was answered.

use std::path::Path;

use serde::Deserialize;

use crate::Error;

/// Everything that is asked is noted once, when it was answered; bodies are not.
pub(crate) const POLICY: &str =
    "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: Metadata\n";

/// One answered request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Such as `system:serviceaccount:NAMESPACE:NAME`.
    pub user: String,
    pub verb: String,
    /// Empty for the core group.
    pub group: String,
    /// `resource` or `resource/subresource`; empty for a path that names no resource.
    pub resource: String,
    pub namespace: Option<String>,
    pub name: Option<String>,
    /// The HTTP status; absent for a watch that is still open.
    pub code: Option<u16>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    user: User,
    verb: String,
    #[serde(default)]
    object_ref: ObjectReference,
    response_status: Option<Status>,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    username: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ObjectReference {
    api_group: String,
    resource: String,
    subresource: String,
    namespace: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Status {
    code: Option<u16>,
}

/// Reads all requests of a log, oldest first. A last line that is still being written is left out.
pub fn read(log: &Path) -> Result<Vec<Request>, Error> {
    let text = std::fs::read_to_string(log).map_err(Error::path(log))?;
    let complete = text.rfind('\n').map_or("", |end| &text[..end]);
    complete
        .lines()
        .enumerate()
        .map(|(index, line)| {
            serde_json::from_str::<Event>(line).map(Request::from).map_err(|source| Error::AuditLine {
                path: log.to_owned(),
                line: index + 1,
                source,
            })
        })
        .collect()
}

impl From<Event> for Request {
    fn from(event: Event) -> Self {
        let ObjectReference { api_group, resource, subresource, namespace, name } = event.object_ref;
        let resource = if subresource.is_empty() { resource } else { format!("{resource}/{subresource}") };
        Self {
            user: event.user.username,
            verb: event.verb,
            group: api_group,
            resource,
            namespace,
            name,
            code: event.response_status.and_then(|status| status.code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_still_being_written_is_left_out() -> anyhow::Result<()> {
        let log = tempfile::NamedTempFile::new()?;
        let whole = r#"{"user":{"username":"a"},"verb":"patch","objectRef":{"resource":"pods","subresource":"status","apiVersion":"v1"},"responseStatus":{"code":200}}"#;
        std::fs::write(log.path(), format!("{whole}\n{}", &whole[..20]))?;
        let requests = read(log.path())?;
        assert_eq!(requests.len(), 1);
        assert_eq!((requests[0].resource.as_str(), requests[0].code), ("pods/status", Some(200)));
        Ok(())
    }
}
