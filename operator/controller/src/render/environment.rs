//! A workload's environment in a pod: plain values, references to Secrets, and the files that some of them name.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{EnvVar, EnvVarSource, ObjectFieldSelector, SecretKeySelector};
use operator_plan::{Role, SecretFile, Setting, Stage, Workload, of_handle, of_shard};

use super::context::Context;
use super::{names, ports, volumes};

/// What a house's credentials on X are called, in its Secret and in the gateway's environment.
const X_CREDENTIALS: [&str; 5] =
    ["X_BEARER_TOKEN", "X_API_KEY", "X_API_SECRET_KEY", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET"];
const RECEIPT_KEY: &str = "/var/run/sothebais/receipt-key/key";
const ISSUER_KEYS: &str = "/var/run/sothebais/issuer/jwks.json";

/// What a container is told, and what it must find on disk.
pub(super) struct Environment {
    pub(super) variables: Vec<EnvVar>,
    pub(super) files: Vec<SecretFile>,
}

/// Resolves what the plan left to the renderer. Variables are in an order in which each names only earlier ones.
pub(super) fn of(workload: &Workload, context: &Context) -> Environment {
    // A whole Secret is the house's credentials. As variables, for then a pod says which Secret or key is missing; as files
    // it would only never start.
    let (mut files, credentials): (Vec<_>, Vec<_>) =
        workload.secret_files.iter().cloned().partition(|file| file.key.is_some());
    let of_house = |secret: &SecretFile| {
        let secret = secret.secret.clone();
        X_CREDENTIALS.map(|name| (name.to_owned(), Value::Secret { name: secret.clone(), key: name }))
    };
    let mut variables: BTreeMap<_, _> = credentials.iter().flat_map(of_house).collect();
    for (name, setting) in &workload.environment {
        if let Some(value) = value(setting, context, &mut files) {
            variables.insert((*name).to_owned(), value);
        }
    }
    variables.extend(of_pods(workload.role, context));
    // The downward API's come first: values may name them.
    let (own, plain): (Vec<_>, Vec<_>) = variables.into_iter().partition(|(_, value)| matches!(value, Value::Field(_)));
    Environment { variables: own.into_iter().chain(plain).map(|(name, value)| value.variable(name)).collect(), files }
}

enum Value {
    Text(String),
    /// Names other variables as `$(NAME)`.
    Template(String),
    Secret {
        name: String,
        key: &'static str,
    },
    Field(&'static str),
}

impl Value {
    fn variable(self, name: String) -> EnvVar {
        let from = |source| EnvVar { name: name.clone(), value: None, value_from: Some(source) };
        match self {
            // The kubelet replaces `$(NAME)` in every value; a doubled sign is a plain one.
            Self::Text(text) => EnvVar { name, value: Some(text.replace("$(", "$$(")), value_from: None },
            Self::Template(text) => EnvVar { name, value: Some(text), value_from: None },
            Self::Secret { name, key } => from(EnvVarSource {
                secret_key_ref: Some(SecretKeySelector { name, key: key.to_owned(), optional: None }),
                ..EnvVarSource::default()
            }),
            Self::Field(path) => from(EnvVarSource {
                field_ref: Some(ObjectFieldSelector { field_path: path.to_owned(), api_version: None }),
                ..EnvVarSource::default()
            }),
        }
    }
}

/// What a reference of the plan stands for in a pod; `None` leaves the variable out.
fn value(setting: &Setting, context: &Context, files: &mut Vec<SecretFile>) -> Option<Value> {
    let Context { secrets, tokens, .. } = context;
    let mut file = |secret: &str, key: &str, path: &str| {
        files.push(SecretFile { secret: secret.to_owned(), key: Some(key.to_owned()), path: path.to_owned() });
        Value::Text(path.to_owned())
    };
    let secret = |name: &str| Value::Secret { name: name.to_owned(), key: "url" };
    Some(match setting {
        Setting::Text(text) => Value::Text(text.clone()),
        Setting::DatabaseUrl => secret(&secrets.database),
        Setting::RedisUrl => secret(&secrets.redis),
        Setting::IssuerKeys => match &tokens.jwks_url {
            Some(url) => Value::Text(url.clone()),
            None => file(&secrets.rehearsal_keys, "jwks.json", ISSUER_KEYS),
        },
        Setting::IssuerName => Value::Text(tokens.issuer.clone()),
        Setting::IssuerParty => Value::Text(tokens.parties.join(",")),
        Setting::ReceiptKeyFile => file(&secrets.receipt_key, "key", RECEIPT_KEY),
        // Secrets hold them.
        Setting::CreateReceiptKey | Setting::XCredentialsFile => return None,
        Setting::XApiUrl { handle } => match context.stage {
            Stage::Air => return None,
            Stage::Rehearsal => Value::Text(emulator(handle)),
        },
        Setting::EngineSocket { shard } => {
            Value::Text(format!("ws://{}:{}/v1/ws", names::service(&of_shard(shard)), ports::of(Role::EngineWorker).ws))
        }
        Setting::InstanceName => Value::Field("metadata.name"),
        Setting::Namespace => Value::Field("metadata.namespace"),
    })
}

/// What every pod is told, whatever the plan says.
fn of_pods(role: Role, context: &Context) -> Vec<(String, Value)> {
    let mut own = vec![("BIND_ADDRESS", Value::Text("0.0.0.0".to_owned()))];
    match role {
        Role::EngineWorker => {
            // A name would lead to any worker of the shard; the lease row must say which one holds it.
            let api = ports::of(role).api;
            own.push(("POD_IP", Value::Field("status.podIP")));
            own.push(("ADVERTISE_ADDRESS", Value::Template(format!("$(POD_IP):{api}"))));
            let origins = &context.proxy.allow_origin;
            if !origins.is_empty() {
                own.push(("ALLOW_ORIGIN", Value::Text(origins.clone())));
            }
        }
        Role::Compositor => own.push(("RECORDINGS", Value::Text(volumes::RECORDINGS.to_owned()))),
        Role::XEmulator | Role::SocialGateway => {}
    }
    match role {
        Role::EngineWorker | Role::SocialGateway | Role::Compositor => {
            let keys = &context.tokens.machine_jwks;
            if !keys.is_empty() {
                own.push(("AUTH_MACHINE_JWKS", Value::Text(keys.clone())));
            }
        }
        Role::XEmulator => {}
    }
    if let Some(endpoint) = &context.neighbours.collector {
        own.push(("OTEL_EXPORTER_OTLP_ENDPOINT", Value::Text(endpoint.clone())));
    }
    own.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The stand-in for X of a handle, by its Service.
fn emulator(handle: &str) -> String {
    let service = names::service(&of_handle(Role::XEmulator, handle));
    format!("http://{service}:{}", ports::of(Role::XEmulator).api)
}
