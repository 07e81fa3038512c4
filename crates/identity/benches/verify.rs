//! What checking a token of the identity provider's costs, by kind of key, with its signature and from memory. Needs
//! the emulator of a provider, which `scripts/install-emulators` brings: `cargo bench -p muster-identity --bench verify`.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot be made fails")]

use criterion::{Criterion, criterion_group, criterion_main};
use muster_domain::access::IdentityTokens;
use muster_identity::{OidcSettings, OidcTokens};
use muster_testkit_providers::OidcProvider;
use serde_json::json;
use time::OffsetDateTime;
use tokio::runtime::Builder;

fn verify(c: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let provider = runtime.block_on(OidcProvider::start());
    for algorithm in ["RS256", "RS512", "PS256", "ES256", "ES384", "EdDSA"] {
        let made = |subject| {
            let claims = json!({ "sub": subject, "aud": "muster", "email": "ada@example.com" });
            runtime.block_on(provider.token(algorithm, json!({}), claims))
        };
        runtime.block_on(provider.add_key(algorithm, algorithm));
        let (genuine, other) = (made("ada"), made("grace"));
        let settings = OidcSettings {
            issuer: provider.issuer().parse().unwrap(),
            audience: "muster".parse().unwrap(),
            asks_userinfo: false,
        };
        let client = muster_outbound::client_trusting(rustls::RootCertStore::empty()).unwrap().no_proxy();
        let tokens = OidcTokens::new(settings, client).unwrap();
        let now = OffsetDateTime::from_unix_timestamp(genuine.at + 60).unwrap();
        // Brings the keys.
        runtime.block_on(tokens.verify(&genuine.token, now)).unwrap();

        // What one token says under the signature of another. It is never remembered, and to refuse it takes the same
        // work as to find it genuine.
        let (text, _) = genuine.token.rsplit_once('.').unwrap();
        let (_, signature) = other.token.rsplit_once('.').unwrap();
        let forged = format!("{text}.{signature}");
        c.bench_function(&format!("identity token, {algorithm}: by its signature"), |b| {
            b.iter(|| runtime.block_on(tokens.verify(&forged, now)).unwrap_err());
        });
        c.bench_function(&format!("identity token, {algorithm}: from memory"), |b| {
            b.iter(|| runtime.block_on(tokens.verify(&genuine.token, now)).unwrap());
        });
    }
}

criterion_group!(benches, verify);
criterion_main!(benches);
