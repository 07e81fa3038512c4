//! Hashes and access tokens, as a request needs them: `just bench-pure`.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot be made fails")]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use muster_crypto::{AccessTokenSigner, Keyring, Pepper, SigningKey, SystemEntropy};
use muster_domain::access::{AccessClaims, AccessTokens, Audience};
use muster_domain::session::{RefreshToken, RefreshTokenHasher};
use muster_domain::verification::{Code, CodeBinding, CodeHasher, Fingerprint, Method};
use muster_domain::{ChallengeId, SessionId, UserId};
use time::{Duration, OffsetDateTime};

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn hashes(c: &mut Criterion) {
    let keyring = Keyring::new(&Pepper::generate(&SystemEntropy));
    let token = RefreshToken::generate(&SystemEntropy);
    c.bench_function("refresh token: hash", |b| b.iter(|| RefreshTokenHasher::hash(&keyring, black_box(&token))));

    let binding = CodeBinding {
        challenge_id: ChallengeId::new(NOW, &SystemEntropy),
        user_id: UserId::new(NOW, &SystemEntropy),
        method: Method::Email,
        fingerprint: Fingerprint::from([7; 32]),
    };
    let code = Code::parse("042917").unwrap();
    c.bench_function("code: HMAC", |b| b.iter(|| CodeHasher::hash(&keyring, black_box(&binding), black_box(&code))));
}

fn access_tokens(c: &mut Criterion) {
    let key = SigningKey::generate(&SystemEntropy).unwrap();
    let signer = AccessTokenSigner::new(&key, "https://muster.example.com".to_owned(), false);
    let claims = AccessClaims {
        user_id: UserId::new(NOW, &SystemEntropy),
        session_id: Some(SessionId::new(NOW, &SystemEntropy)),
        audience: Audience::Mobile,
        issued_at: NOW,
        expires_at: NOW + Duration::days(36_500),
    };
    c.bench_function("access token: sign", |b| b.iter(|| signer.sign(black_box(&claims)).unwrap()));

    // Each token is another one, so that none is remembered. The memory is full soon, as a busy server's is.
    let mut seconds = 0;
    c.bench_function("access token: verify, first seen", |b| {
        let another = || {
            seconds += 1;
            signer.sign(&AccessClaims { issued_at: NOW + Duration::seconds(seconds), ..claims }).unwrap()
        };
        b.iter_batched(another, |token| signer.verify(token.expose(), NOW).unwrap(), BatchSize::SmallInput);
    });

    let token = signer.sign(&claims).unwrap();
    c.bench_function("access token: verify, remembered", |b| {
        b.iter(|| signer.verify(black_box(token.expose()), NOW).unwrap());
    });
}

criterion_group!(benches, hashes, access_tokens);
criterion_main!(benches);
