//! The running stand-in: one core of pure state behind one lock, the clock, and the task that carries parcels to the
//! streams. Every answer is made by [`Emulator::answer`]: faults, then who asks, then the rate limit, then the endpoint.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bootstrap::clock::Clock;
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::auth::{Caller, Credentials, Nonces, SignedRequest};
use crate::chance::Chance;
use crate::crowd::client::Tally;
use crate::fault::{Fault, Faults, Unusable, Wrong};
use crate::id::UserId;
use crate::limits::{Allowance, Counted, Endpoint, Standing, WINDOW_MS, Windows};
use crate::meter::{Item, Meter};
use crate::observe::Metrics;
use crate::problem::{self, Problem};
use crate::stream::{Stream, Streams};
use crate::user::{Kind, User};
use crate::view;
use crate::world::{Event, Parcel, World};

/// The carrier looks again at least this often, so that a clock that jumps cannot strand a parcel.
const LONGEST_NAP: Duration = Duration::from_millis(250);

/// Parcels carried before the lock is given back.
const MOST_AT_ONCE: usize = 256;

/// What does not change while the stand-in runs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Who is let in.
    pub credentials: Credentials,
    /// Blank lines on quiet streams come this often.
    pub keep_alive: Duration,
    /// Posts that the house may make in a window.
    pub house_posts: u32,
    /// Posts that each person of the crowd may make in a window.
    pub crowd_posts: u32,
    /// Whether a spent window answers in the older form with code 88.
    pub legacy_limits: bool,
    /// Where the chance of faults comes from.
    pub seed: u64,
}

/// All state that changes.
#[derive(Debug)]
pub struct Core {
    /// Accounts, posts, rules, subscriptions.
    pub world: World,
    /// Connections and parcels.
    pub streams: Streams,
    /// What is billed.
    pub meter: Meter,
    /// Faults that are on.
    pub faults: Faults,
    /// What is counted for Prometheus.
    pub metrics: Metrics,
    /// What the crowd has done, and whether it is done; nothing without a crowd.
    pub crowd: Option<(Tally, bool)>,
    windows: Windows,
    nonces: Nonces,
    chance: Chance,
}

impl Core {
    /// Puts parcels on their way, with the faults that are on.
    pub fn send(&mut self, parcels: Vec<Parcel>) {
        for parcel in parcels {
            for spoiled in self.faults.spoil(parcel, &mut self.chance) {
                self.streams.post(spoiled);
            }
        }
    }

    /// Does what a fault asks for at once, and keeps what lasts.
    pub fn fault(&mut self, fault: &Fault) -> Result<(), Unusable> {
        self.faults.set(fault)?;
        match fault {
            Fault::Disconnect { stream, abrupt } => drop(self.streams.disconnect(*stream, *abrupt)),
            Fault::Silence { stream, ms } => self.streams.silence(*stream, ms.unsigned_abs()),
            Fault::Withhold { permille } => self.world.withhold(*permille),
            Fault::Duplicate { .. }
            | Fault::Delay { .. }
            | Fault::Reorder { .. }
            | Fault::TooManyRequests { .. }
            | Fault::Unavailable { .. }
            | Fault::UsageCapped { .. }
            | Fault::PartialErrors { .. } => {}
            Fault::Clear => self.windows.forget(),
        }
        Ok(())
    }

    fn deliver(&mut self, parcel: &Parcel, now_ms: i64) {
        let stream = Stream::of(parcel);
        let (world, faults) = (&self.world, &mut self.faults);
        let endpoint = match stream {
            Stream::Activity => Endpoint::ActivityStream,
            Stream::Filtered => Endpoint::FilteredStream,
        };
        let partial = faults.take(endpoint, |w| w == Wrong::Partial).is_some();
        let uuid = match &parcel.event {
            Event::Posted(id) | Event::Matched(id, _) => id.0,
            Event::Deleted { .. } | Event::Renamed { .. } => self.chance.bits() >> 1,
        };
        let connections = self.streams.deliver(stream, |wanted| {
            let mut line = match &parcel.event {
                Event::Matched(id, rules) => view::filtered_line(world, world.living(*id)?, rules, wanted),
                Event::Posted(_) | Event::Deleted { .. } | Event::Renamed { .. } => {
                    view::activity_line(world, parcel, uuid)?
                }
            };
            if partial {
                line["errors"] = json!([problem::hydration_failure("user", "0")]);
            }
            Some(line)
        });
        self.metrics.delivered(connections);
        if let (Event::Posted(id) | Event::Matched(id, _), true) = (&parcel.event, connections > 0) {
            self.meter.read_post(*id, Item::PostRead, now_ms);
        }
    }
}

/// A good answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// 200 or 201.
    pub status: StatusCode,
    /// The body.
    pub body: Value,
}

