//! Protection of a pod that exists: the one thing that changes on a pod while it lives, whatever revision it is of.

use operator_plan::Protection as Wanted;
use serde_json::{Value, json};

use super::labels;

/// A merge patch that gives a pod the label and annotations of `wanted`, and takes them away where it may go.
pub fn protection(wanted: Wanted) -> Value {
    let every = Wanted::Protected;
    let only_wanted = |all: labels::Labels, wanted: labels::Labels| -> Value {
        all.into_keys()
            .map(|name| (name.clone(), wanted.get(&name).map_or(Value::Null, |value| json!(value))))
            .collect()
    };
    json!({"metadata": {
        "labels": only_wanted(labels::protection(every), labels::protection(wanted)),
        "annotations": only_wanted(labels::hands_off(every), labels::hands_off(wanted)),
    }})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_protects_is_taken_away_by_name() {
        let (on, off) = (protection(Wanted::Protected), protection(Wanted::Open));
        assert_eq!(on["metadata"]["labels"], json!({"sothebais.io/protected": "true"}));
        assert_eq!(off["metadata"]["labels"], json!({"sothebais.io/protected": null}));
        assert_eq!(on["metadata"]["annotations"]["karpenter.sh/do-not-disrupt"], "true");
        assert!(off["metadata"]["annotations"].as_object().unwrap().values().all(Value::is_null));
    }
}
