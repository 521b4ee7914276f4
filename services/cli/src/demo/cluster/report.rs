//! The closing table of a show on a cluster: that of every show, and what only a cluster shows.

use std::fmt::Write as _;

use serde::Serialize;

use super::disturb::Survival;
use super::picture::Reading;
use super::tape::Tape;
use super::web::WebBids;
use crate::demo::Report;

#[derive(Debug, Serialize)]
pub(super) struct ClusterReport {
    #[serde(flatten)]
    pub(super) show: Report,
    /// From `kubectl apply` until the auction's pods were ready and its worker had the spec.
    pub(super) apply_to_ready_ms: u64,
    pub(super) web: WebBids,
    pub(super) picture: Option<Reading>,
    /// The price at the picture's row, folded from the journal.
    pub(super) journal_price_wei: Option<String>,
    pub(super) received: Tape,
    /// What was done to the cluster meanwhile.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) survived: Vec<Survival>,
    /// From `kubectl delete` until nothing of the auction was left.
    pub(super) delete_ms: u64,
    /// Children that outlived their auction.
    pub(super) left: Vec<String>,
}

impl ClusterReport {
    /// Whether the show kept its promises.
    pub(super) fn holds(&self) -> bool {
        self.show.holds()
            && self.web.accepted > 0
            && self.web.failed == 0
            && self.picture_holds()
            && self.left.is_empty()
    }

    /// Whether the picture shows the journal's price.
    fn picture_holds(&self) -> bool {
        self.picture.as_ref().is_some_and(|picture| {
            picture.agrees() && self.journal_price_wei.as_ref() == Some(&picture.told_wei.to_string())
        })
    }

    pub(super) fn table(&self) -> String {
        let mut text = self.show.table();
        self.write_cluster(&mut text).expect("writing to a string never fails");
        text
    }

    fn write_cluster(&self, text: &mut String) -> std::fmt::Result {
        let Self { show: _, apply_to_ready_ms, web, picture, journal_price_wei, received, survived, delete_ms, left } =
            self;
        let WebBids { sent, accepted, refused, first_refusal, failed, first_failure, p50_ms, p99_ms } = web;
        writeln!(text, " apply to ready    {apply_to_ready_ms} ms")?;
        writeln!(
            text,
            " bids over HTTP    {sent} sent, {accepted} accepted, {refused} refused, {failed} failed; p50 {p50_ms} ms, p99 {p99_ms} ms"
        )?;
        for first in first_refusal.iter().chain(first_failure) {
            writeln!(text, "                   {first}")?;
        }
        let Tape { connections, frames, seconds, longest_gap_ms } = received;
        writeln!(
            text,
            " received          {frames} frames in {seconds:.1} s over {connections} connections, longest gap {longest_gap_ms} ms"
        )?;
        match picture {
            Some(picture) => {
                let verdict = if self.picture_holds() { "is the journal's" } else { "IS NOT THE JOURNAL'S" };
                let read = picture.read.as_deref().unwrap_or("nothing");
                let journal = journal_price_wei.as_deref().unwrap_or("none");
                writeln!(
                    text,
                    " picture           {}: {read} ETH on lot {} at {} {verdict} ({journal} wei at row {})",
                    picture.path.display(),
                    picture.lot,
                    picture.taken_at,
                    picture.seq,
                )?;
            }
            None => writeln!(text, " NO PICTURE        no price stood still long enough")?,
        }
        for survival in survived {
            writeln!(text, "   {}", survival.line())?;
        }
        match left.as_slice() {
            [] => writeln!(text, " deleted           every child was gone after {delete_ms} ms"),
            left => writeln!(text, " NOT DELETED       {}", left.join(", ")),
        }
    }
}
