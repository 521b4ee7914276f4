//! What "on air" is in `PromQL`: of the pods that are told to publish, whether their required outputs take frames.

use bootstrap::metrics::catalogue as metrics;

use crate::promql::Scope;

/// The recording of [`worst`], so that long windows need not be asked for it sample by sample.
pub const RECORDED: &str = "sothebais:stream_on_air:min";

/// 1 a stream while all of its required outputs take frames, 0 while one does not.
pub fn worst(scope: Scope) -> String {
    over("min", scope)
}

/// 1 a stream while any of its required outputs takes frames.
pub fn best(scope: Scope) -> String {
    over("max", scope)
}

fn over(how: &str, scope: Scope) -> String {
    format!("{how} by (namespace, stream) ({})", required(scope))
}

/// The required outputs of pods that are told to publish; those of a dark one stand still rightly.
pub fn required(scope: Scope) -> String {
    let outputs = scope.only(&metrics::COMPOSITOR_OUTPUT_LIVE, "required", r#"="true""#);
    format!("{outputs} and on (namespace, pod) ({} == 1)", scope.gauge(&metrics::COMPOSITOR_ON_AIR))
}
