//! `GET /2/tweets/search/stream` and its rules.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Parameters;
use super::ask::json_body;
use super::connections::{open, stream_response};
use crate::emulator::{Answer, Ask, Core, Emulator, with_standing};
use crate::id::RuleId;
use crate::limits::Endpoint;
use crate::problem::{BadParameter, ConnectionIssue, Problem, duplicate_rule, invalid_rule, not_found, rule_cap};
use crate::rule::{LONGEST_RULE, read};
use crate::stream::Stream;
use crate::view::moment;
use crate::world::{MOST_RULES, Rule};

/// Opens the stream; it needs at least one rule.
pub(super) async fn stream(State(emulator): State<Arc<Emulator>>, ask: Ask) -> Response {
    let (standing, outcome) = emulator.admit(Endpoint::FilteredStream, &ask, |core, request| {
        let mut parameters = Parameters::new(request.ask);
        let wanted = parameters.wanted();
        parameters.finish()?;
        if core.world.rules.is_empty() {
            return Err(Problem::connection(ConnectionIssue::RuleConfiguration));
        }
        open(core, Stream::Filtered, wanted, request.now_ms)
    });
    match outcome {
        Ok(frames) => with_standing(stream_response(frames, emulator.settings.keep_alive), standing),
        Err(problem) => with_standing(problem.into_response(), standing),
    }
}

/// Lists the rules.
pub(super) async fn list(State(emulator): State<Arc<Emulator>>, ask: Ask) -> Response {
    emulator.answer(Endpoint::ListRules, &ask, |core, request| {
        let mut parameters = Parameters::new(request.ask);
        let ids = parameters.text("ids").map(|ids| ids.split(',').map(str::to_owned).collect::<Vec<_>>());
        parameters.number("max_results", 1..=1000);
        parameters.text("pagination_token");
        parameters.finish()?;
        let asked = |rule: &&Rule| ids.as_ref().is_none_or(|ids| ids.contains(&rule.id.to_string()));
        let rules: Vec<Value> = core.world.rules.values().filter(asked).map(told).collect();
        let mut body = json!({"meta": {"sent": moment(request.now_ms), "result_count": rules.len()}});
        if !rules.is_empty() {
            body["data"] = Value::Array(rules);
        }
        Ok(Answer::ok(body))
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Body {
    add: Vec<Added>,
    delete: Option<Deleted>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Added {
    value: String,
    tag: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Deleted {
    ids: Vec<RuleId>,
    values: Vec<String>,
}

/// Adds or deletes rules; `dry_run` only says what would come of it.
pub(super) async fn change(
    State(emulator): State<Arc<Emulator>>,
    ask: Ask,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    emulator.answer(Endpoint::ChangeRules, &ask, |core, request| {
        let mut parameters = Parameters::new(request.ask);
        let dry = parameters.text("dry_run") == Some("true");
        let all = parameters.text("delete_all") == Some("true");
        parameters.finish()?;
        let body: Body = json_body(&headers, &body)?;
        match (body.add.is_empty(), body.delete) {
            (false, None) => Ok(add(core, body.add, dry, request.now_ms)),
            (true, Some(deleted)) => Ok(delete(core, &deleted, all, dry, request.now_ms)),
            (true, None) | (false, Some(_)) => {
                let message = "Exactly one of [add, delete] must be given";
                Err(Problem::invalid_request(&[BadParameter::new("body", "", message)]))
            }
        }
    })
}

fn add(core: &mut Core, added: Vec<Added>, dry: bool, now_ms: i64) -> Answer {
    let before = core.world.rules.clone();
    let (mut created, mut errors) = (Vec::new(), Vec::new());
    let (mut valid, mut invalid) = (0, 0);
    for Added { value, tag } in added {
        let same = core.world.rules.values().find(|r| r.value == value).map(|r| r.id);
        match (same, read(&value, LONGEST_RULE)) {
            (_, Err(unreadable)) => errors.push(invalid_rule(&value, &unreadable.0)),
            (Some(id), Ok(_)) => errors.push(duplicate_rule(&value, &id.to_string())),
            (None, Ok(_)) if core.world.rules.len() >= MOST_RULES => errors.push(rule_cap(&value, MOST_RULES)),
            (None, Ok(clause)) => {
                let rule = Rule { id: RuleId(core.world.fresh_id(now_ms)), value, tag, clause };
                created.push(told(&rule));
                core.world.rules.insert(rule.id, rule);
                valid += 1;
                continue;
            }
        }
        invalid += 1;
    }
    if dry {
        core.world.rules = before;
    }
    let summary = json!({"created": created.len(), "not_created": invalid, "valid": valid, "invalid": invalid});
    Answer::ok(changed(&created, errors, &summary, now_ms))
}

fn delete(core: &mut Core, deleted: &Deleted, all: bool, dry: bool, now_ms: i64) -> Answer {
    let before = core.world.rules.clone();
    let mut errors = Vec::new();
    if all {
        core.world.rules.clear();
    }
    for id in &deleted.ids {
        if core.world.rules.remove(id).is_none() && !all {
            errors.push(not_found("rule", "id", &id.to_string()));
        }
    }
    for value in &deleted.values {
        let count = core.world.rules.len();
        core.world.rules.retain(|_, rule| rule.value != *value);
        if core.world.rules.len() == count && !all {
            errors.push(not_found("rule", "value", value));
        }
    }
    let (gone, left) = (before.len() - core.world.rules.len(), errors.len());
    if dry {
        core.world.rules = before;
    }
    Answer::ok(changed(&[], errors, &json!({"deleted": gone, "not_deleted": left}), now_ms))
}

fn changed(created: &[Value], errors: Vec<Value>, summary: &Value, now_ms: i64) -> Value {
    let mut body = Map::new();
    if !created.is_empty() {
        body.insert("data".to_owned(), json!(created));
    }
    body.insert("meta".to_owned(), json!({"sent": moment(now_ms), "summary": summary}));
    if !errors.is_empty() {
        body.insert("errors".to_owned(), Value::Array(errors));
    }
    Value::Object(body)
}

fn told(rule: &Rule) -> Value {
    match &rule.tag {
        Some(tag) => json!({"id": rule.id, "value": rule.value, "tag": tag}),
        None => json!({"id": rule.id, "value": rule.value}),
    }
}
