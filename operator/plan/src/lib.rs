//! operator-plan.
