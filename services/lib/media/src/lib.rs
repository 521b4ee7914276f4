//! Encoding and sending with libav: the one home of `ffmpeg_next`, and of unsafe code.
//!
//! frame → [`Encoder`] → [`AccessUnit`]s (encoded once) → [`Queue`] of each output → [`Muxer`] → socket or file. The clock rules
//! stand in [`timeline`]. Nothing here knows an auction, a lease or an async runtime: threads are the caller's.

mod audio;
mod encoder;
mod error;
mod interrupt;
mod libav;
mod muxer;
mod queue;
pub mod timeline;
mod unit;
mod video;

pub use encoder::{Encoder, Frame};
pub use error::{Error, Severity};
pub use interrupt::{Interrupt, Interrupted};
pub use muxer::{Muxer, Target};
pub use queue::{Closed, Pushed, Queue, Receiver};
pub use unit::{AccessUnit, Media, StreamInfo};
pub use video::{Settings, WrongSettings};

/// Makes libav quiet but for its errors. Call it once, before anything else of this crate.
pub fn init() {
    libav::init();
}
