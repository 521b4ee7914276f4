//! A whole worker against a real PostgreSQL and Redis.

mod house;
mod journal;
mod lease;
mod relaying;
