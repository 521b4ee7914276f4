//! Sends planned replies one by one, each post's at most once. The row says "sending" before the call; a call whose
//! outcome is not known, by a crash or because X did not say, is not made again: X may have taken it. What X certainly
//! did not take (no connection, a rate limit, a duplicate) is tried again.

use std::sync::Arc;
use std::time::Duration;

use auction_core::{Handle, Span, Timestamp};
use bootstrap::clock::Clock;
use bootstrap::trace::REPLY_SEND;
use serde::Deserialize as _;
use serde_json::json;
use store::PgPool;
use store::social::{self, Lease, Reply, ReplyState};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::queue::{Budget, choose};
use super::template::Templates;
use super::trace;
use crate::ledger::Ledger;
use crate::observe::Observe;
use crate::spend::{Item, Level};
use crate::x::client::{Answer, Call};
use crate::x::endpoint::Context;
use crate::x::model::XId;
use crate::x::{Client, Code, Endpoint, Problem};

/// The queue is looked at this often.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Replies weighed against each other.
const QUEUE_LIMIT: i64 = 500;
/// Sent replies further back than this do not count against X's limit.
const WINDOW: Span = Span(15 * 60_000);
/// Pause after a call that X did not answer well.
const AFTER_FAILURE: Span = Span(5_000);
/// X takes us for a spam robot: a person should look before more is said.
const AFTER_SUSPICION: Span = Span(15 * 60_000);

/// What the sender needs.
pub struct Sender {
    pub client: Arc<Client>,
    pub pool: PgPool,
    pub handle: Handle,
    pub clock: Clock,
    pub observe: Observe,
    pub ledger: Ledger,
    pub holding: watch::Receiver<Option<Lease>>,
    pub level: watch::Receiver<Level>,
}

/// What a call came to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Outcome {
    state: ReplyState,
    reply_id: Option<u64>,
    problem: Option<Code>,
    /// Nothing is sent for this long.
    pause: Span,
}

/// Reads the outcome of a call.
fn outcome(result: &Result<Answer, Problem>) -> Outcome {
    let failed = |state, code, pause| Outcome { state, reply_id: None, problem: Some(code), pause };
    let problem = match result {
        Ok(answer) => {
            let id = answer.body.pointer("/data/id").and_then(|id| XId::deserialize(id).ok());
            return match id {
                Some(id) => Outcome { state: ReplyState::Sent, reply_id: Some(id.0), problem: None, pause: Span(0) },
                // No post came of it, or an answer that is not X's: nobody can tell.
                None => failed(ReplyState::Failed, Code::Unreadable, AFTER_FAILURE),
            };
        }
        Err(problem) => problem,
    };
    match problem.code {
        Code::DuplicateContent => failed(ReplyState::Planned, Code::DuplicateContent, Span(0)),
        code @ (Code::RateLimited | Code::Unreachable) => failed(ReplyState::Planned, code, AFTER_FAILURE),
        // X may have taken it all the same.
        code @ (Code::Server | Code::Network | Code::Deadline | Code::Unreadable) => {
            failed(ReplyState::Failed, code, AFTER_FAILURE)
        }
        code @ (Code::Automated | Code::Unauthorized | Code::ClientForbidden | Code::UsageCapped) => {
            failed(ReplyState::Failed, code, AFTER_SUSPICION)
        }
        code @ (Code::Forbidden
        | Code::NotFound
        | Code::TooManyConnections
        | Code::StreamConnection
        | Code::OperationalDisconnect
        | Code::NoRules
        | Code::RuleCap
        | Code::DuplicateRules
        | Code::InvalidRules
        | Code::InvalidRequest
        | Code::Other) => failed(ReplyState::Failed, code, Span(0)),
    }
}

