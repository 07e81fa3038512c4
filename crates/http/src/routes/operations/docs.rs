use std::borrow::Cow;
use std::sync::Arc;

use actix_web::http::header::{self, CacheControl, CacheDirective};
use actix_web::{HttpRequest, HttpResponse, web};
use utoipa_swagger_ui::Config;

use crate::problem::Problem;

/// How long others may keep the page and its files, in seconds.
const MAX_AGE: u32 = 300;
const PAGE: &str = include_str!("docs/index.html");
const START: &str = include_str!("docs/start.js");

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
    file("text/html; charset=utf-8", PAGE.as_bytes().into())
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
    let none = || Problem::not_found("file");
    match request.match_info().query("file") {
        "start.js" => Ok(file("text/javascript; charset=utf-8", START.as_bytes().into())),
        name @ ("swagger-ui-bundle.js" | "swagger-ui.css" | "favicon-32x32.png") => {
            let found = utoipa_swagger_ui::serve(name, Arc::new(Config::default())).ok().flatten();
            let found = found.ok_or_else(none)?;
            Ok(file(&found.content_type, found.bytes))
        }
        _ => Err(none()),
    }
}

fn file(content_type: &str, bytes: Cow<'static, [u8]>) -> HttpResponse {
    let bytes = match bytes {
        Cow::Borrowed(bytes) => web::Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    };
    HttpResponse::Ok()
        .insert_header(CacheControl(vec![CacheDirective::Public, CacheDirective::MaxAge(MAX_AGE)]))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .content_type(content_type)
        .body(bytes)
}
