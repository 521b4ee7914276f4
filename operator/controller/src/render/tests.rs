mod api_server;
mod fixtures;
mod repeated;

use std::collections::BTreeSet;

use operator_plan::{Apart, Compression, Limits, Protection, Role, Setting, Stage, Tls};
use serde_json::Value;

use self::fixtures::{
    compositor, context, context_of, emulator, gateway, house as furnished, ingest, place, route, show, worker,
};
use super::*;

fn only(desired: &Desired, kind: Kind, context: &Context) -> Vec<Value> {
    let objects = objects(desired, context).into_iter();
    objects.filter(|object| object.id.kind == kind).map(|object| object.manifest).collect()
}

fn of_units(units: Vec<operator_plan::Unit>) -> Desired {
    Desired { namespace: "shows".to_owned(), units, ..Desired::default() }
}

fn pods(units: Vec<operator_plan::Unit>, context: &Context) -> Vec<Value> {
    only(&of_units(units), Kind::Pod, context)
}

fn variable<'a>(pod: &'a Value, name: &str) -> Option<&'a Value> {
    let variables = pod.pointer("/spec/containers/0/env")?.as_array()?;
    variables.iter().find(|variable| variable["name"] == name)
}

#[test]
fn a_live_worker_is_a_restricted_pod_that_nobody_moves() {
    insta::assert_yaml_snapshot!(pods(vec![worker()], &context())[0]);
}

#[test]
fn a_successor_keeps_away_from_its_elder_and_has_the_same_revision() {
    let pods = pods(vec![compositor()], &context());
    insta::assert_yaml_snapshot!(pods[1]);
    let revision = |pod: &Value| pod.pointer("/metadata/labels").map(|labels| labels["sothebais.io/revision"].clone());
    assert_eq!(revision(&pods[0]), revision(&pods[1]));
    assert!(pods[0].pointer("/spec/affinity").is_none());
}

#[test]
fn a_gateway_names_every_credential_of_the_house_and_nobody_else_does() {
    let pods = pods(vec![worker(), gateway()], &context());
    insta::assert_yaml_snapshot!(pods[1].pointer("/spec/containers/0/env"));
    assert!(!pods[0].to_string().contains("house-on-x"));
}

#[test]
fn keys_of_several_secrets_are_one_directory_and_none_keeps_a_compositor_from_starting() {
    let pods = pods(vec![compositor()], &context());
    let volumes = pods[0].pointer("/spec/volumes").unwrap().as_array().unwrap();
    insta::assert_yaml_snapshot!(volumes);
    let mounts = pods[0].pointer("/spec/containers/0/volumeMounts").unwrap().as_array().unwrap();
    assert!(mounts.iter().any(|mount| mount["mountPath"] == "/var/run/sothebais/stream-keys"));
    assert!(!mounts.iter().any(|mount| mount.get("subPath").is_some()), "such a file would never change");
}

#[test]
fn a_rehearsal_asks_the_stand_in_and_believes_the_local_issuer() {
    let rehearsal = context_of(Stage::Rehearsal, &[]);
    let pods = pods(vec![emulator(), gateway()], &rehearsal);
    assert_eq!(variable(&pods[1], "X_API_URL").unwrap()["value"], "http://x-emulator-the-0house:4700");
    assert_eq!(variable(&pods[1], "AUTH_JWKS").unwrap()["value"], "/var/run/sothebais/issuer/jwks.json");
    let services = only(&of_units(vec![emulator()]), Kind::Service, &rehearsal);
    insta::assert_yaml_snapshot!(services[0]);
    let air = self::pods(vec![gateway()], &context());
    assert_eq!(variable(&air[0], "X_API_URL"), None, "X itself is the program's own default");
}

