//! One auction: read → check → decide → act → report.

mod act;
mod check;
mod decide;
mod read;
mod report;
mod spec;

use operator_api::auction::{Compress, Routing};
use operator_plan::{Compression, Limits, Rate};

use crate::cache::Seen;
use crate::key::Key;
use crate::operator::{Next, Operator, Trouble};

pub(crate) async fn reconcile(operator: &Operator, namespace: &str, name: &str) -> Result<Next, Trouble> {
    let key = Key::Auction(namespace.to_owned(), name.to_owned());
    let auction = match operator.cache.auction(namespace, name) {
        // Its children go with it: the cluster collects what has no owner any more.
        None => {
            operator.memory.forget(&key);
            return Ok(Next::default());
        }
        Some(Seen::Unreadable { object, error }) => return report::unreadable(operator, &object, &error).await,
        Some(Seen::Readable(auction)) => auction,
    };
    let read = read::read(operator, namespace, name, auction).await;
    let findings = check::check(&read.auction);
    let decided = decide::decide(&read, findings.as_ref(), &operator.context, operator.clock.now_ms());
    let acted = act::act(operator, &read, &decided).await?;
    report::report(operator, &read, &decided, &acted).await
}

/// What a routing lets through.
pub(crate) fn limits(routing: &Routing) -> Limits {
    Limits {
        rate: Some(Rate {
            average: i64::from(routing.rate_limit.average_per_second),
            burst: i64::from(routing.rate_limit.burst),
        }),
        in_flight: Some(i64::from(routing.in_flight)),
        allow_cidrs: routing.allow_cidrs.clone(),
        compression: match routing.compress {
            Compress::Enabled => Compression::On,
            Compress::Disabled => Compression::Off,
        },
    }
}
