//! Answers to bidders, within X's rules: only to somebody's own post to us, one for each, never a link, never a mention
//! of our own accord, never to who said "stop". What is said follows from the engine's events by templates; how much is
//! said follows from X's limits and the show's budget.

pub mod facts;
pub mod plan;
pub mod queue;
pub mod reader;
pub mod sender;
pub mod template;
mod trace;
pub mod wish;
