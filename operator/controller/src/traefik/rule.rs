//! Rules: which requests a route takes. Hosts and paths come from people, and Traefik reads a rule as a small language in
//! which a backtick ends a string; so a rule is built from checked parts and from nothing else.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest name that DNS carries.
const LONGEST_HOST: usize = 253;
/// The longest label of such a name.
const LONGEST_LABEL: usize = 63;
/// Longer than any path of ours, shorter than any request line that a server takes.
const LONGEST_PATH: usize = 1_024;

/// Why a host or path cannot stand in a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRulePart {
    #[error(
        "{0:?} is no host name: write lowercase letters, digits, hyphens and dots, labels of at most {LONGEST_LABEL}"
    )]
    Host(String),
    #[error("{0:?} is no path: write a slash, then letters, digits and /_.~-, at most {LONGEST_PATH} characters")]
    Path(String),
}

/// A host name in lowercase, without a wildcard and without a port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Host(String);

impl Host {
    /// Takes names of DNS labels (RFC 1123) alone.
    pub fn new(name: &str) -> Result<Self, BadRulePart> {
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let is_label = |label: &str| {
            (1..=LONGEST_LABEL).contains(&label.len())
                && label.bytes().all(|byte| letter(byte) || byte == b'-')
                && label.bytes().next().is_some_and(letter)
                && label.bytes().last().is_some_and(letter)
        };
        if name.len() <= LONGEST_HOST && name.split('.').all(is_label) {
            Ok(Self(name.to_owned()))
        } else {
            Err(BadRulePart::Host(name.to_owned()))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An absolute path without anything that would need to be escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(String);

impl Path {
    pub fn new(path: &str) -> Result<Self, BadRulePart> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_.~-".contains(&byte);
        if path.starts_with('/') && path.len() <= LONGEST_PATH && path.bytes().all(plain) {
            Ok(Self(path.to_owned()))
        } else {
            Err(BadRulePart::Path(path.to_owned()))
        }
    }
}

/// One condition of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    Host(Host),
    /// This path alone.
    Path(Path),
    /// Every path but this one.
    NotPath(Path),
    PathPrefix(Path),
    /// The name that a TLS client asks for.
    HostSni(Host),
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(Host(host)) => write!(f, "Host(`{host}`)"),
            Self::Path(Path(path)) => write!(f, "Path(`{path}`)"),
            Self::NotPath(Path(path)) => write!(f, "!Path(`{path}`)"),
            Self::PathPrefix(Path(path)) => write!(f, "PathPrefix(`{path}`)"),
            Self::HostSni(Host(host)) => write!(f, "HostSNI(`{host}`)"),
        }
    }
}

/// A rule as Traefik reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rule(String);

impl Rule {
    /// The rule that takes what meets every condition.
    pub fn all<const N: usize>(conditions: [Condition; N]) -> Self {
        const { assert!(N > 0, "a rule has a condition") };
        Self(conditions.map(|condition| condition.to_string()).join(" && "))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What Traefik's parser makes of a rule: everything but the strings, and the strings.
    fn parsed(rule: &str) -> (String, Vec<String>) {
        let (mut shape, mut strings) = (String::new(), Vec::new());
        for (index, part) in rule.split('`').enumerate() {
            if index % 2 == 0 { shape.push_str(part) } else { strings.push(part.to_owned()) }
        }
        (shape, strings)
    }

    fn rule(host: &str, path: &str) -> Option<Rule> {
        let (host, path) = (Host::new(host).ok()?, Path::new(path).ok()?);
        Some(Rule::all([Condition::Host(host), Condition::PathPrefix(path.clone()), Condition::NotPath(path)]))
    }

    #[test]
    fn a_rule_reads_as_traefik_writes_them() {
        let rule = rule("genesis.live.example", "/v1").unwrap();
        assert_eq!(rule.as_str(), "Host(`genesis.live.example`) && PathPrefix(`/v1`) && !Path(`/v1`)");
    }

    #[test]
    fn names_that_end_a_string_or_widen_a_rule_are_refused() {
        for host in ["", "a`) || Host(`b", "*.example", "a..b", "-a", "a-", "A.example", "a.example:80", "a b", ".a"] {
            assert_eq!(Host::new(host), Err(BadRulePart::Host(host.to_owned())));
        }
        for path in ["", "v1", "/`", "/a b", "/{name:.*}", "/a)", "/é", "/a\n", "/%60"] {
            assert_eq!(Path::new(path), Err(BadRulePart::Path(path.to_owned())));
        }
        assert!(Host::new("a.".repeat(126).trim_end_matches('.')).is_ok());
        assert!(Host::new(&"a".repeat(64)).is_err());
    }

    proptest! {
        #[test]
        fn no_accepted_host_or_path_changes_the_shape_of_the_rule(
            host in prop_oneof![any::<String>(), "[-a-z0-9.`|&()! ]{0,20}", "[a-z0-9]([-a-z0-9.]{0,20}[a-z0-9])?"],
            path in prop_oneof![any::<String>(), "/[-a-zA-Z0-9/_.~`|&()!{} ]{0,20}", "/[a-zA-Z0-9/_.~-]{0,20}"],
        ) {
            if let Some(rule) = rule(&host, &path) {
                let (shape, strings) = parsed(rule.as_str());
                prop_assert_eq!(shape, "Host() && PathPrefix() && !Path()");
                prop_assert_eq!(strings, [host, path.clone(), path]);
            }
        }
    }
}
