//! What the installation says about children: images, Secrets by name, Traefik's entry points, neighbours in the network.
//! Each group is flags of the operator as well.

use clap::Args;
use operator_plan::{Role, Stage};

use super::certificate::IssuerKind;

/// What the operator was installed with, as far as objects depend on it.
#[derive(Debug, Clone)]
pub struct Context {
    pub stage: Stage,
    pub images: Images,
    pub secrets: Secrets,
    pub tokens: Tokens,
    pub proxy: Proxy,
    pub neighbours: Neighbours,
}

/// Where the programs' images are: `{registry}/{program}:{tag}`.
#[derive(Debug, Clone, Args)]
pub struct Images {
    /// What stands before the program's name in an image's.
    #[arg(long = "image-repository", env = "IMAGE_REPOSITORY", default_value = "sothebais")]
    pub registry: String,
    /// The images' tag.
    #[arg(long = "image-tag", env = "IMAGE_TAG", default_value = env!("CARGO_PKG_VERSION"))]
    pub tag: String,
    /// When the kubelet pulls.
    #[arg(long = "image-pull-policy", env = "IMAGE_PULL_POLICY", default_value = "IfNotPresent")]
    pub pull_policy: String,
    /// Another image for one program, such as `compositor=registry.example/compositor@sha256:…`; may be repeated.
    #[arg(long = "image", env = "IMAGES", value_delimiter = ',', value_parser = image)]
    pub others: Vec<(String, String)>,
    /// The Secrets that the kubelet pulls with, in the children's namespace.
    #[arg(long = "image-pull-secrets", env = "IMAGE_PULL_SECRETS", value_delimiter = ',')]
    pub pull_secrets: Vec<String>,
}

/// Secrets of an auction's namespace, by name. Their contents never pass through the operator.
#[derive(Debug, Clone, Args)]
pub struct Secrets {
    /// Key `url`: PostgreSQL.
    #[arg(long = "database-secret", env = "DATABASE_SECRET", default_value = "sothebais-database")]
    pub database: String,
    /// Key `url`: Redis.
    #[arg(long = "redis-secret", env = "REDIS_SECRET", default_value = "sothebais-redis")]
    pub redis: String,
    /// Key `key`: the key that signs receipts.
    #[arg(long = "receipt-key-secret", env = "RECEIPT_KEY_SECRET", default_value = "sothebais-receipt-key")]
    pub receipt_key: String,
    /// Key `jwks.json`: the local issuer's keys, where no URL of an issuer's is given.
    #[arg(long = "rehearsal-keys-secret", env = "REHEARSAL_KEYS_SECRET", default_value = "sothebais-rehearsal-keys")]
    pub rehearsal_keys: String,
}

/// Whose tokens the services believe.
#[derive(Debug, Clone, Args)]
pub struct Tokens {
    /// The https URL of the issuer's keys.
    #[arg(long = "auth-jwks-url", env = "AUTH_JWKS_URL")]
    pub jwks_url: Option<String>,
    /// The only issuer (`iss`) of people's tokens that is believed.
    #[arg(long = "auth-issuer", env = "AUTH_ISSUER", default_value = "sothebais-local")]
    pub issuer: String,
    /// The authorised parties (`azp`) believed, separated by commas.
    #[arg(long = "auth-azp", env = "AUTH_AZP", value_delimiter = ',', default_value = "sothebais")]
    pub parties: Vec<String>,
    /// The operator's own public keys, as JSON: `AUTH_MACHINE_JWKS`. Empty: there are none.
    #[arg(skip)]
    pub machine_jwks: String,
}

