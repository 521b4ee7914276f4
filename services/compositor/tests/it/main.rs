//! The real program against an independent RTMP server (nginx), read back by ffprobe and ffmpeg.

mod engine;
mod pictures;
mod process;
mod publisher;
mod scenarios;
