//! Logs and traces of a process: set up first, flushed last.

use std::io::IsTerminal as _;
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider};
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::fmt::writer::MakeWriterExt as _;
use tracing_subscriber::layer::{Layered, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry, reload};

use crate::args::{LogFormat, Telemetry as Args};
use crate::log::{Flat, FloodGate, Recent, Rotating};
use crate::trace::{Entrance, Exit, Exporting, InFlight};

/// Bursts overflow the library's default queue of 2,048 spans.
const SPAN_QUEUE: usize = 16_384;
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// What lets lines pass, below everything that writes them.
type Gated = Layered<FloodGate, Layered<reload::Layer<EnvFilter, Registry>, Registry>>;
type BoxedLayer = Box<dyn tracing_subscriber::Layer<Gated> + Send + Sync>;

/// Why telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the log filter \"{filter}\" is not understood; write such as info,auction_engine=debug")]
    Filter { filter: String, source: tracing_subscriber::filter::ParseError },
    #[error("the log directory cannot be written")]
    LogDirectory(#[source] std::io::Error),
    #[error("the trace exporter cannot be made")]
    Exporter(#[source] opentelemetry_otlp::ExporterBuildError),
    #[error("the trace exporter has no thread")]
    ExporterThread(#[source] std::io::Error),
    #[error("the trace exporter has no HTTP client")]
    ExporterClient(#[source] reqwest::Error),
    #[error("telemetry is set up already")]
    Twice(#[source] tracing_subscriber::util::TryInitError),
}

/// Keeps telemetry going; dropping it flushes what is queued.
#[must_use = "dropping it ends the process's telemetry"]
pub struct Guard {
    traces: Option<(SdkTracerProvider, Exporting)>,
    _file: Option<tracing_appender::non_blocking::WorkerGuard>,
}

/// Changes what is logged while the process runs.
#[derive(Debug, Clone)]
pub struct Filter {
    handle: reload::Handle<EnvFilter, Registry>,
    usual: String,
}

impl Filter {
    /// Replaces the filter; an unreadable one changes nothing.
    pub fn set(&self, filter: &str) -> Result<(), Error> {
        let parsed = parse(filter)?;
        // The only failure is a subscriber that is gone, and then there is nothing left to filter.
        let _ = self.handle.reload(parsed);
        Ok(())
    }

    /// Takes up again the filter that the process was started with.
    pub fn restore(&self) {
        self.set(&self.usual).expect("the usual filter was readable when the process started");
    }

    /// What is logged now.
    #[cfg(test)]
    pub(crate) fn now(&self) -> String {
        self.handle.with_current(ToString::to_string).expect("the subscriber is there")
    }
}

/// A filter that can be changed.
pub(crate) fn filter(usual: &str) -> Result<(reload::Layer<EnvFilter, Registry>, Filter), Error> {
    let (layer, handle) = reload::Layer::new(parse(usual)?);
    Ok((layer, Filter { handle, usual: usual.to_owned() }))
}

fn parse(filter: &str) -> Result<EnvFilter, Error> {
    EnvFilter::try_new(filter).map_err(|source| Error::Filter { filter: filter.to_owned(), source })
}

/// Sets up the logs and traces of `service`.
pub fn init(args: &Args, service: &'static str, version: &'static str) -> Result<Guard, Error> {
    let (filtering, filter) = filter(&args.log_filter)?;
    let recent = Recent::default();
    let flat = Flat { service, version };
    let mut layers: Vec<BoxedLayer> = vec![terminal(args.log_format, &flat)];
    layers.push(json(&flat, {
        let recent = recent.clone();
        move || recent.clone()
    }));
    let mut file = None;
    if let Some(directory) = &args.log_dir {
        let rotating = Rotating::open(directory, service).map_err(Error::LogDirectory)?;
        let (writer, guard) = tracing_appender::non_blocking(rotating);
        file = Some(guard);
        layers.push(json(&flat, writer));
    }
    let traces = args.otlp_endpoint.as_deref().map(|endpoint| exporter(endpoint, service)).transpose()?;
    if let Some((provider, _)) = &traces {
        opentelemetry::global::set_tracer_provider(provider.clone());
        crate::trace::enable();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("sothebais"));
        layers.push(
            layer.with_location(false).with_threads(false).with_tracked_inactivity(false).with_target(false).boxed(),
        );
    }
    subscriber(filtering, layers).try_init().map_err(Error::Twice)?;
    log_panics();
    crate::operations::open(recent, filter);
    Ok(Guard { traces, _file: file })
}

/// The filter and the gate stand by themselves: among other layers of one list, the most interested one decides.
fn subscriber(
    filtering: reload::Layer<EnvFilter, Registry>,
    layers: Vec<BoxedLayer>,
) -> Layered<Vec<BoxedLayer>, Gated> {
    tracing_subscriber::registry().with(filtering).with(FloodGate::default()).with(layers)
}

/// A panic is a line of the log like every other error: whoever reads only the log's file learns of it.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("no message");
        tracing::error!(place, message, "a task panicked");
    }));
}