/// How the public comes in.
#[derive(Debug, Clone, Args)]
pub struct Proxy {
    /// Traefik's entry point for plain HTTP.
    #[arg(long = "traefik-plain-entry-point", env = "TRAEFIK_PLAIN_ENTRY_POINT", default_value = "web")]
    pub plain_entry_point: String,
    /// Traefik's entry point for HTTPS.
    #[arg(long = "traefik-entry-point", env = "TRAEFIK_ENTRY_POINT", default_value = "websecure")]
    pub tls_entry_point: String,
    /// Traefik's entry point for RTMPS, which comes under host names of its own.
    #[arg(long = "traefik-rtmps-entry-point", env = "TRAEFIK_RTMPS_ENTRY_POINT", default_value = "websecure")]
    pub rtmps_entry_point: String,
    /// Traefik's namespace, for network policies; empty: viewers may come from any.
    #[arg(long = "traefik-namespace", env = "TRAEFIK_NAMESPACE", default_value = "")]
    pub namespace: String,
    /// How many proxies before Traefik write `X-Forwarded-For`; limits count the client behind them.
    #[arg(long = "proxies-before-traefik", env = "PROXIES_BEFORE_TRAEFIK", default_value_t = 0,
        value_parser = clap::value_parser!(i64).range(0..=16))]
    pub proxies_before: i64,
    /// Pages that may open sockets from a browser, separated by commas, such as `https://sothebais.io`; empty: none.
    #[arg(long = "allow-origin", env = "ALLOW_ORIGIN", default_value = "")]
    pub allow_origin: String,
    /// What a route's `certManagerIssuer` is.
    #[arg(long = "certificate-issuer-kind", env = "CERTIFICATE_ISSUER_KIND", default_value = "ClusterIssuer")]
    pub issuer_kind: IssuerKind,
}

/// What is around the children, and what they may talk to. Network policies name it.
#[derive(Debug, Clone, Args)]
pub struct Neighbours {
    /// The namespace that scrapes metrics; empty: any may.
    #[arg(long = "monitoring-namespace", env = "MONITORING_NAMESPACE", default_value = "")]
    pub monitoring_namespace: String,
    /// The operator's own; empty: any may ask the control API, which wants an owner's token all the same.
    #[arg(long = "operator-namespace", env = "POD_NAMESPACE", default_value = "")]
    pub operator_namespace: String,
    /// The ports of PostgreSQL and Redis, separated by commas.
    #[arg(long = "data-ports", env = "DATA_PORTS", value_delimiter = ',', default_value = "5432,6379")]
    pub data_ports: Vec<u16>,
    /// The ports of the API server, separated by commas: of its Service, and behind it.
    #[arg(long = "api-server-ports", env = "API_SERVER_PORTS", value_delimiter = ',', default_value = "443,6443")]
    pub api_server_ports: Vec<u16>,
    /// Children send traces to this OpenTelemetry collector (OTLP over HTTP), such as `http://collector:4318`.
    #[arg(long = "children-otlp-endpoint", env = "CHILDREN_OTLP_ENDPOINT")]
    pub collector: Option<String>,
    /// The port in that URL, for network policies.
    #[arg(long = "children-otlp-port", env = "CHILDREN_OTLP_PORT", default_value_t = 4318)]
    pub collector_port: u16,
    /// The priority class of children whose resource names none; empty: the cluster's default.
    #[arg(long = "priority-class", env = "PRIORITY_CLASS", default_value = "")]
    pub priority_class: String,
}

impl Images {
    /// The image of a role's program.
    pub fn of(&self, role: Role) -> String {
        let program = role.program();
        let other = self.others.iter().rfind(|(of, _)| of == program).map(|(_, reference)| reference.clone());
        other.unwrap_or_else(|| format!("{}/{program}:{}", self.registry, self.tag))
    }
}

fn image(text: &str) -> Result<(String, String), String> {
    let (program, reference) = text.split_once('=').ok_or("write PROGRAM=REFERENCE")?;
    Ok((program.to_owned(), reference.to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        images: Images,
    }

    #[test]
    fn one_program_may_come_from_elsewhere() {
        let words = ["operator", "--image", "compositor=mirror.example/c@sha256:00", "--image-tag=7"];
        let Command { images } = Command::parse_from(words);
        assert_eq!(images.of(Role::Compositor), "mirror.example/c@sha256:00");
        assert_eq!(images.of(Role::EngineWorker), "sothebais/auction-engine:7");
    }
}
