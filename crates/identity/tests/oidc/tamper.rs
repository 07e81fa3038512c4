//! What is wrong with a token, case by case; whatever is not its subject is right in each case.

use muster_domain::access::{IdentityError, IdentityTokens};
use muster_outbound::Verdict;
use muster_testkit_providers::GoogleKey;
use serde_json::{Value, json};

use crate::issuer::{AUDIENCE, NOW, TestIssuer};
use crate::signer::{Signer, encoded, unsigned};

type Case = (&'static str, String);

/// The good token's parts, from which a case takes all that it does not change.
struct Table {
    signer: Signer,
    claims: Value,
    cases: Vec<Case>,
}

impl Table {
    fn new(issuer: &TestIssuer, signer: Signer) -> Self {
        Self { signer, claims: issuer.claims(), cases: Vec::new() }
    }

    fn add(&mut self, name: &'static str, token: String) {
        self.cases.push((name, token));
    }

    /// A token that is signed rightly and has another member in its header.
    fn header(&mut self, name: &'static str, member: &str, value: Value) {
        let mut header = Signer::header("ed");
        header[member] = value;
        self.header_text(name, &header.to_string());
    }

    fn header_text(&mut self, name: &'static str, header: &str) {
        let token = self.signer.sign_text("ed", header, &self.claims.to_string());
        self.add(name, token);
    }

    fn claim(&mut self, name: &'static str, member: &str, value: Value) {
        let mut claims = self.claims.clone();
        claims[member] = value;
        self.payload_text(name, &claims.to_string());
    }

    fn without(&mut self, name: &'static str, member: &str) {
        let mut claims = self.claims.clone();
        claims.as_object_mut().unwrap().remove(member);
        self.payload_text(name, &claims.to_string());
    }

    /// The claims with this instead of their closing brace.
    fn payload_end(&mut self, name: &'static str, end: &str) {
        let payload = self.claims.to_string();
        self.payload_text(name, &format!("{}{end}", payload.strip_suffix('}').unwrap()));
    }

    fn payload_text(&mut self, name: &'static str, payload: &str) {
        let token = self.signer.sign_text("ed", &Signer::header("ed").to_string(), payload);
        self.add(name, token);
    }

    fn good(&self) -> String {
        self.signer.sign("ed", &self.claims)
    }

    /// What comes of each case, once it is known whether the provider has its key, and by the way that `muster doctor
    /// --token` has the same opinion and says nothing of the person.
    async fn check(self, issuer: &TestIssuer, expected: impl Fn(&Result<(), IdentityError>) -> bool) -> usize {
        let tokens = issuer.tokens();
        let good = self.good();
        assert!(tokens.verify(&good, NOW).await.is_ok(), "the token that the cases change is good");
        let mut wrong = Vec::new();
        for (name, token) in &self.cases {
            let mut outcome = tokens.verify(token, NOW).await.map(|_| ());
            if let Err(IdentityError::NotYet { retry_after }) = outcome {
                tokio::time::pause();
                tokio::time::advance(retry_after.unsigned_abs()).await;
                tokio::time::resume();
                outcome = tokens.verify(token, NOW).await.map(|_| ());
            }
            if !expected(&outcome) {
                wrong.push(format!("{name}: {outcome:?}"));
            }
            let explained = tokens.explain(token, NOW).await;
            let bad = explained.findings.iter().any(|finding| finding.verdict == Verdict::Bad);
            if bad == outcome.is_ok() || explained.identity.is_some() != outcome.is_ok() {
                wrong.push(format!("{name}: {outcome:?} is explained by {:?}", explained.findings));
            }
            let text = format!("{:?}", explained.findings);
            if ["00u1", "a@example.com"]
                .iter()
                .chain(&token.split('.').filter(|part| part.len() > 20).collect::<Vec<_>>())
                .any(|secret| text.contains(secret))
            {
                wrong.push(format!("{name}: {text} identifies somebody"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        self.cases.len()
    }
}

async fn issuer() -> (TestIssuer, Table) {
    let signer = Signer::new();
    let issuer = TestIssuer::start(signer.jwks()).await;
    let table = Table::new(&issuer, signer);
    (issuer, table)
}

async fn all_are_refused(issuer: &TestIssuer, mut table: Table, at_least: usize) {
    let good = table.good();
    table.cases.retain(|(_, token)| *token != good);
    let count = table.check(issuer, |outcome| matches!(outcome, Err(IdentityError::Refused(_)))).await;
    assert!(count >= at_least, "{count} cases");
}

#[tokio::test]
async fn tokens_with_tampered_headers_are_refused() {
    let (issuer, mut table) = issuer().await;
    for name in ["none", "None", "nOnE", "HS256", "HS384", "RS384", "RS512", "PS256", "ES384", "ES256K", "Ed25519", ""]
    {
        table.header("an algorithm that is not taken", "alg", json!(name));
    }
    table.header("another key's algorithm, RS256", "alg", json!("RS256"));
    table.header("another key's algorithm, ES256", "alg", json!("ES256"));
    table.header("algorithm in small letters", "alg", json!("eddsa"));
    table.header("algorithm as a list", "alg", json!(["EdDSA"]));
    table.header("algorithm null", "alg", Value::Null);
    table.header_text("no algorithm", r#"{"kid":"ed","typ":"JWT"}"#);
    table.header_text("two algorithms", r#"{"alg":"none","kid":"ed","alg":"EdDSA"}"#);
    table.header_text("two algorithms, one escaped", r#"{"alg":"EdDSA","kid":"ed","\u0061lg":"EdDSA"}"#);
    table.header_text("two key ids", r#"{"alg":"EdDSA","kid":"ed","kid":"ed"}"#);
    table.header("another key", "kid", json!("rsa"));
    table.header("key that is a path", "kid", json!("../../dev/null"));
    table.header("key that is SQL", "kid", json!("ed' OR '1'='1"));
    table.header("key id in capitals", "kid", json!("ED"));
    table.header("key id with a space", "kid", json!("ed "));
    table.header("key id with a NUL", "kid", json!("ed\0"));
    table.header("key id that is a number", "kid", json!(1));
    table.header("key id null", "kid", Value::Null);
    table.header("logout token", "typ", json!("logout+jwt"));
    table.header("security event", "typ", json!("secevent+jwt"));
    table.header("proof of possession", "typ", json!("dpop+jwt"));
    table.header("encrypted", "typ", json!("JWE"));
    table.header("type that only begins well", "typ", json!("JWT2"));
    table.header("type with a long s", "typ", json!("at+jwt\u{17f}"));
    table.header("type empty", "typ", json!(""));
    table.header("type null", "typ", Value::Null);
    table.header("critical extension", "crit", json!(["exp"]));
    table.header("critical nothing", "crit", json!([]));
    table.header("critical null", "crit", Value::Null);
    table.header("payload that is not encoded", "b64", json!(false));
    table.header("compressed", "zip", json!("DEF"));
    table.header("encryption named", "enc", json!("A256GCM"));
    table.header("token in the token", "cty", json!("JWT"));
    table.header_text("header that is a list", r#"["EdDSA","ed","JWT"]"#);
    table.header_text("header that is a text", r#""EdDSA""#);
    table.header_text("header with a mark of byte order", "\u{feff}{\"alg\":\"EdDSA\",\"kid\":\"ed\"}");
    table.header_text("header and more", r#"{"alg":"EdDSA","kid":"ed"} {}"#);
    table.header_text("header that is nothing", "");
    table.header_text("header nested deep", &format!(r#"{{"alg":"EdDSA","kid":"ed","a":{}}}"#, "[".repeat(5000)));
    all_are_refused(&issuer, table, 50).await;
}

#[tokio::test]
async fn keys_that_a_token_brings_along_are_never_used() {
    let (issuer, mut table) = issuer().await;
    let attacker = Signer::new();
    let payload = table.claims.to_string();
    for (member, value) in [
        ("jwk", attacker.ed_jwk()),
        ("jku", json!(format!("{}/evil", issuer.url))),
        ("x5u", json!(format!("{}/evil", issuer.url))),
        ("x5c", json!(["MIIB"])),
    ] {
        for kid in ["ed", "theirs"] {
            let header = json!({ "alg": "EdDSA", "kid": kid, member: value });
            table.add("the attacker's key", attacker.sign_text("ed", &header.to_string(), &payload));
        }
    }
    let forged = attacker.sign("ed", &table.claims);
    table.add("the attacker's key under the name of ours", forged);
    // The public halves as they are published, and as PEM and DER, taken for a secret.
    let ed = table.signer.ed_jwk();
    let rsa_der = GoogleKey::get().public;
    for secret in [ed["x"].as_str().unwrap().as_bytes(), rsa_der.as_slice(), ed.to_string().as_bytes(), b""] {
        for kid in ["ed", "rsa"] {
            for algorithm in ["HS256", "EdDSA", "RS256"] {
                let header = json!({ "alg": algorithm, "kid": kid });
                table.add("a public key as a secret", Signer::hmac(secret, &header.to_string(), &payload));
            }
        }
    }
    all_are_refused(&issuer, table, 33).await;
    assert_eq!(issuer.asked("/evil"), 0);
}

#[tokio::test]
async fn tokens_with_tampered_claims_are_refused() {
    let (issuer, mut table) = issuer().await;
    let now = NOW.unix_timestamp();
    let (url, exp) = (issuer.url.clone(), now + 600);
    for member in ["iss", "sub", "aud", "exp"] {
        table.without("a claim that must be there", member);
        table.claim("a claim that is null", member, Value::Null);
    }
    table.claim("another issuer", "iss", json!("https://evil.example"));
    table.claim("issuer with a slash", "iss", json!(format!("{url}/")));
    table.claim("issuer in capitals", "iss", json!(url.to_uppercase()));
    table.claim("issuer that goes on", "iss", json!(format!("{url}.evil.example")));
    table.claim("list of issuers", "iss", json!([url]));
    table.claim("another audience", "aud", json!("api://other"));
    table.claim("audience in capitals", "aud", json!("API://MUSTER"));
    table.claim("audience that only begins well", "aud", json!("api://muster2"));
    table.claim("audience among words", "aud", json!("api://muster api://other"));
    table.claim("no audience in the list", "aud", json!([]));
    table.claim("other audiences", "aud", json!(["api://other", "api://third"]));
    table.claim("audience and a number", "aud", json!([AUDIENCE, 1]));
    table.claim("audience nested", "aud", json!([[AUDIENCE]]));
    table.claim("audience as an object", "aud", json!({ AUDIENCE: true }));
    table.claim("subject empty", "sub", json!(""));
    table.claim("subject of spaces", "sub", json!("  "));
    table.claim("subject with a space before", "sub", json!(" 00u1"));
    table.claim("subject too long", "sub", json!("x".repeat(256)));
    table.claim("subject with a NUL", "sub", json!("00u1\0"));
    table.claim("subject that turns the text", "sub", json!("00u1\u{202e}"));
    table.claim("subject with nothing to see", "sub", json!("00u1\u{200b}"));
    table.claim("subject that is a number", "sub", json!(1));
    table.claim("subject that is a list", "sub", json!(["00u1"]));
    table.claim("over", "exp", json!(now - 1));
    table.claim("over on this second", "exp", json!(now));
    table.claim("over since ever", "exp", json!(0));
    table.claim("over before ever", "exp", json!(i64::MIN));
    table.claim("expiry as a text", "exp", json!(exp.to_string()));
    table.claim("expiry with a fraction", "exp", json!(1_795_349_400.5));
    table.claim("expiry in milliseconds", "exp", json!(exp * 1000));
    table.claim("expiry beyond all time", "exp", json!(i64::MAX));
    table.claim("expiry of 64 bits without sign", "exp", json!(u64::MAX));
    table.claim("expiry that is true", "exp", json!(true));
    let claims = table.claims.as_object().unwrap().clone();
    let rest: Value = claims.into_iter().filter(|(name, _)| name != "exp").collect();
    let rest = rest.to_string().trim_end_matches('}').to_owned();
    for exp in ["1e10", "1795349400.0", "99999999999999999999999999", "1e999", "-0", "0x6B031998", "NaN", "Infinity"] {
        table.payload_text("expiry that is an odd number", &format!("{rest},\"exp\":{exp}}}"));
    }
    table.claim("not yet valid", "nbf", json!(now + 31));
    table.claim("begin as a text", "nbf", json!(now.to_string()));
    table.claim("begin null", "nbf", Value::Null);
    table.claim("begin beyond all time", "nbf", json!(i64::MAX));
    table.claim("made in the future", "iat", json!(now + 31));
    table.claim("making as a text", "iat", json!("now"));
    table.claim("making beyond all time", "iat", json!(u64::MAX));
    table.claim("logout token without its type", "events", json!({ "http://schemas.openid.net/event/logout": {} }));
    table.payload_end("two subjects", r#","sub":"00u2"}"#);
    table.payload_end("two subjects, one escaped", r#","\u0073ub":"00u2"}"#);
    table.payload_end("two expiries", r#","exp":99999999999}"#);
    table.payload_end("two addresses", r#","email":"a@example.com","email":"b@example.com"}"#);
    table.payload_end("payload that does not end", "");
    table.payload_end("payload and more", "}{}");
    table.payload_end("half of a surrogate pair", r#","email":"\ud800"}"#);
    table.payload_end("nested deep", &format!(r#","x":{}}}"#, "[".repeat(4000)));
    table.payload_text("payload that is nothing", "");
    table.payload_text("payload that is a list", &json!([url, "00u1", AUDIENCE, exp]).to_string());
    table.payload_text("payload that is a token", &table.good());
    all_are_refused(&issuer, table, 65).await;
}

#[tokio::test]
async fn tokens_in_odd_encodings_are_refused() {
    let (issuer, mut table) = issuer().await;
    let good = table.good();
    let parts: Vec<_> = good.split('.').collect();
    let (header, payload, signature) = (parts[0], parts[1], parts[2]);
    table.add("nothing", String::new());
    table.add("a dot", ".".to_owned());
    table.add("two dots", "..".to_owned());
    table.add("no signature", format!("{header}.{payload}"));
    table.add("empty signature", format!("{header}.{payload}."));
    table.add("empty payload", format!("{header}..{signature}"));
    table.add("empty header", format!(".{payload}.{signature}"));
    table.add("four parts", format!("{good}.{signature}"));
    table.add("five parts, as if encrypted", format!("{header}.{payload}.{payload}.{payload}.{signature}"));
    table.add("dot at its end", format!("{good}."));
    table.add("padding", format!("{header}.{payload}.{signature}=="));
    table.add("space before", format!(" {good}"));
    table.add("line break after", format!("{good}\n"));
    table.add("scheme in it", format!("Bearer {good}"));
    table.add("JSON form", json!({ "protected": header, "payload": payload, "signature": signature }).to_string());
    table.add("dots of another script", good.replace('.', "\u{ff0e}"));
    table.add("letters of another script", good.replacen('e', "\u{435}", 1));
    table.add("signature cut", good[..good.len() - 4].to_owned());
    table.add("signature with more", format!("{good}AAAA"));
    table.add("signature of zeros", format!("{header}.{payload}.{}", encoded([0; 64])));
    table.add("another algorithm's signature", {
        let message = format!("{header}.{payload}");
        format!("{message}.{}", encoded(table.signer.signature("ec", &message)))
    });
    table.add("payload of another token", {
        let mut claims = table.claims.clone();
        claims["sub"] = json!("00u2");
        format!("{}.{signature}", unsigned(&Signer::header("ed").to_string(), &claims.to_string()))
    });
    // Ed25519's 64 bytes leave four bits of the last letter unused: with one of them set it reads the same.
    let last = signature.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let odd = alphabet.chars().nth(alphabet.find(last).unwrap() + 1).unwrap();
    table.add("unused bits set", format!("{}{odd}", &good[..good.len() - 1]));
    let standard = |part: &str| part.replace('-', "+").replace('_', "/");
    table.add("plain base64", format!("{header}.{payload}.{}", standard(signature)));
    table.claim("longer than any", "x", json!("x".repeat(16 * 1024)));
    // Not as long as the curve's order twice: in DER, as X.509 has it.
    let header = Signer::header("ec").to_string();
    let message = unsigned(&header, &table.claims.to_string());
    let fixed = table.signer.signature("ec", &message);
    let der = [&[0x30, 0x44, 0x02, 0x20], &fixed[..32], &[0x02, 0x20], &fixed[32..]].concat();
    table.add("ECDSA in DER", format!("{message}.{}", encoded(der)));
    table.add("ECDSA of zeros (CVE-2022-21449)", format!("{message}.{}", encoded([0; 64])));
    let header = Signer::header("rsa").to_string();
    let message = unsigned(&header, &table.claims.to_string());
    table.add("RSA of zeros", format!("{message}.{}", encoded([0; 256])));
    table.add("RSA of one", format!("{message}.{}", encoded([vec![0; 255], vec![1]].concat())));
    all_are_refused(&issuer, table, 27).await;
}

#[tokio::test]
async fn tokens_that_differ_harmlessly_are_taken() {
    let (issuer, mut table) = issuer().await;
    let now = NOW.unix_timestamp();
    for key in ["rsa", "ec", "ed"] {
        let token = table.signer.sign(key, &table.claims);
        table.add("each kind of key", token);
        let header = json!({ "alg": Signer::header(key)["alg"] }).to_string();
        let token = table.signer.sign_text(key, &header, &table.claims.to_string());
        table.add("no key named, and only one for the algorithm; no type", token);
    }
    for typ in ["jwt", "AT+JWT", "application/at+jwt", "Application/JWT"] {
        table.header("a type in another form", "typ", json!(typ));
    }
    table.header("a key along with it, which is not used", "jwk", json!({ "kty": "oct", "k": "AA" }));
    table.header("a certificate's thumbprint, as Entra has", "x5t", json!("abc"));
    table.claim("one of several audiences", "aud", json!(["api://other", AUDIENCE]));
    table.claim("who asked for it", "azp", json!("0oa1"));
    table.claim("a clock that is ahead by 30 s", "nbf", json!(now + 30));
    table.claim("a clock that is ahead by 30 s", "iat", json!(now + 30));
    table.without("when it was made is not said", "iat");
    table.claim("the last second", "exp", json!(now + 1));
    table.claim("an address of an unexpected type", "email", json!(["a@example.com"]));
    table.claim("no name", "name", Value::Null);
    table.claim("the longest subject", "sub", json!("x".repeat(255)));
    let count = table.check(&issuer, Result::is_ok).await;
    assert_eq!(count, 21);
}
