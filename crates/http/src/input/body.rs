use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, rt, web};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::fault::fault;
use crate::edge::{BodyRead, Place};
use crate::problem::{Kind, Problem};

/// Which bodies a resource takes.
#[derive(Clone, Copy)]
pub(crate) struct Accepted {
    /// As what they may be declared.
    pub(crate) types: &'static [&'static str],
    /// The largest that is read, in bytes.
    pub(crate) max: usize,
}

impl Accepted {
    /// What a resource takes that says nothing.
    pub(crate) const JSON: Self = Self { types: &["application/json"], max: 64 * 1024 };
    /// What SCIM's resources take (RFC 7644, section 8.1): room for a group of 10,000 members.
    pub(crate) const SCIM: Self = Self { types: &["application/scim+json", "application/json"], max: 4 * 1024 * 1024 };
}

/// How long a client may take to send a body.
const PATIENCE: Duration = Duration::from_secs(10);

/// A body that was read, or why it was not. What it says is looked at when the handler asks.
pub(crate) struct Body(Result<web::Bytes, Problem>);

impl FromRequest for Body {
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Infallible>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let accepted = request.app_data::<Accepted>().copied().unwrap_or(Accepted::JSON);
        let declared = check_declared(request, accepted);
        let bytes = web::Bytes::from_request(request, payload);
        let place = request.extensions().get::<Rc<Place>>().cloned();
        let request = request.clone();
        Box::pin(async move {
            if let Err(problem) = declared {
                return Ok(Self(Err(problem)));
            }
            if let Some(place) = &place {
                place.leave();
            }
            let bytes = match rt::time::timeout(PATIENCE, bytes).await {
                Ok(Ok(bytes)) => {
                    request.extensions_mut().insert(BodyRead);
                    Ok(bytes)
                }
                Ok(Err(error)) => Err(unreadable(&error, accepted)),
                Err(_) => Err(Problem::new(Kind::RequestTimeout, "the body did not arrive within 10 seconds")),
            };
            Ok(Self(bytes.and_then(|bytes| place.map_or(Ok(()), |place| place.enter()).map(|()| bytes))))
        })
    }
}

/// Refuses what the head already tells: not JSON, or too large. A request without any body declares nothing.
fn check_declared(request: &HttpRequest, accepted: Accepted) -> Result<(), Problem> {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|bytes| bytes > accepted.max as u64) {
        return Err(too_large(accepted));
    }
    let declared = request.content_type();
    let nothing_to_declare = declared.is_empty() && length.unwrap_or(0) == 0;
    if nothing_to_declare || accepted.types.iter().any(|known| declared.eq_ignore_ascii_case(known)) {
        Ok(())
    } else {
        let detail = format!("send the body with Content-Type: {}", accepted.types.join(" or "));
        Err(Problem::new(Kind::UnsupportedMediaType, detail))
    }
}

fn too_large(accepted: Accepted) -> Problem {
    Problem::new(Kind::PayloadTooLarge, format!("a body may have at most {} bytes", accepted.max))
}

fn unreadable(error: &actix_web::Error, accepted: Accepted) -> Problem {
    match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => too_large(accepted),
        _ => Problem::new(Kind::MalformedRequest, "the body could not be read to its end"),
    }
}

impl Body {
    /// What was sent.
    pub(crate) fn bytes(self) -> Result<web::Bytes, Problem> {
        self.0
    }

    /// The JSON object in it.
    pub(crate) fn json<T: DeserializeOwned>(self) -> Result<T, Problem> {
        parse(&self.0?)
    }

    /// The same for a request all of whose fields may be left out, and so its body.
    pub(crate) fn json_or_default<T: DeserializeOwned + Default>(self) -> Result<T, Problem> {
        let bytes = self.0?;
        if bytes.is_empty() { Ok(T::default()) } else { parse(&bytes) }
    }

    /// The same for a document of objects within objects. Serde also takes an array of a struct's values for the struct,
    /// which no client is promised.
    pub(crate) fn document<T: DeserializeOwned + Serialize>(self) -> Result<T, Problem> {
        let bytes = self.0?;
        let document: T = parse(&bytes)?;
        let given: Value = parse(&bytes)?;
        match serde_json::to_value(&document) {
            Ok(meant) if same_shape(&given, &meant) => Ok(document),
            _ => Err(Problem::field("body", "has an array where an object belongs")),
        }
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if bytes.is_empty() {
        return Err(Problem::new(Kind::MalformedRequest, "the request needs a JSON object as its body"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value: Result<T, _> = serde_path_to_error::deserialize(&mut deserializer);
    let value = value.map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        if error.is_data() { fault(&path, &error.to_string()) } else { not_json(&error) }
    })?;
    deserializer.end().map_err(|error| not_json(&error))?;
    if bytes.trim_ascii_start().first() == Some(&b'{') {
        Ok(value)
    } else {
        Err(Problem::field("body", "must be a JSON object"))
    }
}

fn not_json(error: &serde_json::Error) -> Problem {
    let detail = format!("the body is not JSON in UTF-8: line {}, column {}", error.line(), error.column());
    Problem::new(Kind::MalformedRequest, detail)
}

/// Whether two values are objects, arrays and scalars in the same places.
fn same_shape(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.iter().all(|(name, value)| b.get(name).is_some_and(|other| same_shape(value, other)))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_shape(a, b)),
        (Value::Object(_) | Value::Array(_), _) | (_, Value::Object(_) | Value::Array(_)) => false,
        _ => true,
    }
}