impl Sender {
    /// Sends until `stopping`, while this process holds the inbox.
    pub async fn run(mut self, stopping: CancellationToken) -> anyhow::Result<()> {
        let mut paused_until = None;
        let mut tidied = None;
        while tokio::time::timeout(LOOK_EVERY, stopping.cancelled()).await.is_err() {
            let Some(lease) = self.holding.borrow_and_update().clone() else { continue };
            if tidied != Some(lease.epoch) {
                match social::give_up_replies_in_doubt(&self.pool, &lease).await {
                    Ok(0) => {}
                    Ok(replies) => tracing::warn!(replies, "replies of an earlier writer are in doubt and given up"),
                    Err(error) => {
                        tracing::warn!(error = %bootstrap::chain(&error), "replies wait for the database");
                        continue;
                    }
                }
                tidied = Some(lease.epoch);
            }
            // A call that was begun is finished: its outcome decides whether it is repeated.
            while !stopping.is_cancelled() {
                match self.next(&lease, &mut paused_until).await {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => {
                        tracing::warn!(error = %bootstrap::chain(&error), "replies wait for the database");
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// Sends the next reply; false if there is none to send now.
    async fn next(&mut self, lease: &Lease, paused_until: &mut Option<Timestamp>) -> Result<bool, store::Error> {
        let now = self.now();
        let queue = social::planned_replies(&self.pool, &self.handle, QUEUE_LIMIT).await?;
        if queue.is_empty() {
            return Ok(false);
        }
        let sent = social::reply_times(&self.pool, &self.handle, Timestamp(now.0 - WINDOW.0)).await?;
        let budget = Budget {
            sent: &sent,
            blocked_until: (*paused_until).max(self.client.blocked((Endpoint::CreatePost, Context::User))),
            allowed: self.level.borrow_and_update().allows_replies(),
        };
        let choice = choose(&queue, budget, now);
        for (post, why) in choice.drop {
            self.finish(post, ReplyState::Dropped, None, Some(why)).await?;
        }
        let Some(reply) = queue.iter().find(|reply| Some(reply.post) == choice.send) else { return Ok(false) };
        let outcome = self.send(lease, reply).await?;
        if outcome.pause > Span(0) {
            *paused_until = Some(now + outcome.pause);
        }
        Ok(true)
    }

    async fn send(&self, lease: &Lease, reply: &Reply) -> Result<Outcome, store::Error> {
        let nothing = Outcome { state: ReplyState::Dropped, reply_id: None, problem: None, pause: Span(0) };
        let subject = social::reply_subject(&self.pool, &self.handle, reply.post).await?;
        let Some(subject) = subject.filter(|subject| !subject.deleted && !subject.silent) else {
            self.finish(reply.post, ReplyState::Dropped, None, Some("unwanted")).await?;
            return Ok(nothing);
        };
        let seen_before = reply.problem.as_deref() == Some(Code::DuplicateContent.as_str());
        let text = if seen_before { Templates::vary(&reply.text, reply.attempts) } else { reply.text.clone() };
        if !social::start_reply(&self.pool, lease, reply.post, &text).await? {
            return Ok(nothing);
        }
        let began = self.now();
        let body = json!({"text": text, "reply": {"in_reply_to_tweet_id": subject.latest_id.to_string()}});
        let result =
            self.client.call(&Call { body: Some(body), ..Call::new(Endpoint::CreatePost, Context::User) }).await;
        let outcome = outcome(&result);
        if outcome.state == ReplyState::Sent {
            self.ledger.charge(Item::Reply, None);
        }
        if let Err(problem) = &result {
            tracing::info!(post = reply.post, error = %problem, state = outcome.state.as_str(), "reply not taken");
        }
        let told = outcome.problem.map_or(outcome.state.as_str(), Code::as_str);
        trace::record(REPLY_SEND, reply.post, subject.trace, told, (began, self.now()));
        self.finish(reply.post, outcome.state, outcome.reply_id, outcome.problem.map(Code::as_str)).await?;
        Ok(outcome)
    }

    async fn finish(
        &self,
        post: u64,
        state: ReplyState,
        reply_id: Option<u64>,
        problem: Option<&'static str>,
    ) -> Result<(), store::Error> {
        self.observe.reply(state.as_str());
        social::finish_reply(&self.pool, post, state, reply_id, problem).await
    }

    fn now(&self) -> Timestamp {
        Timestamp(self.clock.now_ms())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(code: Code) -> ReplyState {
        outcome(&Err(Problem::local(code, ""))).state
    }

    #[test]
    fn a_sent_reply_knows_its_id_exactly() {
        let answer = Answer { body: json!({"data": {"id": "9007199254740993", "text": "x"}}), partial: Vec::new() };
        assert_eq!(outcome(&Ok(answer)).reply_id, Some(9_007_199_254_740_993));
    }

    #[test]
    fn an_answer_without_a_post_is_in_doubt() {
        for body in [json!(null), json!({}), json!({"errors": [{"title": "x"}]}), json!({"data": {"id": ""}})] {
            let told = outcome(&Ok(Answer { body, partial: Vec::new() }));
            assert_eq!((told.state, told.pause), (ReplyState::Failed, AFTER_FAILURE));
        }
    }

    #[test]
    fn what_may_have_been_sent_is_never_repeated_and_what_certainly_was_not_is() {
        for code in [Code::Network, Code::Deadline, Code::Server, Code::Unreadable, Code::Forbidden] {
            assert_eq!(state(code), ReplyState::Failed, "{code:?}");
        }
        for code in [Code::RateLimited, Code::Unreachable, Code::DuplicateContent] {
            assert_eq!(state(code), ReplyState::Planned, "{code:?}");
        }
    }

    #[test]
    fn suspicion_stops_everything_for_a_while() {
        assert_eq!(outcome(&Err(Problem::local(Code::Automated, ""))).pause, AFTER_SUSPICION);
    }
}
