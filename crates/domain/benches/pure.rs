//! What is done to a refresh token and to contacts before anything is asked of a store: `just bench-pure`.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot be made fails")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use muster_domain::session::RefreshToken;
use muster_domain::user::{EmailAddress, Phone};
use muster_domain::verification::Masked;

fn tokens(c: &mut Criterion) {
    let text = RefreshToken::from_bytes([0xa5; 32]).expose();
    c.bench_function("refresh token: parse", |b| b.iter(|| RefreshToken::parse(black_box(&text)).unwrap()));
}

fn masking(c: &mut Criterion) {
    let address = EmailAddress::parse("grace.hopper@example.com").unwrap();
    c.bench_function("mask: e-mail", |b| b.iter(|| Masked::email(black_box(&address))));
    c.bench_function("mask: phone", |b| b.iter(|| Masked::phone(black_box("+12025550100"))));
}

fn numbers(c: &mut Criterion) {
    let germany = "DE".parse().ok();
    assert!(germany.is_some());
    for (name, text) in [
        ("with its country code", "+1 (202) 555-0100"),
        ("national", "0151 23456789"),
        ("in two readings", "4915123456789"),
        ("no number", "+1 202 555 010O"),
    ] {
        c.bench_function(&format!("phone number: {name}"), |b| b.iter(|| Phone::parse(black_box(text), germany)));
    }
}

criterion_group!(benches, tokens, masking, numbers);
criterion_main!(benches);
