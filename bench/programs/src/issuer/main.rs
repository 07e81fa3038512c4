//! An identity provider for measurements: one P-256 key made at the start, discovery and the key over plain HTTP,
//! and identity tokens for people by user name. Muster takes an http issuer on the machine that it is on itself.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use actix_web::web::get;
use actix_web::{App, HttpResponse, HttpServer};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Parser;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use time::OffsetDateTime;

const KID: &str = "bench";
const LIFETIME_SECONDS: i64 = 4 * 3600;

/// Writes a token for each user name of a file, then serves its discovery document and key until it is stopped.
#[derive(Parser)]
struct Arguments {
    /// Where to listen; `http://` and this is the issuer.
    #[arg(long)]
    listen: SocketAddr,
    /// User names, one a line.
    #[arg(long)]
    tokens_for: PathBuf,
    /// Where the tokens go, one a line, valid for four hours.
    #[arg(long)]
    out: PathBuf,
    /// For whom they are made.
    #[arg(long, default_value = "muster-bench")]
    audience: String,
}

#[actix_web::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "bench-issuer: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
    let key = key.and_then(|der| {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random)
            .map_err(|_| ring::error::Unspecified)
    });
    let key = key.map_err(|_| "no key could be made")?;
    let issuer = format!("http://{}", arguments.listen);
    let now = now();
    let mut tokens = String::new();
    for user_name in fs::read_to_string(&arguments.tokens_for)?.lines() {
        let claims = json!({
            "iss": issuer, "aud": arguments.audience, "sub": format!("bench|{user_name}"), "email": user_name,
            "email_verified": true, "preferred_username": user_name, "iat": now, "exp": now + LIFETIME_SECONDS,
        });
        tokens.push_str(&token(&key, &random, &claims)?);
        tokens.push('\n');
    }
    fs::write(&arguments.out, tokens)?;

    // The public key is an uncompressed point: 4, then x and y.
    let (x, y) = key.public_key().as_ref()[1..].split_at(32);
    let jwks = json!({ "keys": [{
        "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": KID, "x": URL_SAFE_NO_PAD.encode(x),
        "y": URL_SAFE_NO_PAD.encode(y),
    }] });
    let discovery = json!({
        "issuer": issuer, "jwks_uri": format!("{issuer}/jwks"), "id_token_signing_alg_values_supported": ["ES256"],
    });
    let server = HttpServer::new(move || {
        let (jwks, discovery) = (jwks.clone(), discovery.clone());
        App::new().route("/jwks", get().to(move || std::future::ready(HttpResponse::Ok().json(&jwks)))).route(
            "/.well-known/openid-configuration",
            get().to(move || std::future::ready(HttpResponse::Ok().json(&discovery))),
        )
    });
    let server = server.workers(1).bind(arguments.listen)?.run();
    writeln!(io::stdout(), "listening")?;
    Ok(server.await?)
}

#[expect(clippy::disallowed_methods, reason = "none of Muster's layers is in here, its clock neither")]
fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

/// A JWT of these claims.
fn token(key: &EcdsaKeyPair, random: &SystemRandom, claims: &Value) -> Result<String, Box<dyn Error>> {
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": KID });
    let [header, claims] = [&header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let signed = format!("{header}.{claims}");
    let signature = key.sign(random, signed.as_bytes()).map_err(|_| "a token could not be signed")?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
