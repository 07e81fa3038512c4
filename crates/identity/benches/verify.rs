//! How many tokens a second one core checks, by kind of key, with the signature and from memory. Needs the emulator of
//! an identity provider, which `scripts/install-emulators` brings: `cargo bench -p muster-identity`.

use std::time::Instant;

use muster_domain::access::IdentityTokens;
use muster_identity::{OidcSettings, OidcTokens};
use muster_testkit_providers::OidcProvider;
use serde_json::json;
use time::OffsetDateTime;

const TOKENS: usize = 2000;
const ROUNDS: usize = 50;

#[expect(clippy::print_stdout, reason = "what a measurement is for")]
#[expect(clippy::unwrap_used, reason = "a measurement that cannot be made fails")]
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let provider = OidcProvider::start().await;
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        provider.add_key(algorithm, algorithm).await;
        let mut made = Vec::new();
        for number in 0..TOKENS {
            let claims = json!({ "sub": number.to_string(), "aud": "muster", "email": "ada@example.com" });
            made.push(provider.token(algorithm, json!({}), claims).await);
        }
        let settings = OidcSettings { issuer: provider.issuer().parse().unwrap(), audience: "muster".parse().unwrap() };
        let client = muster_outbound::client_trusting(rustls::RootCertStore::empty()).unwrap().no_proxy();
        let tokens = OidcTokens::new(settings, client).unwrap();
        let now = OffsetDateTime::from_unix_timestamp(made[0].at + 60).unwrap();
        // Brings the keys.
        tokens.verify(&made.pop().unwrap().token, now).await.unwrap();
        let first = per_second(&tokens, &made, now, 1).await;
        let again = per_second(&tokens, &made, now, ROUNDS).await;
        println!("{algorithm}: {first:.0} signatures/s, {again:.0}/s from memory");
    }
}

#[expect(clippy::unwrap_used, reason = "a measurement that cannot be made fails")]
#[expect(clippy::cast_precision_loss, reason = "a rate")]
async fn per_second(
    tokens: &OidcTokens,
    made: &[muster_testkit_providers::ProviderToken],
    now: OffsetDateTime,
    rounds: usize,
) -> f64 {
    let began = Instant::now();
    for _ in 0..rounds {
        for token in made {
            tokens.verify(&token.token, now).await.unwrap();
        }
    }
    (rounds * made.len()) as f64 / began.elapsed().as_secs_f64()
}
