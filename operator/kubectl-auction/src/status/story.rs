//! What there is to say of an auction. Pure.

use std::fmt::Write as _;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::ResourceExt as _;
use operator_api::auction::{AuctionPhase, RunState};
use operator_api::conditions::{ConditionType, Reason};
use operator_api::{Auction, Guarded, Stream};

use super::table::columns;

/// Shown even while they are as wanted.
const ALWAYS_SHOWN: [ConditionType; 2] = [ConditionType::Ready, ConditionType::Live];

/// Whose remedy comes first: what is nearest to the cause.
const BY_CAUSE: [ConditionType; 12] = [
    ConditionType::Accepted,
    ConditionType::DependenciesReady,
    ConditionType::Provisioned,
    ConditionType::EngineReady,
    ConditionType::StreamReady,
    ConditionType::OutputsHealthy,
    ConditionType::RoutePublished,
    ConditionType::LotsEscrowed,
    ConditionType::DisruptionProtected,
    ConditionType::Degraded,
    ConditionType::Stalled,
    ConditionType::Ready,
];

/// One line for each auction, those that cannot be read included.
pub(super) fn overview(auctions: &[Guarded<Auction>], everywhere: bool) -> String {
    let mut head: Vec<String> = ["NAME", "PHASE", "READY", "LOT", "RUN", "STARTS", "NEXT"].map(str::to_owned).into();
    if everywhere {
        head.insert(0, "NAMESPACE".to_owned());
    }
    let mut rows = vec![head];
    for auction in auctions {
        let (metadata, mut row) = match &auction.0 {
            Ok(auction) => (&auction.metadata, line(auction)),
            Err(unreadable) => {
                let mut row = vec![String::new(); 6];
                row.push(format!("cannot be read: {unreadable}"));
                (&unreadable.metadata, row)
            }
        };
        row[0] = metadata.name.clone().unwrap_or_default();
        if everywhere {
            row.insert(0, metadata.namespace.clone().unwrap_or_default());
        }
        rows.push(row);
    }
    columns(&rows)
}

fn line(auction: &Auction) -> Vec<String> {
    let status = auction.status.as_ref();
    let conditions = status.map(|status| status.conditions.as_slice()).unwrap_or_default();
    let ready = operator_api::conditions::find(conditions, ConditionType::Ready);
    vec![
        String::new(),
        status.map_or("Pending".to_owned(), |status| format!("{:?}", status.phase)),
        ready.map_or("Unknown".to_owned(), |ready| ready.status.clone()),
        status.and_then(|status| status.current_lot.as_ref()).map_or("-".to_owned(), |lot| lot.place.clone()),
        format!("{:?}", auction.spec.run_state),
        auction.spec.schedule.starts_at.to_string(),
        problem(conditions).map_or("-".to_owned(), |condition| condition.reason.clone()),
    ]
}

/// The whole story of one auction.
pub(super) fn of(auction: &Auction, stream: Option<&Stream>, pods: &[Pod], now: Timestamp) -> String {
    let mut text = String::new();
    let mut facts = vec![vec!["title".to_owned(), auction.spec.title.clone()]];
    let mut fact = |name: &str, value: String| facts.push(vec![name.to_owned(), value]);
    fact("starts", auction.spec.schedule.starts_at.to_string());
    let status = auction.status.clone().unwrap_or_default();
    if let Some(lot) = &status.current_lot {
        fact("lot", format!("{} ({}), {} sold", lot.place, lot.id, status.sold.unwrap_or_default()));
    }
    if let Some(url) = &status.url {
        fact("url", url.clone());
    }
    if let Some(session) = &status.session {
        let epoch = session.epoch;
        fact("session", format!("{}, epoch {epoch}, operator {}", session.id, session.operator_version));
    }
    if let Some(stream) = stream {
        fact("stream", picture(stream));
    }
    let namespace = auction.namespace().unwrap_or_default();
    writeln!(text, "{} in {namespace}: {:?}, {:?}", auction.name_any(), status.phase, auction.spec.run_state).ok();
    text.push_str(&indented(&columns(&facts)));

    let mut conditions: Vec<(&str, &Condition)> = status.conditions.iter().map(|condition| ("", condition)).collect();
    let of_stream = stream.and_then(|stream| stream.status.as_ref()).map(|status| status.conditions.as_slice());
    conditions.extend(of_stream.unwrap_or_default().iter().map(|condition| ("stream ", condition)));
    let shown: Vec<_> = conditions.into_iter().filter(|(owner, condition)| matters(owner, condition)).collect();
    if !shown.is_empty() {
        let mut rows = vec![["CONDITION", "STATUS", "REASON", "SINCE", "MESSAGE"].map(str::to_owned).to_vec()];
        rows.extend(shown.iter().map(|(owner, condition)| condition_row(owner, condition, now)));
        text.push('\n');
        text.push_str(&columns(&rows));
    }
    if !pods.is_empty() {
        let mut rows = vec![["POD", "PHASE", "NODE", "RESTARTS"].map(str::to_owned).to_vec()];
        rows.extend(pods.iter().map(pod_row));
        text.push('\n');
        text.push_str(&columns(&rows));
    }
    let problem = problem(&status.conditions).or_else(|| problem(of_stream.unwrap_or_default()));
    writeln!(text, "\nnext: {}", next(auction, status.phase, problem)).ok();
    text
}

