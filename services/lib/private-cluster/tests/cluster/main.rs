//! Real clusters, really started, asked, broken and taken down.

mod control_plane;
mod node;
