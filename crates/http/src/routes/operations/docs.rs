use std::io::Read;

use actix_web::http::header::{self, AcceptEncoding, CacheControl, CacheDirective, Encoding, Header};
use actix_web::{HttpRequest, HttpResponse};
use flate2::read::GzDecoder;

use crate::problem::{Kind, Problem};

/// How long others may keep the page and its files, in seconds.
const MAX_AGE: u32 = 300;
const PAGE: &str = include_str!("docs/index.html");
const START: &str = include_str!("docs/start.js");

/// A file of Swagger UI, as the build script packed it (gzip).
macro_rules! packed {
    ($name:literal) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/docs/", $name, ".gz"))
    };
}

/// What the page needs beyond `default-src 'self'`: Swagger UI writes `style` attributes and has its icons as `data:`
/// addresses. Its scripts are files, and it calls nobody but this server. The edge leaves a policy alone that an answer
/// has already.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /docs`: a page that shows the OpenAPI document. Everything it loads comes from this server.
#[utoipa::path(
    get, path = "/docs", tag = "operations", operation_id = "getDocs",
    summary = "This document as a page",
    description = "Everything that the page loads comes from this server.",
    responses((
        status = 200, description = "The page", body = String, content_type = "text/html",
        headers(("Content-Security-Policy" = String, description = "What the page may load"))
    ))
)]
pub(super) async fn docs() -> HttpResponse {
    file("text/html; charset=utf-8", PAGE)
}

/// What there is.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
enum DocsFile {
    #[schema(rename = "start.js")]
    Start,
    #[schema(rename = "swagger-ui-bundle.js")]
    Bundle,
    #[schema(rename = "swagger-ui.css")]
    Style,
    #[schema(rename = "favicon-32x32.png")]
    Icon,
}

/// `GET /docs/{file}`: what the page loads.
#[utoipa::path(
    get, path = "/docs/{file}", tag = "operations", operation_id = "getDocsFile",
    summary = "A file that the page loads",
    description = "Scripts, styles and an icon.",
    params(("file" = inline(DocsFile), Path, description = "Which file", example = "start.js")),
    responses((
        status = 200, description = "The file",
        content(
            (String = "text/javascript"),
            (String = "text/css"),
            (String = "image/png")
        ),
        headers(("Content-Security-Policy" = String, description = "What the page may load"))
    )),
    extensions(("x-problems" = json!(["not-found"])))
)]
pub(super) async fn docs_file(request: HttpRequest) -> Result<HttpResponse, Problem> {
    const SCRIPT: &str = "text/javascript; charset=utf-8";
    let (content_type, packed): (_, &[u8]) = match request.match_info().query("file") {
        "start.js" => return Ok(file(SCRIPT, START)),
        "swagger-ui-bundle.js" => (SCRIPT, packed!("swagger-ui-bundle.js")),
        "swagger-ui.css" => ("text/css; charset=utf-8", packed!("swagger-ui.css")),
        "favicon-32x32.png" => ("image/png", packed!("favicon-32x32.png")),
        _ => return Err(Problem::not_found("file")),
    };
    let mut answer = if takes_gzip(&request) {
        let mut answer = file(content_type, packed);
        answer.headers_mut().insert(header::CONTENT_ENCODING, header::HeaderValue::from_static("gzip"));
        answer
    } else {
        let mut plain = Vec::new();
        // What the build script packed can be unpacked.
        GzDecoder::new(packed)
            .read_to_end(&mut plain)
            .map_err(|error| Problem::failure(Kind::Internal, "this is a fault of the server; try again", &error))?;
        file(content_type, plain)
    };
    answer.headers_mut().insert(header::VARY, header::HeaderValue::from_static("accept-encoding"));
    Ok(answer)
}

/// Whether a client says that it takes gzip. One that says nothing takes anything (RFC 9110, section 12.5.3), but hardly
/// means it.
fn takes_gzip(request: &HttpRequest) -> bool {
    AcceptEncoding::parse(request).is_ok_and(|accepted| {
        let best = accepted.negotiate([Encoding::gzip(), Encoding::identity()].iter());
        best == Some(Encoding::gzip())
    })
}

fn file<B: actix_web::body::MessageBody + 'static>(content_type: &str, body: B) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(CacheControl(vec![CacheDirective::Public, CacheDirective::MaxAge(MAX_AGE)]))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .content_type(content_type)
        .body(body)
}
