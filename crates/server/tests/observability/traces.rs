use std::fmt::Write;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Attribute;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message;
use serde_json::{Value, json};

use crate::common::client::{Client, http};
use crate::common::{Folder, Server};
use crate::listener::Listener;
use crate::with_twilio;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// The spans that came to a collector, decoded from the protobuf.
fn spans(collector: &Listener) -> Vec<Span> {
    let mut spans = Vec::new();
    for heard in collector.heard() {
        assert!(heard.head.starts_with("post /v1/traces http/1.1\r\n"), "{}", heard.head);
        assert_eq!(heard.header("content-type"), Some("application/x-protobuf"));
        assert_eq!(heard.header("traceparent"), None, "what sends traces is not traced");
        for resource in ExportTraceServiceRequest::decode(&heard.body[..]).unwrap().resource_spans {
            let attributes = resource.resource.unwrap().attributes;
            let named = attributes.iter().find(|attribute| attribute.key == "service.name").unwrap();
            let Some(Attribute::StringValue(name)) = named.value.clone().unwrap().value else { panic!("{named:?}") };
            assert_eq!(name, "muster");
            spans.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
    }
    spans
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

fn attribute(span: &Span, name: &str) -> Value {
    let found = span.attributes.iter().find(|attribute| attribute.key == name);
    match found.and_then(|attribute| attribute.value.clone()?.value) {
        Some(Attribute::StringValue(text)) => text.into(),
        Some(Attribute::IntValue(number)) => number.into(),
        _ => Value::Null,
    }
}

/// Asks for a code by SMS within a trace of the caller's.
async fn send(client: &Client, server: &Server, flags: &str) {
    let request = http()
        .post(format!("{}/api/notifications/verification/send", server.url))
        .bearer_auth(client.token())
        .header("traceparent", format!("00-{TRACE}-{CALLER}-{flags}"))
        .header("tracestate", "vendor=of-the-caller")
        .header("baggage", "account=of-the-caller")
        .json(&json!({ "method": "sms" }));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers().get("traceparent"), None);
}

fn export_to(url: &str) -> [(&'static str, String); 1] {
    [("OTEL_EXPORTER_OTLP_ENDPOINT", url.to_owned())]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_continues_its_callers_trace_and_the_provider_gets_its_own_place_in_it() {
    let (collector, twilio) = (Listener::collector().await, Listener::twilio().await);
    let installation = with_twilio(&twilio.url, export_to(&collector.url));
    let server = installation.serve();
    let (clients, _) = installation.sign_in(&server).await;
    send(&clients[0], &server, "01").await;
    assert_eq!(http().get(format!("{}/nowhere", server.url)).send().await.unwrap().status(), 404);
    assert!(server.stop().success());
    let spans = spans(&collector);
    let named = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    let all: Vec<_> = spans.iter().map(|span| &span.name).collect();
    assert_eq!(spans.len(), 3, "what stopped sends what it has, and nothing of its own: {all:?}");

    let request = named("POST /api/notifications/verification/send");
    assert_eq!((hex(&request.trace_id).as_str(), hex(&request.parent_span_id).as_str()), (TRACE, CALLER));
    assert_eq!(request.kind(), SpanKind::Server);
    assert_eq!(attribute(request, "http.response.status_code"), 200);
    assert_eq!(attribute(request, "http.route"), "/api/notifications/verification/send");
    assert!(attribute(request, "principal").as_str().unwrap().starts_with("user:"));
    let sent = named("send");
    assert_eq!((hex(&sent.trace_id).as_str(), &sent.parent_span_id), (TRACE, &request.span_id));
    assert_eq!(sent.kind(), SpanKind::Client);
    assert_eq!((attribute(sent, "provider"), attribute(sent, "outcome")), (json!("twilio"), json!("accepted")));
    let nowhere = named("GET");
    assert!(nowhere.parent_span_id.is_empty() && hex(&nowhere.trace_id) != TRACE);

    let messages = twilio.heard();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].header("traceparent").unwrap(), format!("00-{TRACE}-{}-01", hex(&sent.span_id)));
    assert_eq!((messages[0].header("tracestate"), messages[0].header("baggage")), (None, None));
    assert!(installation.folder.log().contains(&format!("\"trace_id\":\"{TRACE}\"")));
    installation.assert_silent(&format!("{spans:?}"), &[clients[0].token().to_owned()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_to_be_recorded_is_passed_on_and_not_sent() {
    let (collector, twilio) = (Listener::collector().await, Listener::twilio().await);
    let share = [("MUSTER_TRACE_PERCENT", "0".to_owned())];
    let installation = with_twilio(&twilio.url, export_to(&collector.url).into_iter().chain(share));
    let server = installation.serve();
    let (clients, _) = installation.sign_in(&server).await;
    send(&clients[0], &server, "00").await;
    clients[0].get("/api/users/me").await;
    assert!(server.stop().success());
    assert_eq!(spans(&collector), []);
    let given = twilio.heard()[0].header("traceparent").unwrap().to_owned();
    assert!(given.starts_with(&format!("00-{TRACE}-")) && given.ends_with("-00"), "{given}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_collector_the_callers_trace_stands_in_the_log_and_goes_nowhere() {
    let twilio = Listener::twilio().await;
    let installation = with_twilio(&twilio.url, []);
    let server = installation.serve();
    let (clients, _) = installation.sign_in(&server).await;
    send(&clients[0], &server, "01").await;
    let broken = http().get(format!("{}/healthz", server.url)).header("traceparent", "00-zz-yy-01");
    assert_eq!(broken.send().await.unwrap().status(), 200);
    assert!(server.stop().success());
    assert_eq!(twilio.heard()[0].header("traceparent"), None);
    assert!(installation.folder.log().contains(&format!("\"trace_id\":\"{TRACE}\"")));
}

/// Serves people for a while, and returns how long stopping took.
async fn serve_with_collector(folder: &Folder, url: &str) -> Duration {
    let server = folder.serve_with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", url), ("OTEL_BSP_SCHEDULE_DELAY", "100")]);
    let grace = Client::sign_in(&server.url, "grace@example.com").await;
    for _ in 0..20 {
        let began = Instant::now();
        grace.get("/api/users/me").await;
        assert!(began.elapsed() < Duration::from_secs(2), "a collector holds up no request: {:?}", began.elapsed());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let began = Instant::now();
    assert!(server.stop().success());
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_gone_costs_a_line_in_the_log() {
    let folder = Folder::new();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let stopping = serve_with_collector(&folder, &format!("http://{nobody}")).await;
    assert!(stopping < Duration::from_secs(5), "{stopping:?}");
    let complaints = folder.log().matches("the collector takes no traces").count();
    assert_eq!(complaints, 1, "{}", folder.log());
    assert_eq!(folder.log().matches("ERROR").count(), 0, "{}", folder.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_asleep_holds_up_no_request_and_stopping_a_little() {
    let (folder, collector) = (Folder::new(), Listener::asleep().await);
    let stopping = serve_with_collector(&folder, &collector.url).await;
    assert!(stopping < Duration::from_secs(15), "{stopping:?}");
    assert!(!collector.heard().is_empty());
}
