//! One stream: read → decide → act → report. Its compositors follow each other by make before break, and one at a time is
//! named publisher.

mod act;
mod decide;
mod read;
mod report;

use std::collections::BTreeSet;

use operator_api::auction::Tls as WantedTls;
use operator_api::disruption::{Disruption, DisruptionPolicy};
use operator_api::resources::{Resources as WantedResources, TaintEffect, TolerationOperator};
use operator_api::stream::{Output, OutputType, Stream};
use operator_plan::succession::Policy;
use operator_plan::{Resources, Scheduling, Tls, Toleration};

use crate::cache::Seen;
use crate::key::Key;
use crate::operator::{Next, Operator, Trouble};

pub(crate) async fn reconcile(operator: &Operator, namespace: &str, name: &str) -> Result<Next, Trouble> {
    let key = Key::Stream(namespace.to_owned(), name.to_owned());
    let stream = match operator.cache.stream(namespace, name) {
        None => {
            operator.memory.forget(&key);
            return Ok(Next::default());
        }
        // What runs for it is left alone until somebody can read what is wanted.
        Some(Seen::Unreadable { object, error }) => return report::unreadable(operator, &object, &error).await,
        Some(Seen::Readable(stream)) => stream,
    };
    let read = read::read(operator, namespace, name, stream).await;
    let decided = decide::decide(&read, &operator.context, operator.clock.now_ms());
    let acted = act::act(operator, &read, &decided).await?;
    report::report(operator, &read, &decided, &acted).await
}

/// When what runs may be moved.
pub(crate) fn policy(disruption: &Disruption) -> Policy {
    match disruption.policy {
        DisruptionPolicy::Never => Policy::Never,
        DisruptionPolicy::BetweenLots => Policy::BetweenLots,
        DisruptionPolicy::Handover => Policy::Handover,
        DisruptionPolicy::Always => Policy::Always,
    }
}

/// Memory is asked for as a whole: what may be taken is set aside.
pub(crate) fn resources(wanted: &WantedResources) -> Resources {
    let of = |amounts: &Option<operator_api::resources::Amounts>| amounts.clone().unwrap_or_default();
    let (requests, limits) = (of(&wanted.requests), of(&wanted.limits));
    Resources { cpu_request: requests.cpu, memory: limits.memory.or(requests.memory) }
}

pub(crate) fn tls(wanted: Option<&WantedTls>) -> Tls {
    let Some(WantedTls { secret_name, cert_manager_issuer }) = wanted else { return Tls::Off };
    match (secret_name, cert_manager_issuer) {
        (Some(secret), _) => Tls::Secret(secret.clone()),
        (None, Some(issuer)) => Tls::Issuer(issuer.clone()),
        (None, None) => Tls::Off,
    }
}

/// The ports that a stream is pushed to, for network policies.
pub(crate) fn output_ports(stream: &Stream) -> BTreeSet<u16> {
    stream.spec.outputs.iter().filter_map(port).collect()
}

fn port(output: &Output) -> Option<u16> {
    let usual = match output.kind {
        OutputType::Rtmp => 1935,
        OutputType::Rtmps => 443,
        OutputType::Hls | OutputType::Record => return None,
    };
    let (_, rest) = output.url.as_deref()?.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // An IPv6 address has colons of its own, inside brackets.
    let after_host = authority.rsplit_once(']').map_or(authority, |(_, after)| after);
    Some(after_host.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(usual))
}

fn scheduling(stream: &Stream) -> Scheduling {
    let wanted = &stream.spec.scheduling;
    let toleration = |it: &operator_api::resources::Toleration| Toleration {
        key: it.key.clone(),
        operator: Some(
            match it.operator {
                TolerationOperator::Equal => "Equal",
                TolerationOperator::Exists => "Exists",
            }
            .to_owned(),
        ),
        value: it.value.clone(),
        effect: it.effect.map(|effect| {
            match effect {
                TaintEffect::NoSchedule => "NoSchedule",
                TaintEffect::PreferNoSchedule => "PreferNoSchedule",
                TaintEffect::NoExecute => "NoExecute",
            }
            .to_owned()
        }),
        seconds: it.toleration_seconds,
    };
    Scheduling {
        node_selector: wanted.node_selector.clone(),
        priority_class: wanted.priority_class_name.clone(),
        tolerations: wanted.tolerations.iter().map(toleration).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_outputs_port_is_that_of_its_url_or_the_protocols() {
        let port_of = |kind: &str, url: &str| {
            port(&serde_json::from_value(json!({"name": "x", "type": kind, "url": url})).unwrap())
        };
        assert_eq!(port_of("RTMP", "rtmp://a.example/live"), Some(1935));
        assert_eq!(port_of("RTMPS", "rtmps://va.pscp.tv:8443/x"), Some(8443));
        assert_eq!(port_of("RTMPS", "rtmps://[2001:db8::1]/x"), Some(443));
        assert_eq!(port_of("Record", "s3://bucket/key"), None);
    }
}
