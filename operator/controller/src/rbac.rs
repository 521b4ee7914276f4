//! What the operator may do, as data: the chart's roles are generated from it, and the API server's audit log is held
//! against it. No wildcard, no Secret, no `exec`, no definitions of resources.

use k8s_openapi::api::rbac::v1::PolicyRule;

/// Where a permission is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Scope {
    /// In every namespace that the operator serves: a Role in one, a `ClusterRole` for all.
    Served,
    /// In the operator's own namespace.
    Own,
    /// For the cluster as a whole; an operator that serves one namespace does without.
    Cluster,
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Grant {
    pub scope: Scope,
    pub group: &'static str,
    pub resources: &'static [&'static str],
    pub verbs: &'static [&'static str],
    /// The only object meant; all if empty.
    pub name: Option<&'static str>,
    /// What it is for.
    pub reason: &'static str,
}

/// Watched, and written by server-side apply, which creates as well.
const KEPT: &[&str] = &["get", "list", "watch", "create", "patch", "delete"];

/// Everything that the operator may do.
pub const GRANTS: &[Grant] = &[
    Grant {
        scope: Scope::Served,
        group: "sothebais.io",
        resources: &["auctions"],
        verbs: &["get", "list", "watch", "patch", "delete"],
        name: None,
        reason: "what should run; the finalizer; the end of ttlSecondsAfterFinished",
    },
    Grant {
        scope: Scope::Served,
        group: "sothebais.io",
        resources: &["streams"],
        verbs: &["get", "list", "watch", "create", "patch", "delete"],
        name: None,
        reason: "what is composed; an auction's own stream is made from its template",
    },
    Grant {
        scope: Scope::Served,
        group: "sothebais.io",
        resources: &["auctions/status", "streams/status"],
        verbs: &["patch"],
        name: None,
        reason: "what was seen",
    },
    Grant {
        scope: Scope::Served,
        group: "sothebais.io",
        resources: &["auctions/finalizers", "streams/finalizers"],
        verbs: &["update"],
        name: None,
        reason: "children may hold up their owner's deletion, where the cluster checks that",
    },
    Grant {
        scope: Scope::Served,
        group: "",
        resources: &["pods", "services", "configmaps", "serviceaccounts"],
        verbs: KEPT,
        name: None,
        reason: "instances, their names, scenes, the publishers' account",
    },
    Grant {
        scope: Scope::Served,
        group: "policy",
        resources: &["poddisruptionbudgets"],
        verbs: KEPT,
        name: None,
        reason: "nobody evicts what is live",
    },
    Grant {
        scope: Scope::Served,
        group: "networking.k8s.io",
        resources: &["networkpolicies"],
        verbs: KEPT,
        name: None,
        reason: "nothing in, nothing out, but the named flows",
    },
    Grant {
        scope: Scope::Served,
        group: "rbac.authorization.k8s.io",
        resources: &["roles", "rolebindings"],
        verbs: KEPT,
        name: None,
        reason: "publishers renew their leases, by name; the cluster lets nobody grant more than they have",
    },
    Grant {
        scope: Scope::Served,
        group: "traefik.io",
        resources: &["ingressroutes", "ingressroutetcps", "middlewares"],
        verbs: KEPT,
        name: None,
        reason: "the public way in",
    },
    Grant {
        scope: Scope::Served,
        group: "cert-manager.io",
        resources: &["certificates"],
        verbs: KEPT,
        name: None,
        reason: "certificates of routes that name an issuer",
    },
    Grant {
        scope: Scope::Served,
        group: "coordination.k8s.io",
        resources: &["leases"],
        verbs: &["get", "list", "watch", "create", "update", "patch", "delete"],
        name: None,
        reason: "who may publish a stream",
    },
    Grant {
        scope: Scope::Served,
        group: "events.k8s.io",
        resources: &["events"],
        verbs: &["create", "patch"],
        name: None,
        reason: "what happened, and why",
    },
    Grant {
        scope: Scope::Own,
        group: "coordination.k8s.io",
        resources: &["leases"],
        verbs: &["get", "update"],
        name: Some("sothebais-operator"),
        reason: "who leads",
    },
    Grant {
        scope: Scope::Own,
        group: "coordination.k8s.io",
        resources: &["leases"],
        verbs: &["create"],
        name: None,
        reason: "who leads, the first time: a creation has no name to be held to",
    },
    Grant {
        scope: Scope::Cluster,
        group: "",
        resources: &["nodes"],
        verbs: &["list", "watch"],
        name: None,
        reason: "a drain is seen by the node's taints and hands over what runs there",
    },
    Grant {
        scope: Scope::Cluster,
        group: "apiextensions.k8s.io",
        resources: &["customresourcedefinitions"],
        verbs: &["get", "list", "watch"],
        name: None,
        reason: "whether Traefik's definitions are there, and whether our own are of this version",
    },
];

