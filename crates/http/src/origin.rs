use actix_web::HttpRequest;
use actix_web::http::header;
use muster_domain::audit::{Actor, Origin};

use crate::edge::{client_address, request_id};

/// The most of a `User-Agent` that is kept, in characters.
const USER_AGENT_CHARS: usize = 256;

/// Who does something and from where, as the audit trail keeps it.
pub(crate) fn origin(request: &HttpRequest, actor: Actor) -> Origin {
    let user_agent = request.headers().get(header::USER_AGENT).map(|value| {
        let text = String::from_utf8_lossy(value.as_bytes());
        text.chars().filter(|c| !c.is_control()).take(USER_AGENT_CHARS).collect()
    });
    Origin { actor, ip: client_address(request), user_agent, request_id: Some(request_id(request)) }
}
