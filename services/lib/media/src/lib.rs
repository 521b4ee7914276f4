//! Encoding and sending with libav: the one home of `ffmpeg_next`.
