//! From `PUT /v1/spec`'s body to a [`Program`]. Wrong fields are named by a JSON pointer.

use std::path::Path;

use media::Settings;
use media::timeline::Fps;
use operator_api::stream::{Output, OutputType, Stream};
use url::Url;
use wire::compositor::CompositorSpec;
use wire::problem::Fault;

use super::{Destination, OutputPlan, Program, SourcePlan};

/// Where this process finds and puts files.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places<'a> {
    pub(crate) stream_keys: &'a Path,
    pub(crate) recordings: Option<&'a Path>,
}

/// Reads a spec.
pub(crate) fn read(spec: &CompositorSpec, places: Places<'_>) -> Result<Program, Vec<Fault>> {
    let CompositorSpec { generation, stream, source, publish } = spec;
    let stream: Stream = serde_json::from_value(stream.clone())
        .map_err(|error| vec![fault("/stream", error.to_string(), "send the Stream as the API server answers it")])?;
    let mut faults = Vec::new();
    let settings = settings(&stream);
    if let Err(wrong) = settings.check() {
        faults.push(fault("/stream/spec/video", wrong.to_string(), "correct the video settings"));
    }
    let mut outputs = Vec::new();
    for (index, output) in stream.spec.outputs.iter().enumerate() {
        match destination(output, places) {
            Ok(destination) => {
                outputs.push(OutputPlan { name: output.name.clone(), required: output.is_required(), destination });
            }
            Err(problem) => {
                let at = format!("/stream/spec/outputs/{index}/url");
                faults.push(fault(&at, problem, "write rtmp:// or rtmps://, the server and the application"));
            }
        }
    }
    let source = source.as_ref().and_then(|source| match engine(&source.engine_url) {
        Ok(engine) => Some(SourcePlan { auction: source.auction.clone(), engine }),
        Err(problem) => {
            faults.push(fault("/source/engine_url", problem, "write http:// and the engine's host and API port"));
            None
        }
    });
    if faults.is_empty() {
        Ok(Program { generation: *generation, settings, outputs, source, publish: *publish })
    } else {
        Err(faults)
    }
}

fn settings(stream: &Stream) -> Settings {
    let (video, audio) = (&stream.spec.video, &stream.spec.audio);
    // What is below zero is no setting; zero is refused by the check.
    let positive = |value: i64| u32::try_from(value).unwrap_or(0);
    Settings {
        width: positive(video.width.into()),
        height: positive(video.height.into()),
        fps: Fps(positive(video.fps.into())),
        bitrate_kbps: positive(video.bitrate_kbps.into()),
        keyframe_seconds: positive(video.keyframe_seconds),
        preset: video.preset.encoder_name().to_owned(),
        audio_bitrate_kbps: positive(audio.bitrate_kbps.into()),
    }
}

fn destination(output: &Output, places: Places<'_>) -> Result<Destination, String> {
    match (output.kind, places.recordings) {
        (OutputType::Rtmp | OutputType::Rtmps, _) => {
            let url = output.url.as_deref().ok_or("the output has no url")?;
            let url: Url = url.parse().map_err(|error| format!("{error}"))?;
            if !matches!(url.scheme(), "rtmp" | "rtmps") || url.host_str().is_none() {
                return Err("the url is not one of RTMP".to_owned());
            }
            let key_file = output.stream_key_secret_ref.as_ref().map(|_| places.stream_keys.join(&output.name));
            Ok(Destination::Rtmp { url, key_file })
        }
        (OutputType::Record, Some(directory)) => Ok(Destination::Record { directory: directory.to_owned() }),
        (OutputType::Hls, Some(directory)) => Ok(Destination::Hls { directory: directory.join(&output.name) }),
        (OutputType::Record | OutputType::Hls, None) => {
            Ok(Destination::Unsupported("this compositor was given no directory for recordings (--recordings)"))
        }
    }
}

fn engine(url: &str) -> Result<Url, String> {
    let url: Url = url.parse().map_err(|error| format!("{error}"))?;
    if url.scheme() != "http" || url.host_str().is_none() {
        return Err("the url does not begin with http:// and a host".to_owned());
    }
    Ok(url)
}

fn fault(at: &str, detail: String, remedy: &str) -> Fault {
    Fault { at: at.to_owned(), code: "InvalidField".into(), detail, remedy: remedy.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn places() -> Places<'static> {
        Places { stream_keys: Path::new("/keys"), recordings: None }
    }

    fn spec(outputs: &serde_json::Value) -> CompositorSpec {
        let stream = json!({
            "apiVersion": "sothebais.io/v1alpha1", "kind": "Stream", "metadata": {"name": "show"},
            "spec": {"outputs": outputs, "video": {"bitrateKbps": 3000}},
        });
        let spec = json!({
            "generation": 4, "stream": stream, "publish": {"mode": "dark"},
            "source": {"auction": "spring", "engine_url": "http://spring:4400"},
        });
        serde_json::from_value(spec).unwrap()
    }

    #[test]
    fn a_stream_becomes_a_program() {
        let outputs = json!([
            {"name": "x", "type": "RTMP", "url": "rtmp://va.pscp.tv:80/x", "streamKeySecretRef": {"name": "s", "key": "k"}},
            {"name": "tape", "type": "Record", "importance": "BestEffort"},
        ]);
        let program = read(&spec(&outputs), places()).unwrap();
        assert_eq!((program.generation, program.settings.bitrate_kbps), (4, 3_000));
        let url = "rtmp://va.pscp.tv:80/x".parse().unwrap();
        let destination = Destination::Rtmp { url, key_file: Some("/keys/x".into()) };
        assert_eq!(program.outputs[0], OutputPlan { name: "x".into(), required: true, destination });
        assert!(matches!(program.outputs[1].destination, Destination::Unsupported(_)));
        assert!(!program.outputs[1].required);
    }

    #[test]
    fn wrong_fields_are_named_all_at_once() {
        let mut spec =
            spec(&json!([{"name": "x", "type": "RTMP", "url": "http://a/b"}, {"name": "y", "type": "RTMPS"}]));
        spec.source.as_mut().unwrap().engine_url = wire::Text::new("ftp://a").unwrap();
        let at: Vec<String> = read(&spec, places()).unwrap_err().into_iter().map(|fault| fault.at).collect();
        assert_eq!(at, ["/stream/spec/outputs/0/url", "/stream/spec/outputs/1/url", "/source/engine_url"]);
    }
}
