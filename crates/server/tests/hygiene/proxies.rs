use crate::common::Folder;
use crate::common::client::http;
use crate::metric;

#[tokio::test(flavor = "multi_thread")]
async fn clients_behind_a_trusted_proxy_are_limited_one_by_one() {
    let folder = Folder::new();
    let server =
        folder.serve_with(&[("MUSTER_TRUSTED_PROXIES", "127.0.0.1"), ("MUSTER_ANONYMOUS_REQUESTS_PER_MINUTE", "3")]);
    let ask = async |client: &str| {
        let request = http().get(format!("{}/.well-known/jwks.json", server.url)).header("x-forwarded-for", client);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.headers().get("retry-after").map(|wait| wait.to_str().unwrap().to_owned()))
    };
    for _ in 0..3 {
        assert_eq!(ask("198.51.100.7").await, (200, None));
    }
    let (status, wait) = ask("8.8.8.8, 198.51.100.7").await;
    let wait: u32 = wait.unwrap().parse().unwrap();
    assert!(status == 429 && (1..=20).contains(&wait), "{status}, {wait} seconds");
    assert_eq!(ask("198.51.100.8").await, (200, None));
    assert_eq!(metric(&server, "muster_http_requests_limited_total").await, Some(1.0));
}

/// Development, and everybody behind a proxy that nobody declared.
#[tokio::test(flavor = "multi_thread")]
async fn this_machine_is_not_limited_and_cannot_pretend_to_be_another() {
    let folder = Folder::new();
    let server = folder.serve_with(&[("MUSTER_ANONYMOUS_REQUESTS_PER_MINUTE", "1")]);
    for _ in 0..5 {
        let request = http().get(format!("{}/.well-known/jwks.json", server.url));
        let answer = request.header("x-forwarded-for", "198.51.100.7").send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
}
