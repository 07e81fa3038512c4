use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use muster_testkit_providers::GoogleKey;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair, RsaPublicKeyComponents,
};
use serde_json::{Value, json};

/// One key of each kind, with which the tests sign whatever they like.
pub(crate) struct Signer {
    rsa: RsaKeyPair,
    p256: EcdsaKeyPair,
    ed25519: Ed25519KeyPair,
    random: SystemRandom,
}

/// As in a token.
pub(crate) fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A token up to its second dot.
pub(crate) fn unsigned(header: &str, payload: &str) -> String {
    format!("{}.{}", encoded(header), encoded(payload))
}

impl Signer {
    /// New keys, but for RSA's, which takes its time to make: that is the process's.
    pub(crate) fn new() -> Self {
        let random = SystemRandom::new();
        let pem = GoogleKey::get().private;
        let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let p256 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let ed25519 = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        Self {
            rsa: RsaKeyPair::from_pkcs8(&STANDARD.decode(der).unwrap()).unwrap(),
            p256: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, p256.as_ref(), &random).unwrap(),
            ed25519: Ed25519KeyPair::from_pkcs8(ed25519.as_ref()).unwrap(),
            random,
        }
    }

    /// The public halves, named `rsa`, `ec` and `ed`.
    pub(crate) fn jwks(&self) -> Value {
        json!({ "keys": [self.rsa_jwk(), self.ec_jwk(), self.ed_jwk()] })
    }

    pub(crate) fn rsa_jwk(&self) -> Value {
        let public = RsaPublicKeyComponents::<Vec<u8>>::from(self.rsa.public());
        json!({ "kty": "RSA", "kid": "rsa", "use": "sig", "alg": "RS256", "n": encoded(public.n), "e": encoded(public.e) })
    }

    pub(crate) fn ec_jwk(&self) -> Value {
        let point = self.p256.public_key().as_ref();
        json!({ "kty": "EC", "crv": "P-256", "kid": "ec", "x": encoded(&point[1..33]), "y": encoded(&point[33..]) })
    }

    pub(crate) fn ed_jwk(&self) -> Value {
        let x = encoded(self.ed25519.public_key());
        json!({ "kty": "OKP", "crv": "Ed25519", "kid": "ed", "alg": "EdDSA", "key_ops": ["verify"], "x": x })
    }

    /// Signs with the key that is named, whatever the header says.
    pub(crate) fn signature(&self, key: &str, message: &str) -> Vec<u8> {
        let message = message.as_bytes();
        match key {
            "rsa" => self.rsa_signature("RS256", message),
            "ec" => self.p256.sign(&self.random, message).unwrap().as_ref().to_vec(),
            "ed" => self.ed25519.sign(message).as_ref().to_vec(),
            other => panic!("no key {other}"),
        }
    }

    /// Signs with the RSA key by the algorithm that is named.
    pub(crate) fn rsa_signature(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let encoding: &'static dyn RsaEncoding = match algorithm {
            "RS256" => &RSA_PKCS1_SHA256,
            "RS384" => &RSA_PKCS1_SHA384,
            "RS512" => &RSA_PKCS1_SHA512,
            "PS256" => &RSA_PSS_SHA256,
            "PS384" => &RSA_PSS_SHA384,
            "PS512" => &RSA_PSS_SHA512,
            other => panic!("no algorithm {other}"),
        };
        let mut signature = vec![0; self.rsa.public().modulus_len()];
        self.rsa.sign(encoding, &self.random, message, &mut signature).unwrap();
        signature
    }

    /// A token of these very texts.
    pub(crate) fn sign_text(&self, key: &str, header: &str, payload: &str) -> String {
        let message = unsigned(header, payload);
        let signature = encoded(self.signature(key, &message));
        format!("{message}.{signature}")
    }

    /// A token with the header that belongs to the key.
    pub(crate) fn sign(&self, key: &str, claims: &Value) -> String {
        self.sign_text(key, &Self::header(key).to_string(), &claims.to_string())
    }

    pub(crate) fn header(key: &str) -> Value {
        let algorithm = match key {
            "rsa" => "RS256",
            "ec" => "ES256",
            _ => "EdDSA",
        };
        json!({ "alg": algorithm, "kid": key, "typ": "JWT" })
    }

    /// A token whose "signature" is an HMAC under public knowledge.
    pub(crate) fn hmac(secret: &[u8], header: &str, payload: &str) -> String {
        let message = unsigned(header, payload);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
        format!("{message}.{}", encoded(tag))
    }
}
