//! What a tape holds, by the eyes of ffprobe and ffmpeg.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use scene::{Area, Picture};

/// Every packet: stream, milliseconds, keyframe.
pub(crate) fn packets(tape: &Path) -> anyhow::Result<Vec<(usize, f64, bool)>> {
    let text = ffprobe(tape, &["-show_entries", "packet=stream_index,pts_time,flags", "-of", "csv=p=0"])?;
    // Side data of a packet stands on a line of its own.
    let lines = text.lines().filter(|line| line.starts_with(['0', '1'])).map(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        Ok((fields[0].parse()?, fields[1].parse::<f64>()? * 1000.0, fields[2].starts_with('K')))
    });
    lines.collect()
}

pub(crate) fn ffprobe(tape: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("ffprobe").args(["-v", "error"]).args(arguments).arg(tape).output()?;
    ensure!(output.status.success(), "ffprobe: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// The luma of the last picture, 1280 by 720.
pub(crate) fn last_luma(tape: &Path) -> anyhow::Result<Vec<u8>> {
    let mut command = Command::new("ffmpeg");
    command
        .args(["-v", "error", "-nostdin", "-i"])
        .arg(tape)
        .args(["-map", "0:v", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"]);
    let output = command.output()?;
    ensure!(output.status.success(), "ffmpeg: {}", String::from_utf8_lossy(&output.stderr));
    let (size, luma) = (1280 * 720 * 3 / 2, 1280 * 720);
    let last = output.stdout.len().checked_sub(size).context("the tape holds no picture")?;
    Ok(output.stdout[last..last + luma].to_vec())
}

/// How alike a region of a decoded picture and a drawn one are, in dB.
pub(crate) fn psnr(decoded: &[u8], drawn: &Picture, area: Area) -> f64 {
    let [(luma, stride), ..] = drawn.planes();
    let mut error = 0.0;
    for y in area.y..area.y + area.height {
        for x in area.x..area.x + area.width {
            let at = y as usize * stride + x as usize;
            error += (f64::from(decoded[at]) - f64::from(luma[at])).powi(2);
        }
    }
    let mean = error / f64::from(area.width * area.height);
    10.0 * (255.0_f64.powi(2) / mean.max(1e-9)).log10()
}
