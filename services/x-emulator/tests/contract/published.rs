//! Answers held against the published OpenAPI document, where it is at hand.
