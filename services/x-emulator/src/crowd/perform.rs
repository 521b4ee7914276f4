//! Plays the crowd: waits for the show's start, then for each step's time, and posts.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::client::{As, Ask, Client};
use super::direct::{Act, Director, Step};
use super::file::{Recorded, Scheduled, schedule};
use super::watch::Board;
use crate::emulator::Emulator;

/// How often the director looks at the clock.
const TICK: Duration = Duration::from_millis(25);

/// Sleeps are cut to this, so that a moved clock is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// Replays recorded posts at their times.
pub async fn replay(
    posts: Vec<Recorded>,
    mut client: Client,
    emulator: Arc<Emulator>,
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    let Some(start_ms) = show_start(&emulator, &stopping).await else { return Ok(()) };
    let steps = schedule(&posts, start_ms);
    tracing::info!(posts = steps.len(), "the recorded crowd begins");
    for step in &steps {
        if !wait_until(&emulator, step.at_ms, &stopping).await {
            return Ok(());
        }
        let post = &posts[step.index];
        client.ask(post.author.id, &recorded(post, step), &stopping).await;
        emulator.tell_crowd(&client.tally, false);
    }
    emulator.tell_crowd(&client.tally, true);
    tracing::info!(tally = ?client.tally, "the recorded crowd is done");
    Ok(())
}

fn recorded(post: &Recorded, step: &Scheduled) -> Ask {
    let points = step.points;
    Ask::Post {
        body: json!({"text": post.text}),
        recorded: As {
            id: Some(step.id),
            made_at_ms: Some(step.at_ms),
            repost_of: points.repost_of,
            reply_to: points.reply_to,
            quote_of: points.quote_of,
            edits: points.edits,
            hidden: post.hidden,
        },
    }
}

/// Plays a made-up crowd.
pub async fn improvise(
    mut director: Director,
    mut client: Client,
    board: Board,
    emulator: Arc<Emulator>,
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    let Some(start_ms) = show_start(&emulator, &stopping).await else { return Ok(()) };
    tracing::info!(people = director.people().len(), "the crowd begins");
    while !director.is_done() {
        let now_ms = emulator.clock.now_ms();
        let lots = board.lots(start_ms);
        for step in director.due(&lots, now_ms) {
            let made = client.ask(step.author.id, &improvised(&step), &stopping).await;
            director.learn(&step, made);
            emulator.tell_crowd(&client.tally, false);
        }
        tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            () = tokio::time::sleep(TICK) => {}
        }
    }
    emulator.tell_crowd(&client.tally, true);
    tracing::info!(tally = ?client.tally, "the crowd is done");
    Ok(())
}

fn improvised(step: &Step) -> Ask {
    let text = &step.text;
    let plain = As::default();
    let of = |body: Value, recorded: As| Ask::Post { body, recorded };
    match step.act {
        Act::Post | Act::Slip => of(json!({"text": text}), plain),
        Act::Reply(id) => of(json!({"text": text, "reply": {"in_reply_to_tweet_id": id}}), plain),
        Act::Quote(id) => of(json!({"text": text, "quote_tweet_id": id}), plain),
        Act::Edit(id) => of(json!({"text": text, "edit_options": {"previous_post_id": id}}), plain),
        Act::Repost(id) => of(json!({"text": text}), As { repost_of: Some(id), ..plain }),
        Act::Delete(id) => Ask::Delete(id),
    }
}

async fn show_start(emulator: &Emulator, stopping: &CancellationToken) -> Option<i64> {
    let mut show = emulator.show.subscribe();
    loop {
        if let Some(start_ms) = *show.borrow_and_update() {
            return Some(start_ms);
        }
        tokio::select! {
            () = stopping.cancelled() => return None,
            changed = show.changed() => changed.ok()?,
        }
    }
}

/// False if the process stops before.
async fn wait_until(emulator: &Emulator, at_ms: i64, stopping: &CancellationToken) -> bool {
    loop {
        let left = at_ms - emulator.clock.now_ms();
        if left <= 0 {
            return !stopping.is_cancelled();
        }
        let nap = Duration::from_millis(left.unsigned_abs()).min(LONGEST_SLEEP);
        tokio::select! {
            () = stopping.cancelled() => return false,
            () = tokio::time::sleep(nap) => {}
        }
    }
}
