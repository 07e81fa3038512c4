//! What every answer tells a browser, so that it does nothing with it but hand it to whoever asked.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Nothing in an answer is loaded, run or framed.
const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
/// A year, as ASVS 5 wants it (3.4.1).
const ALWAYS_TLS: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");

/// Adds what OWASP's cheat sheet for REST and ASVS 5 (3.4) name. A page's own policy and an answer's own word on caches
/// stand. `over_tls` says whether clients come by TLS.
pub(crate) fn secure(headers: &mut HeaderMap, over_tls: bool) {
    for (name, value) in
        [(header::CONTENT_SECURITY_POLICY, NOTHING), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]
    {
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if over_tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, ALWAYS_TLS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_keeps_its_own_policy_and_an_answer_its_word_on_caches() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'self'"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("unsafe-url"));
        secure(&mut headers, false);
        assert_eq!(headers.get(header::CONTENT_SECURITY_POLICY).unwrap(), "default-src 'self'");
        assert_eq!(headers.get(header::CACHE_CONTROL).unwrap(), "public");
        assert_eq!(headers.get(header::REFERRER_POLICY).unwrap(), "no-referrer");
        assert!(!headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
    }
}