#[test]
fn a_dollar_sign_in_a_value_is_a_dollar_sign() {
    let mut unit = gateway();
    unit.workload.environment.insert("X_SHOW", Setting::Text("$(DATABASE_URL)".to_owned()));
    unit.workload.arguments.push("--show=$(X)".to_owned());
    let pods = pods(vec![unit], &context());
    assert_eq!(variable(&pods[0], "X_SHOW").unwrap()["value"], "$$(DATABASE_URL)");
    assert_eq!(pods[0].pointer("/spec/containers/0/args/1").unwrap(), "--show=$$(X)");
}

#[test]
fn a_worker_advertises_an_address_that_is_known_before_it() {
    let pods = pods(vec![worker()], &context());
    let variables = pods[0].pointer("/spec/containers/0/env").unwrap().as_array().unwrap();
    let at = |name: &str| variables.iter().position(|variable| variable["name"] == name).unwrap();
    assert!(at("POD_IP") < at("ADVERTISE_ADDRESS"));
    assert_eq!(variables[at("ADVERTISE_ADDRESS")]["value"], "$(POD_IP):4400");
}

#[test]
fn every_pod_meets_the_restricted_level_and_only_publishers_have_a_token() {
    for pod in pods(vec![worker(), gateway(), emulator(), compositor()], &context()) {
        let at = |path: &str| pod.pointer(path).unwrap_or_else(|| panic!("{path} is missing")).clone();
        let confined = at("/spec/containers/0/securityContext");
        assert_eq!(confined["capabilities"]["drop"][0], "ALL");
        assert_eq!(confined["allowPrivilegeEscalation"], false);
        assert_eq!(confined["readOnlyRootFilesystem"], true);
        assert_eq!(at("/spec/securityContext/runAsNonRoot"), true);
        assert_eq!(at("/spec/securityContext/seccompProfile/type"), "RuntimeDefault");
        assert_eq!(at("/spec/enableServiceLinks"), false);
        let publishes = at("/metadata/labels")["app.kubernetes.io/name"] == Role::Compositor.program();
        assert_eq!(at("/spec/automountServiceAccountToken"), publishes);
        assert_eq!(pod.pointer("/spec/serviceAccountName").is_some(), publishes);
    }
}

#[test]
fn neither_epoch_nor_protection_nor_place_change_the_revision_and_the_image_does() {
    let mut unit = compositor();
    let before = revision(&unit, &context());
    unit.instances = vec![place(9, Protection::Open, Apart::No)];
    assert_eq!(revision(&unit, &context()), before);
    let mut newer = context();
    newer.images.tag = "2".to_owned();
    assert_ne!(revision(&unit, &newer), before);
}

#[test]
fn the_public_reaches_sockets_and_requests_and_never_the_control_of_a_worker() {
    let desired = Desired { routes: vec![route(Tls::Secret("night-tls".to_owned()))], ..of_units(vec![]) };
    let routes = only(&desired, Kind::IngressRoute, &context());
    insta::assert_yaml_snapshot!(routes[0]);
}

#[test]
fn a_route_with_an_issuer_asks_for_a_certificate_and_one_without_tls_is_plain() {
    let with = |tls| Desired { routes: vec![route(tls)], ..of_units(vec![]) };
    let issued = objects(&with(Tls::Issuer("letsencrypt".to_owned())), &context());
    assert_eq!(issued.iter().map(|object| object.id.kind).collect::<Vec<_>>(), [Kind::Certificate, Kind::IngressRoute]);
    insta::assert_yaml_snapshot!(issued[0].manifest);
    assert_eq!(issued[1].manifest["spec"]["tls"]["secretName"], issued[0].manifest["spec"]["secretName"]);
    let plain = only(&with(Tls::Off), Kind::IngressRoute, &context());
    assert_eq!(plain[0]["spec"]["entryPoints"][0], "web");
    assert!(plain[0]["spec"].get("tls").is_none());
}

