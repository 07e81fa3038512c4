//! Sending traces to a collector (OpenTelemetry, OTLP over HTTP).

use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use muster_domain::with_causes;
use muster_outbound::{Client, ClientError, TransportError};
use opentelemetry::trace::TracerProvider;
use opentelemetry::{KeyValue, global};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response, ResponseExt};
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::config;

/// How long the collector has for one batch.
const DEADLINE: Duration = Duration::from_secs(5);
/// How far apart complaints about a collector are at the least.
const COMPLAINTS_APART: Duration = Duration::from_mins(1);

/// What sends traces, when the configuration says where to. There is one log in a process, and one of these.
static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// Why traces go nowhere.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TelemetryError {
    /// Nobody could be trusted.
    #[error("cannot call the collector (OTEL_EXPORTER_OTLP_ENDPOINT)")]
    Transport(#[from] TransportError),
    /// The client could not be made.
    #[error("cannot set up the HTTP client for the collector")]
    Client(#[from] ClientError),
    /// The collector's address cannot be used.
    #[error("cannot send to the collector (OTEL_EXPORTER_OTLP_ENDPOINT)")]
    Exporter(#[from] ExporterBuildError),
}

/// Understands the trace of a caller (W3C Trace Context), also where traces go nowhere: their ids stand in the log.
pub(crate) fn understand_callers() {
    global::set_text_map_propagator(TraceContextPropagator::new());
}

/// Begins to send traces, and returns what makes them. They leave in batches, from a thread of their own; what the
/// collector does not take in time is dropped.
///
/// # Errors
/// When the address cannot be used. Nothing is asked of the collector yet.
pub(crate) fn start(settings: &config::Tracing) -> Result<SdkTracer, TelemetryError> {
    let client = muster_outbound::client()?.timeout(DEADLINE).build()?;
    let collector = Collector { client, runtime: Handle::current(), complained: Mutex::default() };
    let base = settings.endpoint.as_str().trim_end_matches('/');
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(collector)
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{base}/v1/traces"))
        .build()?;
    let version = KeyValue::new("service.version", crate::build::NUMBER);
    let provider = SdkTracerProvider::builder()
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.share))))
        .with_resource(Resource::builder().with_service_name("muster").with_attribute(version).build())
        .with_batch_exporter(exporter)
        .build();
    Ok(PROVIDER.get_or_init(|| provider).tracer("muster"))
}

/// Sends what was not sent yet.
pub(crate) async fn stop() {
    // Blocks its thread until the runtime has carried the last batch.
    let stopped = tokio::task::spawn_blocking(|| PROVIDER.get().map(SdkTracerProvider::shutdown)).await;
    if let Ok(Some(Err(error))) = stopped {
        tracing::warn!(cause = with_causes(&error), "the last traces were not sent");
    }
}

/// The way to the collector.
struct Collector {
    client: Client,
    /// Where requests run: the exporter's own thread has no runtime.
    runtime: Handle,
    /// When the log was told that it does not take traces.
    complained: Mutex<Option<Instant>>,
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Collector")
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        // Outside of any span: what sends traces is not traced.
        let sent = self.runtime.spawn(async move { send(&client, request).await }).await;
        let sent = sent.unwrap_or_else(|panicked| Err(panicked.into()));
        let outcome = if sent.is_ok() { "accepted" } else { "failed" };
        metrics::counter!("muster_trace_batches_total", "outcome" => outcome).increment(1);
        if let Err(error) = &sent {
            self.complain(error);
        }
        sent
    }
}

impl Collector {
    fn complain(&self, error: &HttpError) {
        let now = Instant::now();
        let mut complained = self.complained.lock().unwrap_or_else(PoisonError::into_inner);
        if complained.is_none_or(|at| now - at >= COMPLAINTS_APART) {
            *complained = Some(now);
            tracing::warn!(cause = with_causes(&**error), "the collector takes no traces; they are dropped");
        }
    }
}

async fn send(client: &Client, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let response = client.execute(request.try_into()?).await.map_err(ClientError::without_url)?;
    let status = response.status();
    let body = response.bytes().await.map_err(ClientError::without_url)?;
    Response::builder().status(status).body(body)?.error_for_status()
}
