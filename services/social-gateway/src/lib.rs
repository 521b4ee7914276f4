//! social-gateway.
