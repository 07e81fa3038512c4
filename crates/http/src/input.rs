//! Reading what clients send. Everything is parsed into the domain's own types at once, so each rule stands in one
//! place, and a fault names its field.

use std::future::{Ready, ready};
use std::pin::Pin;
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use muster_domain::page::Limit;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::problem::{Kind, Problem};

/// The largest body that is read, in bytes.
pub(crate) const MAX_BODY: usize = 64 * 1024;

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let declared = check_declared(request);
        let body = web::Bytes::from_request(request, payload);
        Box::pin(async move {
            declared?;
            let body = body.await.map_err(|error| unreadable(&error))?;
            parse_json(&body).map(Self)
        })
    }
}

/// Refuses what the head already tells: not JSON, or too large.
fn check_declared(request: &HttpRequest) -> Result<(), Problem> {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|bytes| bytes > MAX_BODY as u64) {
        return Err(too_large());
    }
    if request.content_type().eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(Problem::new(Kind::UnsupportedMediaType, "send the body with Content-Type: application/json"))
    }
}

fn too_large() -> Problem {
    Problem::new(Kind::PayloadTooLarge, format!("a body may have at most {MAX_BODY} bytes"))
}

fn unreadable(error: &actix_web::Error) -> Problem {
    match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => too_large(),
        _ => Problem::new(Kind::MalformedRequest, "the body could not be read to its end"),
    }
}

fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value: T = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        if error.is_data() { fault(&path, &error.to_string()) } else { not_json(&error) }
    })?;
    deserializer.end().map_err(|error| not_json(&error))?;
    Ok(value)
}

fn not_json(error: &serde_json::Error) -> Problem {
    let detail = format!("the body is not JSON in UTF-8: line {}, column {}", error.line(), error.column());
    Problem::new(Kind::MalformedRequest, detail)
}

/// Makes a validation problem of what serde says about the value at `path`.
fn fault(path: &str, message: &str) -> Problem {
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    let base = if path == "." { "" } else { path };
    for (prefix, detail) in [
        ("missing field `", "is required"),
        ("unknown field `", "is not a known field"),
        ("duplicate field `", "must not be given twice"),
    ] {
        if let Some(name) = message.strip_prefix(prefix).and_then(|rest| rest.split('`').next()) {
            // serde's path ends with the key for some of these and with its parent for others.
            let parent = base.strip_suffix(name).map_or(base, |parent| parent.trim_end_matches('.'));
            let name: String = name.chars().take(100).collect();
            let field = if parent.is_empty() { name } else { format!("{parent}.{name}") };
            return Problem::field(&field, detail);
        }
    }
    let field = if base.is_empty() { "body" } else { base };
    Problem::field(field, message.chars().take(200).collect::<String>())
}

/// The query string. A parameter that is not known is refused, so that a misspelt filter does not select everything.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let deserializer =
            serde_urlencoded::Deserializer::new(form_urlencoded::parse(request.query_string().as_bytes()));
        ready(
            serde_path_to_error::deserialize(deserializer)
                .map(Self)
                .map_err(|error| fault(&error.path().to_string(), &error.inner().to_string())),
        )
    }
}

/// The `limit` of a list.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(try_from = "u16")]
pub(crate) struct Limited(pub(crate) Limit);

impl TryFrom<u16> for Limited {
    type Error = &'static str;

    fn try_from(items: u16) -> Result<Self, Self::Error> {
        Limit::new(items).map(Self).ok_or("must be from 1 to 200")
    }
}

/// A time in a query.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Timestamp(pub(crate) OffsetDateTime);

impl TryFrom<String> for Timestamp {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let at = OffsetDateTime::parse(&text, &Rfc3339);
        at.map(Self).map_err(|_| "must be an RFC 3339 time like 2026-11-22T12:00:00Z")
    }
}

/// The `Link` header (RFC 8288) of the page that follows: this request with another cursor.
pub(crate) fn next_link(request: &HttpRequest, cursor: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(form_urlencoded::parse(request.query_string().as_bytes()).filter(|(name, _)| name != "cursor"));
    query.append_pair("cursor", cursor);
    format!("<{}?{}>; rel=\"next\"", request.path(), query.finish())
}

/// The id in the path.
pub(crate) struct PathId<T>(pub(crate) T);

impl<T: FromStr> FromRequest for PathId<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id").and_then(|text| text.parse().ok());
        ready(id.map(Self).ok_or_else(|| Problem::field("id", "must be a UUID")))
    }
}
