//! The operator: reconciles `Auction` and `Stream` resources into pods, routes and protection.

pub mod object;
pub mod rbac;
pub mod render;
pub mod traefik;