/// The rules of a role for `scope`.
pub fn rules(scope: Scope) -> Vec<PolicyRule> {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let rule = |grant: &Grant| PolicyRule {
        api_groups: Some(texts(&[grant.group])),
        resources: Some(texts(grant.resources)),
        resource_names: grant.name.map(|name| texts(&[name])),
        verbs: texts(grant.verbs),
        non_resource_urls: None,
    };
    GRANTS.iter().filter(|grant| grant.scope == scope).map(rule).collect()
}

/// The rules of a role for `scope` as the chart keeps them: YAML with the key `rules`, each rule under its reason.
pub fn yaml(scope: Scope) -> String {
    let list = |words: &[&str]| {
        let quoted: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
        format!("[{}]", quoted.join(", "))
    };
    let mut text = "# Generated by `just generate`; edit operator/controller/src/rbac.rs instead.\nrules:\n".to_owned();
    for Grant { scope: _, group, resources, verbs, name, reason } in GRANTS.iter().filter(|grant| grant.scope == scope)
    {
        let names = name.map(|name| format!("    resourceNames: {}\n", list(&[name]))).unwrap_or_default();
        let lines = [
            format!("  # {reason}\n"),
            format!("  - apiGroups: {}\n", list(&[group])),
            format!("    resources: {}\n", list(resources)),
            names,
            format!("    verbs: {}\n", list(verbs)),
        ];
        text.extend(lines);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::object::Kind;

    #[test]
    fn nothing_is_granted_by_a_wildcard_and_no_secret_is_read() {
        for grant in GRANTS {
            let words = grant.resources.iter().chain(grant.verbs).chain([&grant.group]);
            assert!(words.into_iter().all(|word| !word.contains('*')), "{grant:?}");
            assert!(!grant.resources.iter().any(|resource| ["secrets", "pods/exec"].contains(resource)), "{grant:?}");
            assert!(!grant.verbs.iter().any(|verb| ["escalate", "bind", "impersonate"].contains(verb)), "{grant:?}");
        }
    }

    #[test]
    fn every_kind_that_is_rendered_may_be_written_and_watched() {
        for kind in Kind::ALL {
            let resource = kind.resource();
            let granted: BTreeSet<_> = GRANTS
                .iter()
                .filter(|grant| grant.scope == Scope::Served && grant.group == resource.group)
                .filter(|grant| grant.resources.contains(&resource.plural.as_str()))
                .flat_map(|grant| grant.verbs)
                .copied()
                .collect();
            assert!(granted.is_superset(&["list", "watch", "create", "delete"].into()), "{}", kind.as_str());
        }
    }

    #[test]
    fn what_the_chart_reads_is_what_is_granted() {
        #[derive(serde::Deserialize)]
        struct Role {
            rules: Vec<PolicyRule>,
        }
        for scope in [Scope::Served, Scope::Own, Scope::Cluster] {
            let read: Role = serde_saphyr::from_str(&yaml(scope)).unwrap();
            assert_eq!(read.rules, rules(scope));
        }
    }

    #[test]
    fn what_publishers_are_granted_the_operator_has_itself() {
        let leases = GRANTS.iter().find(|grant| grant.scope == Scope::Served && grant.resources.contains(&"leases"));
        assert!(["get", "update"].iter().all(|verb| leases.unwrap().verbs.contains(verb)));
    }
}