fn picture(stream: &Stream) -> String {
    let status = stream.status.clone().unwrap_or_default();
    let mut text = format!("{}: {:?}", stream.name_any(), status.phase);
    if let Some(active) = &status.active {
        let node = active.node.as_deref().unwrap_or("no node yet");
        write!(text, ", epoch {} on {node}", active.epoch).ok();
    }
    if let Some(outputs) = &status.outputs_live {
        write!(text, ", outputs {outputs}").ok();
    }
    text
}

/// Whether a condition is worth a line: it is not as wanted, or it is one that people look for.
fn matters(owner: &str, condition: &Condition) -> bool {
    let kind = ConditionType::ALL.into_iter().find(|kind| kind.as_str() == condition.type_);
    match kind {
        Some(kind) => (owner.is_empty() && ALWAYS_SHOWN.contains(&kind)) || !is_as_wanted(kind, condition),
        None => condition.status != "True",
    }
}

fn is_as_wanted(kind: ConditionType, condition: &Condition) -> bool {
    condition.status == if kind.is_good_when_true() { "True" } else { "False" }
}

/// The condition nearest to the cause that something must be done about.
fn problem(conditions: &[Condition]) -> Option<&Condition> {
    BY_CAUSE.into_iter().find_map(|kind| {
        let condition = operator_api::conditions::find(conditions, kind)?;
        let todo = Reason::named(&condition.reason).is_none_or(|reason| reason.remedy().is_some());
        (todo && !is_as_wanted(kind, condition)).then_some(condition)
    })
}

fn condition_row(owner: &str, condition: &Condition, now: Timestamp) -> Vec<String> {
    vec![
        format!("{owner}{}", condition.type_),
        condition.status.clone(),
        condition.reason.clone(),
        age(condition.last_transition_time.0, now),
        condition.message.clone(),
    ]
}

fn pod_row(pod: &Pod) -> Vec<String> {
    let status = pod.status.as_ref();
    let restarts = status.and_then(|status| status.container_statuses.as_ref());
    let restarts: i32 = restarts.into_iter().flatten().map(|container| container.restart_count).sum();
    vec![
        pod.name_any(),
        status.and_then(|status| status.phase.clone()).unwrap_or_else(|| "Unknown".to_owned()),
        pod.spec.as_ref().and_then(|spec| spec.node_name.clone()).unwrap_or_else(|| "-".to_owned()),
        restarts.to_string(),
    ]
}

/// What to do now.
fn next(auction: &Auction, phase: AuctionPhase, problem: Option<&Condition>) -> String {
    if let Some(condition) = problem {
        let remedy = Reason::named(&condition.reason).and_then(Reason::remedy);
        return remedy.map_or_else(|| condition.message.clone(), str::to_owned);
    }
    let seen = auction.status.as_ref().is_some_and(|status| status.observed_generation.is_some());
    if !seen {
        return "no operator has seen this auction; check that it runs: kubectl get deployments -A -l app.kubernetes.io/part-of=sothebais"
            .to_owned();
    }
    if auction.spec.run_state == RunState::Paused {
        return format!("let bids count again with: kubectl auction resume {}", auction.name_any());
    }
    match phase {
        AuctionPhase::Scheduled => "nothing; pods start spec.schedule.warmupSeconds before the first lot".to_owned(),
        AuctionPhase::Completed => "check the result with: sothebais verify".to_owned(),
        AuctionPhase::Failed | AuctionPhase::Unknown => "see the operator's log".to_owned(),
        AuctionPhase::Pending
        | AuctionPhase::Provisioning
        | AuctionPhase::Ready
        | AuctionPhase::Live
        | AuctionPhase::Paused
        | AuctionPhase::Settling
        | AuctionPhase::Cancelled
        | AuctionPhase::Terminating => "nothing".to_owned(),
    }
}

/// How long ago, in the largest unit: `45s`, `12m`, `3h`, `9d`. Never for the schema's own default.
fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = (now.as_second() - since.as_second()).max(0);
    match seconds {
        _ if since.as_second() == 0 => "-".to_owned(),
        0..120 => format!("{seconds}s"),
        120..7200 => format!("{}m", seconds / 60),
        7200..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

fn indented(text: &str) -> String {
    text.lines().fold(String::new(), |all, line| all + "  " + line + "\n")
}
