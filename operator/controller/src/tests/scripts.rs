//! What is played: four shows, flow by flow.

use serde_json::{Value, json};

use super::picture::Picture;
use super::play::{Play, auction_says, field, names, stream_says};
use crate::object::Kind;

/// What a namespace has once, and what anybody could delete by hand without stopping a show.
const MENDABLE: [Kind; 8] = [
    Kind::ServiceAccount,
    Kind::Role,
    Kind::RoleBinding,
    Kind::NetworkPolicy,
    Kind::PodDisruptionBudget,
    Kind::Service,
    Kind::Middleware,
    Kind::IngressRoute,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Script {
    /// One auction with a stream of its own, a handle and a route, and all that can befall it.
    Night,
    /// Auctions that share a worker come and go.
    Pool,
    /// A stream that is there before its auction and after it.
    Studio,
    /// Two auctions of one handle: the second waits.
    Queue,
}

impl Script {
    pub(super) const ALL: [Self; 4] = [Self::Night, Self::Pool, Self::Studio, Self::Queue];

    pub(super) async fn act(self, play: &mut Play<'_>) -> anyhow::Result<()> {
        match self {
            Self::Night => {
                begin(play).await?;
                edit(play).await?;
                interrupt(play).await?;
                end(play).await
            }
            Self::Pool => {
                share(play).await?;
                leave(play).await
            }
            Self::Studio => studio(play).await,
            Self::Queue => queue(play).await,
        }
    }
}

fn outputs() -> Value {
    json!([{"name": "x", "type": "RTMP", "url": "rtmp://127.0.0.1/live"}])
}

fn lot(id: &str) -> Value {
    json!({"id": id, "title": id, "startingPrice": "0.1"})
}

fn is_live(picture: &Picture) -> bool {
    auction_says(picture, "night", "Live", "True")
}

fn compositors(picture: &Picture) -> Vec<&str> {
    names(picture, Kind::Pod).into_iter().filter(|name| name.starts_with("compositor")).collect()
}

async fn begin(play: &mut Play<'_>) -> anyhow::Result<()> {
    play.flow("create");
    let night = json!({"rollout": "Immediate", "bidChannels": ["web", "x"], "house": {"xHandle": "house"},
        "routing": {"host": "night.example.com"}, "stream": {"template": {"outputs": outputs()}}});
    play.world.create_auction("night", night).await?;
    play.ends(|picture| {
        let conditions = [
            ("EngineReady", "True"),
            ("StreamReady", "True OutputsLive"),
            ("DisruptionProtected", "True"),
            ("RoutePublished", "True"),
        ];
        conditions.iter().all(|(kind, wanted)| auction_says(picture, "night", kind, wanted))
    })
    .await?;

    play.flow("go live");
    play.shard("auction-engine-night").set("night", "live", "open");
    play.ends(is_live).await
}

async fn edit(play: &mut Play<'_>) -> anyhow::Result<()> {
    play.flow("add a lot");
    play.world.patch_auction("night", json!({"spec": {"lots": [lot("one"), lot("two")]}})).await?;
    let shard = play.shard("auction-engine-night");
    play.ends(|picture| shard.lots("night") == 2 && is_live(picture)).await?;

    play.flow("change limits");
    let limit = json!({"averagePerSecond": 20, "burst": 30});
    play.world.patch_auction("night", json!({"spec": {"routing": {"rateLimit": limit}}})).await?;
    play.ends(|picture| {
        let average = |name: &&str| field(picture, Kind::Middleware, name, "/spec/rateLimit/average").cloned();
        let averages: Vec<_> = names(picture, Kind::Middleware).iter().filter_map(average).collect();
        averages == [json!(20)]
    })
    .await?;

    play.flow("pause");
    play.world.patch_auction("night", json!({"spec": {"runState": "Paused"}})).await?;
    play.ends(|picture| field(picture, Kind::Auction, "night", "/status/phase") == Some(&json!("Paused"))).await?;

    play.flow("resume");
    play.world.patch_auction("night", json!({"spec": {"runState": "Running"}})).await?;
    play.ends(is_live).await
}

async fn interrupt(play: &mut Play<'_>) -> anyhow::Result<()> {
    let alone_on_air = |picture: &Picture, pod: &str| {
        let active = field(picture, Kind::Stream, "night", "/status/active/pod");
        compositors(picture) == [pod] && active == Some(&json!(pod)) && is_live(picture)
    };
    play.flow("hand over");
    let resources = json!({"requests": {"cpu": "100m"}});
    play.world.patch_auction("night", json!({"spec": {"stream": {"template": {"resources": resources}}}})).await?;
    play.ends(|picture| alone_on_air(picture, "compositor-night-2")).await?;

    play.flow("lose the compositor");
    play.lose(Kind::Pod, "compositor-night-2").await?;
    play.ends(|picture| alone_on_air(picture, "compositor-night-3")).await?;

    play.flow("lose the worker");
    play.lose(Kind::Pod, "auction-engine-night-1").await?;
    play.ends(|picture| names(picture, Kind::Pod).contains(&"auction-engine-night-2") && is_live(picture)).await?;

    play.flow("mend");
    play.lose_all(&MENDABLE).await?;
    play.ends(is_live).await
}

async fn end(play: &mut Play<'_>) -> anyhow::Result<()> {
    play.flow("finish");
    play.shard("auction-engine-night").set("night", "completed", "sold");
    play.ends(|picture| {
        auction_says(picture, "night", "Ready", "True Completed") && names(picture, Kind::Pod).is_empty()
    })
    .await?;

    play.flow("delete");
    play.delete_auction("night").await?;
    play.ends(Picture::is_empty).await
}

fn shared() -> Value {
    json!({"engine": {"isolation": "Shared"}})
}

async fn share(play: &mut Play<'_>) -> anyhow::Result<()> {
    play.flow("share: create");
    play.world.create_auction("a", shared()).await?;
    play.world.create_auction("b", shared()).await?;
    play.ends(|picture| ["a", "b"].iter().all(|name| auction_says(picture, name, "Ready", "True"))).await?;

    play.flow("share: go live");
    for name in ["a", "b"] {
        play.shard("auction-engine-pool").set(name, "live", "open");
    }
    play.ends(|picture| ["a", "b"].iter().all(|name| auction_says(picture, name, "Live", "True"))).await?;

    play.flow("share: join");
    play.world.create_auction("c", shared()).await?;
    play.ends(|picture| auction_says(picture, "c", "Ready", "True")).await?;

    play.flow("share: cancel");
    play.world.patch_auction("b", json!({"spec": {"runState": "Cancelled"}})).await?;
    play.ends(|picture| field(picture, Kind::Auction, "b", "/status/phase") == Some(&json!("Cancelled"))).await
}

async fn leave(play: &mut Play<'_>) -> anyhow::Result<()> {
    play.flow("share: leave");
    play.delete_auction("a").await?;
    play.ends(|picture| !names(picture, Kind::Auction).contains(&"a")).await?;

    play.flow("miss the start");
    let window = json!({"startsAt": "2026-01-01T00:00:00Z", "endsAt": "2026-01-01T06:00:00Z"});
    play.world.create_auction("d", json!({"schedule": window})).await?;
    play.ends(|picture| auction_says(picture, "d", "Ready", "False MissedWindow")).await?;

    play.flow("share: finish");
    play.shard("auction-engine-pool").set("c", "completed", "sold");
    play.ends(|picture| auction_says(picture, "c", "Ready", "True Completed") && names(picture, Kind::Pod).is_empty())
        .await?;

    play.flow("expire");
    play.world.patch_auction("c", json!({"spec": {"ttlSecondsAfterFinished": 1}})).await?;
    play.ends(|picture| !names(picture, Kind::Auction).contains(&"c")).await?;

    play.flow("share: delete");
    play.delete_auction("b").await?;
    play.delete_auction("d").await?;
    play.ends(Picture::is_empty).await
}

async fn studio(play: &mut Play<'_>) -> anyhow::Result<()> {
    play.flow("raise a stream");
    play.create_stream("main", json!({"outputs": outputs()})).await?;
    play.ends(|picture| stream_says(picture, "main", "Provisioned", "True")).await?;

    play.flow("show an auction");
    play.world.create_auction("night", json!({"stream": {"ref": {"name": "main"}}})).await?;
    play.ends(|picture| auction_says(picture, "night", "StreamReady", "True OutputsLive")).await?;

    play.flow("scale to none");
    play.patch_stream("main", json!({"spec": {"replicas": 0}})).await?;
    play.ends(|picture| compositors(picture).is_empty()).await?;

    play.flow("scale to one");
    play.patch_stream("main", json!({"spec": {"replicas": 1}})).await?;
    play.ends(|picture| auction_says(picture, "night", "StreamReady", "True OutputsLive")).await?;

    play.flow("delete its auction");
    play.delete_auction("night").await?;
    play.ends(|picture| names(picture, Kind::Auction).is_empty() && names(picture, Kind::Pod).len() == 1).await?;

    play.flow("strike the stream");
    play.streams().delete("main", &kube::api::DeleteParams::default()).await?;
    play.ends(Picture::is_empty).await
}

async fn queue(play: &mut Play<'_>) -> anyhow::Result<()> {
    // The first is served on while the second runs: how long operators were away must make no difference.
    let by_post = |starts: &str, grace: u32| {
        json!({"bidChannels": ["x"], "house": {"xHandle": "house"},
            "schedule": {"startsAt": starts, "settleGraceSeconds": grace}})
    };
    play.flow("queue: create");
    play.world.create_auction("first", by_post("2026-01-01T00:00:00Z", 600)).await?;
    play.until(|picture| auction_says(picture, "first", "Ready", "True")).await?;
    play.world.create_auction("second", by_post("2026-01-01T01:00:00Z", 1)).await?;
    play.ends(|picture| auction_says(picture, "second", "Ready", "False")).await?;

    play.flow("queue: follow");
    play.shard("auction-engine-first").set("first", "completed", "sold");
    play.ends(|picture| auction_says(picture, "second", "Ready", "True")).await?;

    play.flow("queue: call off");
    play.world.patch_auction("second", json!({"spec": {"runState": "Cancelled"}})).await?;
    play.ends(|picture| {
        let phase = field(picture, Kind::Auction, "second", "/status/phase");
        phase == Some(&json!("Cancelled")) && !names(picture, Kind::Pod).contains(&"auction-engine-second-1")
    })
    .await?;

    play.flow("queue: delete");
    play.delete_auction("first").await?;
    play.delete_auction("second").await?;
    play.ends(Picture::is_empty).await
}
