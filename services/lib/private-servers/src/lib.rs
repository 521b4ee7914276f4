//! private-servers.
