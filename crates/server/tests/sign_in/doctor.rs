use muster_testkit_providers::FaultServer;

use crate::installation::{Installation, provider};

#[tokio::test(flavor = "multi_thread")]
async fn doctor_says_that_sign_in_works() {
    let provider = provider().await;
    let installation = Installation::trusting(&provider.issuer());
    let doctor = installation.run(&["doctor"]);
    assert_eq!(doctor.code, Some(0), "{}{}", doctor.out, doctor.err);
    for line in [
        "ok    sign-in: discovery it can be had and is the issuer's",
        "ok    sign-in: keys 1 can be used: 1 for RS256, 0 for ES256, 0 for EdDSA",
    ] {
        assert!(doctor.out.lines().any(|each| each == line), "{line} is not in\n{}", doctor.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_says_that_the_provider_cannot_be_reached_or_is_another() {
    let provider = provider().await;
    for (issuer, beginning) in [
        (FaultServer::refusing_url(), "BAD   sign-in: discovery "),
        (format!("{}/", provider.issuer()), "BAD   sign-in: discovery "),
    ] {
        let doctor = Installation::trusting(&issuer).run(&["doctor"]);
        assert_eq!(doctor.code, Some(1), "{}", doctor.out);
        let told: Vec<&str> = doctor.out.lines().filter(|line| line.starts_with(beginning)).collect();
        assert_eq!(told.len(), 1, "{}", doctor.out);
        assert!(told[0].contains(": "), "what to do is told: {}", told[0]);
    }
}
