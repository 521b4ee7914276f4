//! operator-api.