impl Answer {
    /// 200 with this body.
    pub fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, body }
    }
}

/// A request as far as every endpoint needs it.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// The method.
    pub method: String,
    /// Scheme, host and path.
    pub base_url: String,
    /// The raw query.
    pub raw_query: String,
    /// The query, decoded, in order.
    pub query: Vec<(String, String)>,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The `x-emulator-as` header.
    pub recorded: Option<String>,
}

/// Who asks, when, and what.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Who.
    pub caller: Caller,
    /// When, in milliseconds since the Unix epoch.
    pub now_ms: i64,
    /// What.
    pub ask: &'a Ask,
}

/// The stand-in.
#[derive(Debug)]
pub struct Emulator {
    core: Mutex<Core>,
    /// Where `now` comes from.
    pub clock: Clock,
    /// What does not change.
    pub settings: Settings,
    /// When the show starts, in milliseconds since the Unix epoch, once it is known.
    pub show: watch::Sender<Option<i64>>,
    wake: Notify,
}

impl Emulator {
    /// A stand-in that begins with this world.
    pub fn new(world: World, settings: Settings, clock: Clock, metrics: Metrics) -> Self {
        let core = Core {
            world,
            streams: Streams::default(),
            meter: Meter::default(),
            faults: Faults::default(),
            metrics,
            crowd: None,
            windows: Windows::default(),
            nonces: Nonces::default(),
            chance: Chance::new(settings.seed, 2),
        };
        Self { core: Mutex::new(core), clock, settings, show: watch::Sender::new(None), wake: Notify::new() }
    }

    /// The state; hold it briefly and never across an await.
    pub fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a request: faults, credentials, limit, then `decide`.
    pub fn answer<F>(&self, endpoint: Endpoint, ask: &Ask, decide: F) -> Response
    where
        F: FnOnce(&mut Core, Request) -> Result<Answer, Problem>,
    {
        let (standing, outcome) = self.admit(endpoint, ask, |core, request| {
            let partial = |core: &mut Core| core.faults.take(endpoint, |w| w == Wrong::Partial).is_some();
            let mut answer = decide(core, request)?;
            if partial(core) {
                drop_one(&mut answer.body);
            }
            Ok(answer)
        });
        self.wake.notify_one();
        let response = match outcome {
            Ok(answer) => (answer.status, axum::Json(answer.body)).into_response(),
            Err(problem) => problem.into_response(),
        };
        with_standing(response, standing)
    }

    /// Lets a request through to `decide` or refuses it; tells the caller's standing where one was counted.
    pub fn admit<T, F>(&self, endpoint: Endpoint, ask: &Ask, decide: F) -> (Option<Standing>, Result<T, Problem>)
    where
        F: FnOnce(&mut Core, Request) -> Result<T, Problem>,
    {
        let now_ms = self.clock.now_ms();
        let mut core = self.core();
        match core.faults.take(endpoint, |w| w != Wrong::Partial) {
            Some(Wrong::Unavailable) => return (None, Err(Problem::unavailable())),
            Some(Wrong::TooManyRequests { legacy }) => {
                let reset_s = (now_ms + WINDOW_MS).div_euclid(1000);
                let standing = Standing { limit: 1, remaining: 0, reset_s, admitted: false };
                return (Some(standing), Err(spent(legacy)));
            }
            Some(Wrong::UsageCapped) => return (None, Err(Problem::usage_capped())),
            Some(Wrong::Partial) | None => {}
        }
        let caller = match self.identify(&mut core, ask, now_ms) {
            Ok(caller) => caller,
            Err(problem) => return (None, Err(problem)),
        };
        let Some(limit) = self.limit(endpoint, caller) else { return (None, Err(unsupported(endpoint, caller))) };
        let standing = core.windows.take((endpoint, counted(caller, &self.settings)), limit, WINDOW_MS, now_ms);
        if !standing.admitted {
            return (Some(standing), Err(spent(self.settings.legacy_limits)));
        }
        (Some(standing), decide(&mut core, Request { caller, now_ms, ask }))
    }

    fn identify(&self, core: &mut Core, ask: &Ask, now_ms: i64) -> Result<Caller, Problem> {
        let request = SignedRequest {
            method: &ask.method,
            base_url: &ask.base_url,
            query: &ask.raw_query,
            authorization: ask.authorization.as_deref(),
        };
        let caller = self.settings.credentials.check(&request, &mut core.nonces, now_ms);
        let caller = caller.map_err(|_| Problem::unauthorized())?;
        match caller {
            Caller::Person(id) if core.world.users.get(id).is_none() => Err(Problem::unauthorized()),
            Caller::App | Caller::House(_) | Caller::Person(_) => Ok(caller),
        }
    }

