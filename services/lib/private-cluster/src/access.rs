//! Clients of a cluster: its administrator's, and those of `ServiceAccounts` with exactly the rights that they were granted.

use std::path::Path;
use std::time::{Duration, Instant};

use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject};
use kube::api::{ObjectMeta, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};

use crate::Error;

const FIELD_MANAGER: &str = "private-cluster";
/// A test run is shorter.
const TOKEN_SECONDS: i64 = 24 * 3600;
/// The API server's authorizer learns of a new role by its own watch.
const GRANT_DEADLINE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(20);
/// One answer to one probe.
const PROBE_DEADLINE: Duration = Duration::from_secs(2);

/// Where an API server is and who asks it. Clients are made anew for every runtime: a client's tasks live in the runtime
/// that made it.
#[derive(Debug, Clone)]
pub struct Access {
    config: Config,
}

/// Where rights hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// In the `ServiceAccount`'s own namespace.
    Namespace,
    Cluster,
}

/// A `ServiceAccount` and what it may do.
#[derive(Debug, Clone)]
pub struct Grant {
    pub namespace: String,
    pub service_account: String,
    pub scope: Scope,
    pub rules: Vec<PolicyRule>,
}

impl Access {
    pub async fn from_kubeconfig(path: &Path) -> Result<Self, Error> {
        let broken = |source| Error::Kubeconfig { path: path.to_owned(), source: Box::new(source) };
        let kubeconfig = Kubeconfig::read_from(path).map_err(broken)?;
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.map_err(broken)?;
        Ok(Self { config })
    }

    /// The configuration, for callers that put layers around the client.
    pub fn config(&self) -> Config {
        self.config.clone()
    }

    pub fn client(&self) -> Result<Client, Error> {
        Client::try_from(self.config.clone()).map_err(Error::Client)
    }

    /// Creates the `ServiceAccount` and binds it to exactly these rules, then acts as it. The namespace must exist.
    pub async fn grant(&self, grant: &Grant) -> Result<Self, Error> {
        let client = self.client()?;
        bind(&client, grant).await?;
        wait_until_granted(&client, grant).await?;
        self.service_account(&grant.namespace, &grant.service_account).await
    }

    /// Acts as a `ServiceAccount` that exists, with a token of its own.
    pub async fn service_account(&self, namespace: &str, name: &str) -> Result<Self, Error> {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.client()?, namespace);
        let request = TokenRequest {
            spec: Some(TokenRequestSpec { expiration_seconds: Some(TOKEN_SECONDS), ..TokenRequestSpec::default() }),
            ..TokenRequest::default()
        };
        let answer = accounts
            .create_token_request(name, &PostParams::default(), &request)
            .await
            .map_err(Error::api(format!("give {namespace}/{name} a token")))?;
        let token = answer.status.and_then(|status| status.token).unwrap_or_default();
        let mut config = self.config.clone();
        config.auth_info = kube::config::AuthInfo { token: Some(token.into()), ..kube::config::AuthInfo::default() };
        Ok(Self { config })
    }
}

/// Waits until the API server says that it is ready. `ended` tells what became of it, should it have ended.
pub(crate) async fn wait_ready(
    access: &Access,
    deadline: Duration,
    log: &Path,
    mut ended: impl FnMut() -> Option<String>,
) -> Result<(), Error> {
    let mut config = access.config();
    // A probe that tries again by itself would only be late.
    config.default_retry = false;
    let client = Client::try_from(config).map_err(Error::Client)?;
    let begun = Instant::now();
    while begun.elapsed() < deadline {
        if let Some(output) = ended() {
            return Err(Error::Failed { program: "kube-apiserver".into(), output });
        }
        let request = http::Request::get("/readyz").body(Vec::new()).expect("a path is a valid request");
        if let Ok(Ok(_)) = tokio::time::timeout(PROBE_DEADLINE, client.request_text(request)).await {
            return Ok(());
        }
        tokio::time::sleep(POLL).await;
    }
    Err(Error::NotReady { what: "kube-apiserver".into(), waited: deadline, log: log.to_owned() })
}

