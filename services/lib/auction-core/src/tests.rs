//! The rules as sentences: given events, when a command comes at a time, then events or a refusal.

mod bidding;