fn terminal(format: LogFormat, flat: &Flat) -> BoxedLayer {
    let pretty = match format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Pretty => true,
        LogFormat::Json => false,
    };
    if pretty {
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).boxed()
    } else {
        json(flat, std::io::stderr.with_max_level(tracing::Level::TRACE))
    }
}

fn json<W>(flat: &Flat, writer: W) -> BoxedLayer
where
    W: for<'a> tracing_subscriber::fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::fmt::layer()
        .event_format(flat.clone())
        .fmt_fields(JsonFields::new())
        .with_writer(writer)
        .boxed()
}

fn exporter(endpoint: &str, service: &'static str) -> Result<(SdkTracerProvider, Exporting), Error> {
    let exporting = Exporting::start().map_err(Error::ExporterThread)?;
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_http_client(exporting.client(EXPORT_TIMEOUT).map_err(Error::ExporterClient)?)
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_timeout(EXPORT_TIMEOUT)
        .build()
        .map_err(Error::Exporter)?;
    let queue = BatchConfigBuilder::default().with_max_queue_size(SPAN_QUEUE).build();
    let in_flight = InFlight::new(SPAN_QUEUE);
    let exporter = Exit { inner: exporter, in_flight: in_flight.clone() };
    let inner = BatchSpanProcessor::builder(exporter).with_batch_config(queue).build();
    let processor = Entrance { inner, in_flight };
    let resource = Resource::builder().with_service_name(service).build();
    let provider = SdkTracerProvider::builder()
        .with_span_processor(processor)
        .with_id_generator(crate::trace::KnownIds::default())
        .with_resource(resource)
        .build();
    Ok((provider, exporting))
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some((provider, _exporting)) = self.traces.take()
            && let Err(error) = provider.shutdown()
        {
            eprintln!("the last spans could not be sent: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_holds_for_every_reader_and_can_be_changed() {
        let (filtering, filter) = filter("info").expect("a readable filter");
        let readers = [Recent::default(), Recent::default()];
        let flat = Flat { service: "test", version: "0" };
        let layer = |reader: &Recent| {
            let reader = reader.clone();
            json(&flat, move || reader.clone())
        };
        let layers = readers.iter().map(layer).collect();
        tracing::subscriber::with_default(subscriber(filtering, layers), || {
            let say = || {
                tracing::debug!("quiet");
                tracing::info!("loud");
            };
            say();
            filter.set("debug").expect("a readable filter");
            say();
            filter.restore();
            say();
        });
        for reader in readers {
            let lines = reader.last(100);
            let of = |word: &str| lines.iter().filter(|line| line.contains(word)).count();
            assert_eq!((of("quiet"), of("loud")), (1, 3), "{lines:?}");
        }
    }
}