async fn bind(client: &Client, grant: &Grant) -> Result<(), Error> {
    let Grant { namespace, service_account, scope, rules } = grant;
    let account = ServiceAccount { metadata: named(service_account), ..ServiceAccount::default() };
    apply(&Api::namespaced(client.clone(), namespace), service_account, &account).await?;
    let subjects = Some(vec![Subject {
        kind: "ServiceAccount".into(),
        name: service_account.clone(),
        namespace: Some(namespace.clone()),
        ..Subject::default()
    }]);
    let role_ref = |kind: &str, name: &str| RoleRef {
        api_group: Some("rbac.authorization.k8s.io".into()),
        kind: kind.into(),
        name: name.into(),
    };
    match scope {
        Scope::Namespace => {
            let name = service_account.as_str();
            let role = Role { metadata: named(name), rules: Some(rules.clone()) };
            apply(&Api::namespaced(client.clone(), namespace), name, &role).await?;
            let binding = RoleBinding { metadata: named(name), role_ref: role_ref("Role", name), subjects };
            apply(&Api::namespaced(client.clone(), namespace), name, &binding).await
        }
        Scope::Cluster => {
            let name = format!("{namespace}:{service_account}");
            let role = ClusterRole { metadata: named(&name), rules: Some(rules.clone()), ..ClusterRole::default() };
            apply(&Api::all(client.clone()), &name, &role).await?;
            let binding =
                ClusterRoleBinding { metadata: named(&name), role_ref: role_ref("ClusterRole", &name), subjects };
            apply(&Api::all(client.clone()), &name, &binding).await
        }
    }
}

fn named(name: &str) -> ObjectMeta {
    ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() }
}

/// Applies one object, ours wholly.
pub(crate) async fn apply<K>(api: &Api<K>, name: &str, object: &K) -> Result<(), Error>
where
    K: Clone + std::fmt::Debug + serde::Serialize + serde::de::DeserializeOwned + kube::Resource,
    K::DynamicType: Default,
{
    let parameters = PatchParams::apply(FIELD_MANAGER).force();
    let kind = K::kind(&K::DynamicType::default()).into_owned();
    api.patch(name, &parameters, &Patch::Apply(object))
        .await
        .map(drop)
        .map_err(Error::api(format!("apply {kind} {name}")))
}

/// A bound role takes effect when the authorizer has seen it. The last rule stands for all: roles come whole.
async fn wait_until_granted(client: &Client, grant: &Grant) -> Result<(), Error> {
    let Some(review) = grant.rules.last().and_then(|rule| review_of(grant, rule)) else { return Ok(()) };
    let begun = Instant::now();
    while begun.elapsed() < GRANT_DEADLINE {
        let answer = Api::all(client.clone())
            .create(&PostParams::default(), &review)
            .await
            .map_err(Error::api("review a right"))?;
        if answer.status.is_some_and(|status| status.allowed) {
            return Ok(());
        }
        tokio::time::sleep(POLL).await;
    }
    let what = format!("the role of {}/{}", grant.namespace, grant.service_account);
    Err(Error::Waited { what, condition: "effective", waited: GRANT_DEADLINE })
}

fn review_of(grant: &Grant, rule: &PolicyRule) -> Option<SubjectAccessReview> {
    let first = |words: &Option<Vec<String>>| words.as_ref()?.first().cloned();
    let resource = first(&rule.resources)?;
    let (resource, subresource) = match resource.split_once('/') {
        Some((resource, subresource)) => (resource.to_owned(), Some(subresource.to_owned())),
        None => (resource, None),
    };
    let attributes = ResourceAttributes {
        group: first(&rule.api_groups),
        resource: Some(resource),
        subresource,
        verb: rule.verbs.first().cloned(),
        name: first(&rule.resource_names),
        namespace: (grant.scope == Scope::Namespace).then(|| grant.namespace.clone()),
        ..ResourceAttributes::default()
    };
    let spec = SubjectAccessReviewSpec {
        user: Some(format!("system:serviceaccount:{}:{}", grant.namespace, grant.service_account)),
        groups: Some(vec!["system:serviceaccounts".into(), "system:authenticated".into()]),
        resource_attributes: Some(attributes),
        ..SubjectAccessReviewSpec::default()
    };
    Some(SubjectAccessReview { spec, ..SubjectAccessReview::default() })
}
