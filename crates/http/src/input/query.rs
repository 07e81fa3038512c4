use actix_web::HttpRequest;
use muster_domain::page::Limit;
use percent_encoding::percent_decode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use super::fault::fault;
use crate::problem::Problem;

/// The query string. A parameter that is not known is refused, so that a misspelt filter does not select everything.
pub(crate) fn query<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, Problem> {
    let raw = request.query_string().as_bytes();
    for pair in raw.split(|byte| *byte == b'&') {
        if percent_decode(pair).decode_utf8().is_err() {
            let name = percent_decode(pair.split(|byte| *byte == b'=').next().unwrap_or_default()).decode_utf8();
            let name = name.ok().filter(|name| name.len() <= 40).unwrap_or("query".into());
            return Err(Problem::field(&name, "must be UTF-8"));
        }
    }
    let deserializer = serde_urlencoded::Deserializer::new(form_urlencoded::parse(raw));
    serde_path_to_error::deserialize(deserializer)
        .map_err(|error| fault(&error.path().to_string(), &error.inner().to_string()))
}

/// The `limit` of a list.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Limited(pub(crate) Limit);

impl TryFrom<String> for Limited {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().ok().and_then(Limit::new).map(Self).ok_or("must be a number from 1 to 200")
    }
}

/// A time in a query, in UTC. The years are those that every store can compare.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Timestamp(pub(crate) OffsetDateTime);

impl TryFrom<String> for Timestamp {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        OffsetDateTime::parse(&text, &Rfc3339)
            .ok()
            .and_then(|at| at.checked_to_offset(UtcOffset::UTC))
            .filter(|at| (1..=9999).contains(&at.year()))
            .map(Self)
            .ok_or("must be an RFC 3339 time like 2026-11-22T12:00:00Z")
    }
}

/// The `Link` header (RFC 8288) of the page that follows: this request with another cursor.
pub(crate) fn next_link(request: &HttpRequest, cursor: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(form_urlencoded::parse(request.query_string().as_bytes()).filter(|(name, _)| name != "cursor"));
    query.append_pair("cursor", cursor);
    format!("<{}?{}>; rel=\"next\"", request.path(), query.finish())
}