#[test]
fn rtmps_ends_at_the_proxy_under_a_name_of_its_own() {
    let desired = Desired { ingests: vec![ingest()], ..of_units(vec![]) };
    insta::assert_yaml_snapshot!(only(&desired, Kind::IngressRouteTcp, &context())[0]);
}

#[test]
fn a_host_that_would_change_a_rule_makes_no_route_and_is_told() {
    let mut crooked = route(Tls::Off);
    crooked.host = "a`) || Host(`b".to_owned();
    let desired = Desired { routes: vec![crooked, route(Tls::Off)], ..of_units(vec![]) };
    assert_eq!(only(&desired, Kind::IngressRoute, &context()).len(), 1);
    assert_eq!(refused(&desired, &context()).len(), 1);
}

#[test]
fn every_middleware_that_a_route_names_is_in_its_house_and_equal_limits_share_them() {
    let furniture = house(&furnished("shows"), &context());
    let made: Vec<_> = furniture.iter().filter(|object| object.id.kind == Kind::Middleware).collect();
    let names: BTreeSet<_> = made.iter().map(|object| object.id.name.as_str()).collect();
    // Allow, rate, in-flight, headers, compress: the open route shares the last two.
    assert_eq!((made.len(), names.len()), (5, 5));
    let desired = Desired { routes: vec![route(Tls::Off)], ..of_units(vec![]) };
    let asked = only(&desired, Kind::IngressRoute, &context());
    for route in asked[0]["spec"]["routes"].as_array().unwrap() {
        for middleware in route["middlewares"].as_array().unwrap() {
            assert!(names.contains(middleware["name"].as_str().unwrap()), "{middleware}");
        }
    }
}

#[test]
fn sockets_are_not_counted_as_requests_under_way() {
    let limits = Limits { in_flight: Some(1), compression: Compression::On, ..Limits::default() };
    let proxy = context().proxy;
    assert_eq!(limits::for_requests(&limits, &proxy).len(), 3);
    assert_eq!(limits::for_sockets(&limits, &proxy).len(), 1);
}

#[test]
fn behind_a_load_balancer_limits_count_the_client_and_not_the_balancer() {
    let behind = context_of(Stage::Air, &["--proxies-before-traefik=1"]);
    let house = house(&furnished("shows"), &behind);
    let rate = house.iter().find(|object| object.id.name.starts_with("sothebais-rate")).unwrap();
    assert_eq!(rate.manifest.pointer("/spec/rateLimit/sourceCriterion/ipStrategy/depth").unwrap(), 1);
}

#[test]
fn a_namespace_has_a_budget_that_never_allows_an_account_for_leases_and_closed_doors() {
    let house = house(&furnished("shows"), &context());
    let manifests: Vec<_> =
        house.iter().filter(|object| object.id.kind != Kind::Middleware).map(|object| &object.manifest).collect();
    insta::assert_yaml_snapshot!(manifests);
}

#[test]
fn a_namespace_without_streams_has_no_account() {
    let house = house(&House { namespace: "shows".to_owned(), ..House::default() }, &context());
    assert!(!house.iter().any(|object| object.id.kind == Kind::ServiceAccount));
}

#[test]
fn the_lease_names_its_first_publisher_and_the_epoch() {
    insta::assert_yaml_snapshot!(only(&show("shows"), Kind::Lease, &context())[0]);
}

#[test]
fn the_same_plan_is_the_same_bytes_and_no_two_objects_have_one_name() {
    let (one, two) = (objects(&show("shows"), &context()), objects(&show("shows"), &context()));
    assert_eq!(one, two);
    let everything: Vec<_> = one.into_iter().chain(house(&furnished("shows"), &context())).collect();
    let ids: BTreeSet<_> = everything.iter().map(|object| &object.id).collect();
    assert_eq!(ids.len(), everything.len());
    for object in &everything {
        assert!(object.id.name.len() <= names::LONGEST, "{}", object.id.name);
        assert!(!object.manifest.to_string().contains("null"), "{}", object.manifest);
    }
}
