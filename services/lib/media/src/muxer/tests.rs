//! Encoding to real files, read back by ffprobe: another program than the one that wrote them.

use std::path::Path;
use std::process::Command;

use super::*;
use crate::encoder::{Encoder, Frame};
use crate::video::Settings;

const WITHIN: Duration = Duration::from_secs(5);

/// A grey picture that becomes brighter.
fn program(settings: &Settings, from: u64, frames: u64, mut each: impl FnMut(&AccessUnit)) -> StreamInfo {
    let mut encoder = Encoder::open(settings, FrameNumber(from)).unwrap();
    let info = encoder.info().clone();
    let (width, height) = (settings.width as usize, settings.height as usize);
    for n in from..from + frames {
        let luma: Vec<u8> = (0..width * height)
            .map(|at| u8::try_from((at / width + at + usize::try_from(n).unwrap() * 3) % 200 + 20).unwrap())
            .collect();
        let chroma = vec![128; width * height / 4];
        let planes = [(&luma[..], width), (&chroma[..], width / 2), (&chroma[..], width / 2)];
        let frame = Frame { planes, number: FrameNumber(n), keyframe: n == from + 47 };
        encoder.encode(frame).unwrap().iter().for_each(&mut each);
    }
    encoder.finish().unwrap().iter().for_each(each);
    info
}

fn small() -> Settings {
    Settings { width: 320, height: 180, bitrate_kbps: 400, ..Settings::default() }
}

fn ffprobe(arguments: &[&str], file: &Path) -> String {
    let output = Command::new("ffprobe").args(["-v", "error"]).args(arguments).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn written(name: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    let mut units = Vec::new();
    let info = program(&small(), 900, 150, |unit| units.push(unit.clone()));
    assert!(units.is_sorted_by_key(|unit| unit.at_us), "picture and sound come in the order of their times");
    let target = Target::File { path: path.clone() };
    let mut muxer = Muxer::open(&target, &info, Interrupt::new(), WITHIN).unwrap();
    for unit in &units {
        muxer.write(unit, WITHIN).unwrap();
    }
    assert_eq!(muxer.video_frames(), 150);
    assert!(muxer.bytes() > 0);
    muxer.finish(WITHIN).unwrap();
    (directory, path)
}

#[test]
fn a_file_has_the_codecs_the_colours_and_the_rate_that_x_asks_for() {
    for name in ["a.flv", "a.mp4"] {
        let (_directory, path) = written(name);
        let entries = "stream=codec_name,profile,width,height,avg_frame_rate,color_space,color_range,has_b_frames,sample_rate,channels";
        let streams = ffprobe(&["-show_entries", entries, "-of", "json"], &path);
        let streams: serde_json::Value = serde_json::from_str(&streams).unwrap();
        let (video, audio) = (&streams["streams"][0], &streams["streams"][1]);
        for (field, expected) in [
            ("codec_name", "h264"),
            ("profile", "High"),
            ("avg_frame_rate", "30/1"),
            ("color_space", "bt709"),
            ("color_range", "tv"),
        ] {
            assert_eq!(video[field], expected, "{name}: {field}");
        }
        assert_eq!(video["has_b_frames"], 0);
        assert_eq!(
            (&audio["codec_name"], &audio["sample_rate"], &audio["channels"]),
            (&"aac".into(), &"48000".into(), &2.into())
        );
        assert_eq!(audio["profile"], "LC");
    }
}

#[test]
fn time_begins_at_zero_rises_and_keyframes_come_in_time() {
    let (_directory, path) = written("a.flv");
    let packets = ffprobe(&["-show_entries", "packet=stream_index,pts,dts,flags", "-of", "csv=p=0"], &path);
    let mut last = [-1_i64; 2];
    let mut keyframes = Vec::new();
    for line in packets.lines() {
        let fields: Vec<&str> = line.split(',').collect();
        let (stream, pts, dts): (usize, i64, i64) =
            (fields[0].parse().unwrap(), fields[1].parse().unwrap(), fields[2].parse().unwrap());
        assert_eq!(pts, dts, "nothing is reordered");
        assert!(pts > last[stream], "{line}");
        last[stream] = pts;
        if stream == 0 && fields[3].starts_with('K') {
            keyframes.push(pts);
        }
    }
    // The one at 47 was asked for; the encoder counts its groups of 60 from there.
    assert_eq!(keyframes, [0, 1567, 3567]);
    assert!((last[0] - last[1]).abs() <= 50, "sound and picture end together: {last:?}");
}

#[test]
fn nobody_listening_is_told_from_a_stop() {
    let info = program(&small(), 0, 1, |_| {});
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let target = Target::Rtmp { url: format!("rtmp://{closed}/live").parse().unwrap(), key: Some("k".into()) };
    let refused = Muxer::open(&target, &info, Interrupt::new(), WITHIN).unwrap_err();
    assert!(matches!(refused, Error::ConnectFailed(_)), "{refused:?}");
}

#[test]
fn a_server_that_says_nothing_is_given_up_at_the_deadline_and_a_stop_ends_the_wait() {
    let info = program(&small(), 0, 1, |_| {});
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("rtmp://{}/live", silent.local_addr().unwrap()).parse().unwrap();
    let target = Target::Rtmp { url, key: None };
    let begun = std::time::Instant::now();
    let late = Muxer::open(&target, &info, Interrupt::new(), Duration::from_millis(300)).unwrap_err();
    assert_eq!(late, Error::TimedOut);
    let interrupt = Interrupt::new();
    interrupt.stop();
    assert_eq!(Muxer::open(&target, &info, interrupt, WITHIN).unwrap_err(), Error::Stopped);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}
