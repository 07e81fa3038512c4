use opentelemetry::trace::TraceContextExt;
use reqwest::RequestBuilder;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// A request that tells whom it goes to which trace it belongs to (W3C Trace Context, `traceparent`), when it belongs to
/// one. What the trace's beginner added for systems of its own (`tracestate`, `baggage`) stays here.
pub fn traced(request: RequestBuilder) -> RequestBuilder {
    let context = Span::current().context();
    let span = context.span();
    let span = span.span_context();
    if !span.is_valid() {
        return request;
    }
    request.header("traceparent", format!("00-{}-{}-{:02x}", span.trace_id(), span.span_id(), span.trace_flags()))
}
