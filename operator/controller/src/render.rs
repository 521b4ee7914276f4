//! A plan as Kubernetes objects. Pure: the same plan and context give the same bytes.

use operator_plan::{Desired, House, Stage, Unit};

use crate::object::Object;

/// What the operator was installed with, as far as objects depend on it.
#[derive(Debug, Clone)]
pub struct Context {
    pub stage: Stage,
    pub images: Images,
    pub secrets: Secrets,
    pub tokens: Tokens,
    pub proxy: Proxy,
}

/// Where the programs' images are: `{registry}/{program}:{tag}`.
#[derive(Debug, Clone)]
pub struct Images {
    pub registry: String,
    pub tag: String,
    pub pull_policy: String,
}

/// The Secrets of an auction's namespace, by name.
#[derive(Debug, Clone)]
pub struct Secrets {
    pub database: String,
    pub redis: String,
    pub receipt_key: String,
    pub rehearsal_keys: String,
}

/// Whose tokens the services believe.
#[derive(Debug, Clone)]
pub struct Tokens {
    pub jwks_url: Option<String>,
    pub issuer: String,
    pub parties: Vec<String>,
    /// The operator's own public keys, as JSON: `AUTH_MACHINE_JWKS`.
    pub machine_jwks: String,
}

/// What routes are published on.
#[derive(Debug, Clone)]
pub struct Proxy {
    pub plain_entry_point: String,
    pub tls_entry_point: String,
    /// The namespace that requests come from, for network policies.
    pub namespace: String,
}

/// The objects of one resource: instances with their Services, routes, the publisher's lease.
pub fn objects(_desired: &Desired, _context: &Context) -> Vec<Object> {
    Vec::new()
}

/// What a namespace has once: the disruption budget, network policies, accounts, Middlewares.
pub fn house(_house: &House, _context: &Context) -> Vec<Object> {
    Vec::new()
}

/// The template that a new instance of `unit` would be made from, as a short hash. Neither epoch nor protection change it.
pub fn revision(_unit: &Unit, _context: &Context) -> String {
    String::new()
}
