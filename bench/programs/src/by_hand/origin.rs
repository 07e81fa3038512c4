//! Where a request came from, as the audit trail keeps it.

use actix_web::HttpRequest;
use actix_web::http::header;
use time::OffsetDateTime;

use crate::clock;
use crate::problem::Problem;

pub(crate) struct Origin {
    pub(crate) ip: Option<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) request_id: String,
}

impl Origin {
    pub(crate) fn of(request: &HttpRequest, at: OffsetDateTime) -> Result<Self, Problem> {
        let known = |c: u8| c.is_ascii_alphanumeric() || b"._-".contains(&c);
        let text = |name: header::HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
        let given = text(header::HeaderName::from_static("x-request-id"))
            .filter(|id| (1..=64).contains(&id.len()) && id.bytes().all(known));
        let request_id = match given {
            Some(id) => id.to_owned(),
            None => clock::new_id(at)?.to_string(),
        };
        Ok(Self {
            ip: request.peer_addr().map(|peer| peer.ip().to_string()),
            user_agent: text(header::USER_AGENT)
                .map(|agent| agent.chars().filter(|c| !c.is_control()).take(256).collect()),
            request_id,
        })
    }
}
