//! A whole worker against a real PostgreSQL and Redis.

mod ending;
mod house;
mod journal;
mod lease;
mod relaying;