    /// Requests that this caller may make in a window; nothing if the endpoint is not for such callers.
    fn limit(&self, endpoint: Endpoint, caller: Caller) -> Option<u32> {
        let Allowance { app, user } = endpoint.allowance();
        match (caller, endpoint) {
            (Caller::App, _) => app,
            (Caller::House(_), Endpoint::CreatePost) => Some(self.settings.house_posts),
            (Caller::Person(_), Endpoint::CreatePost | Endpoint::DeletePost | Endpoint::Repost) => {
                Some(self.settings.crowd_posts)
            }
            (Caller::House(_) | Caller::Person(_), _) => user,
        }
    }

    /// Adds a person to the crowd; known people stay as they are.
    pub fn register(&self, id: UserId, handle: &str) -> Result<(), crate::user::Unregistered> {
        let (handle, name) = (handle.to_owned(), handle.to_owned());
        let created_ms = self.clock.now_ms();
        self.core().world.users.register(User { id, handle, name, kind: Kind::Crowd, created_ms, posts: 0 })
    }

    /// Tells what the crowd has done so far.
    pub fn tell_crowd(&self, tally: &Tally, done: bool) {
        self.core().crowd = Some((tally.clone(), done));
    }

    /// Wakes the carrier after parcels were sent outside [`Self::answer`].
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Carries parcels to the streams when they are due, until the process stops; then ends the streams.
    pub async fn carry(&self, stopping: CancellationToken) {
        loop {
            let nap = self.carry_due();
            tokio::select! {
                () = stopping.cancelled() => break,
                () = self.wake.notified() => {}
                () = tokio::time::sleep(nap) => {}
            }
        }
        self.core().streams.disconnect(None, false);
    }

    /// Carries what is due and says how long nothing will be.
    pub fn carry_due(&self) -> Duration {
        let now_ms = self.clock.now_ms();
        let mut core = self.core();
        for _ in 0..MOST_AT_ONCE {
            let Some(parcel) = core.streams.due(now_ms) else {
                let next = core.streams.next_due_ms().map_or(i64::MAX, |due| due.saturating_sub(now_ms));
                return Duration::from_millis(next.unsigned_abs()).min(LONGEST_NAP);
            };
            core.deliver(&parcel, now_ms);
        }
        Duration::ZERO
    }
}

fn spent(legacy: bool) -> Problem {
    if legacy { Problem::rate_limit_exceeded() } else { Problem::too_many_requests() }
}

fn counted(caller: Caller, settings: &Settings) -> Counted {
    match caller {
        Caller::App => Counted::App,
        Caller::House(_) => Counted::User(settings.credentials.house),
        Caller::Person(id) => Counted::User(id),
    }
}

fn unsupported(endpoint: Endpoint, caller: Caller) -> Problem {
    let Allowance { app, user } = endpoint.allowance();
    let mut supported = Vec::new();
    if user.is_some() {
        supported.extend(["OAuth 1.0a User Context", "OAuth 2.0 User Context"]);
    }
    if app.is_some() {
        supported.push("OAuth 2.0 Application-Only");
    }
    Problem::unsupported_authentication(caller.scheme().name(), &supported)
}

/// Puts X's headers about the window on an answer.
pub fn with_standing(mut response: Response, standing: Option<Standing>) -> Response {
    if let Some(standing) = standing {
        let headers: &mut HeaderMap = response.headers_mut();
        headers.insert("x-rate-limit-limit", HeaderValue::from(standing.limit));
        headers.insert("x-rate-limit-remaining", HeaderValue::from(standing.remaining));
        headers.insert("x-rate-limit-reset", HeaderValue::from(standing.reset_s));
    }
    response
}

/// Takes the last thing of a list away and reports it in `errors`, as X does when one could not be filled in.
fn drop_one(body: &mut Value) {
    let dropped = body.get_mut("data").and_then(Value::as_array_mut).and_then(Vec::pop);
    let id = dropped.as_ref().and_then(|d| d["id"].as_str()).unwrap_or("0").to_owned();
    let mut error = problem::hydration_failure("tweet", &id);
    error["resource_id"] = json!(id);
    match body.get_mut("errors").and_then(Value::as_array_mut) {
        Some(errors) => errors.push(error),
        None => body["errors"] = json!([error]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_answer_gains_an_error_and_no_data() {
        let mut body = json!({"meta": {"result_count": 0}});
        drop_one(&mut body);
        assert!(
            body.get("data").is_none() && body["errors"].as_array().is_some_and(|errors| errors.len() == 1),
            "{body}"
        );
        let mut body = json!({"data": [{"id": "1"}, {"id": "2"}], "errors": []});
        drop_one(&mut body);
        assert_eq!((&body["data"], &body["errors"][0]["resource_id"]), (&json!([{"id": "1"}]), &json!("2")));
    }
}
