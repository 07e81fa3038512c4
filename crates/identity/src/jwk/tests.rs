use rstest::rstest;
use serde_json::{Value, json};

use super::*;

/// A modulus of this many bits, as a key has it.
fn modulus(bits: usize) -> String {
    let mut n = vec![0xff; bits.div_ceil(8)];
    n[0] >>= (8 - bits % 8) % 8;
    URL_SAFE_NO_PAD.encode(n)
}

fn rsa() -> Value {
    json!({ "kty": "RSA", "kid": "1", "use": "sig", "alg": "RS256", "n": modulus(2048), "e": "AQAB", "x5c": ["MIIB"] })
}

/// The key of RFC 7515, appendix A.3.
fn ec() -> Value {
    json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    })
}

/// The key of RFC 8037, appendix A.
fn ed() -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })
}

fn with(mut key: Value, member: &str, value: Value) -> Value {
    key[member] = value;
    key
}

fn without(mut key: Value, member: &str) -> Value {
    key.as_object_mut().unwrap().remove(member);
    key
}

/// A point of P-384, by its form: ring looks at whether it is on the curve when it verifies.
fn ec384() -> Value {
    let coordinate = URL_SAFE_NO_PAD.encode([7; 48]);
    json!({ "kty": "EC", "crv": "P-384", "x": coordinate, "y": coordinate })
}

/// What the keys of a set take.
fn algorithms(keys: &[Value]) -> Vec<Algorithm> {
    let set = KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap();
    Algorithm::ALL.into_iter().filter(|algorithm| set.count(*algorithm) > 0).collect()
}

const OF_RSA: [Algorithm; 6] =
    [Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512, Algorithm::Ps256, Algorithm::Ps384, Algorithm::Ps512];

#[rstest]
#[case(rsa(), &[Algorithm::Rs256])]
#[case(with(rsa(), "n", json!(modulus(8192))), &[Algorithm::Rs256])]
#[case(with(rsa(), "alg", json!("RS384")), &[Algorithm::Rs384])]
#[case(with(rsa(), "alg", json!("RS512")), &[Algorithm::Rs512])]
#[case(with(rsa(), "alg", json!("PS256")), &[Algorithm::Ps256])]
#[case(with(rsa(), "alg", json!("PS384")), &[Algorithm::Ps384])]
#[case(with(rsa(), "alg", json!("PS512")), &[Algorithm::Ps512])]
#[case::that_names_no_algorithm(without(without(rsa(), "alg"), "use"), &OF_RSA)]
#[case(ec(), &[Algorithm::Es256])]
#[case(with(ec(), "key_ops", json!(["verify"])), &[Algorithm::Es256])]
#[case(ec384(), &[Algorithm::Es384])]
#[case(with(ec384(), "alg", json!("ES384")), &[Algorithm::Es384])]
#[case(ed(), &[Algorithm::EdDsa])]
fn key_says_what_it_is_for(#[case] key: Value, #[case] expected: &[Algorithm]) {
    assert_eq!(algorithms(&[key]), expected);
}

#[rstest]
#[case::of_1024_bits(with(rsa(), "n", json!(modulus(1024))))]
#[case::of_2047_bits(with(rsa(), "n", json!(modulus(2047))))]
#[case::of_8193_bits(with(rsa(), "n", json!(modulus(8193))))]
#[case::with_a_zero_before_it(with(rsa(), "n", json!(format!("AAAA{}", modulus(2048)))))]
#[case::without_modulus(without(rsa(), "n"))]
#[case::empty_modulus(with(rsa(), "n", json!("")))]
#[case::padded_modulus(with(rsa(), "n", json!(format!("{}==", modulus(2048)))))]
#[case::without_exponent(without(rsa(), "e"))]
#[case::even_exponent(with(rsa(), "e", json!("AQAC")))]
#[case::huge_exponent(with(rsa(), "e", json!("AQABAQAB")))]
#[case::for_another_type_of_key(with(rsa(), "alg", json!("ES256")))]
#[case::for_an_unknown_algorithm(with(rsa(), "alg", json!("RS1")))]
#[case::for_no_algorithm(with(rsa(), "alg", json!("none")))]
#[case::for_hmac(with(rsa(), "alg", json!("HS256")))]
#[case::for_encryption(with(rsa(), "use", json!("enc")))]
#[case::for_encryption_by_its_algorithm(with(rsa(), "alg", json!("RSA-OAEP")))]
#[case::for_signing_only(with(rsa(), "key_ops", json!(["sign"])))]
#[case::for_nothing(with(rsa(), "key_ops", json!([])))]
#[case::private(with(rsa(), "d", json!("AQAB")))]
#[case::secret(json!({ "kty": "oct", "k": "AAAA", "alg": "HS256" }))]
#[case::of_another_curve(with(ec(), "crv", json!("P-384")))]
#[case::of_a_curve_that_ring_lacks(with(ec(), "crv", json!("P-521")))]
#[case::for_another_curves_algorithm(with(ec(), "alg", json!("ES384")))]
#[case::of_384_bits_for_another_curves_algorithm(with(ec384(), "alg", json!("ES256")))]
#[case::of_384_bits_with_short_coordinates(with(ec384(), "y", ec()["y"].clone()))]
#[case::of_bitcoins_curve(with(ec(), "crv", json!("secp256k1")))]
#[case::with_a_short_coordinate(with(ec(), "x", json!("AAAA")))]
#[case::without_a_coordinate(without(ec(), "y"))]
#[case::private_point(with(ec(), "d", json!("AAAA")))]
#[case::for_key_agreement(with(ed(), "crv", json!("X25519")))]
#[case::of_the_other_edwards_curve(with(ed(), "crv", json!("Ed448")))]
#[case::short(with(ed(), "x", json!("AAAA")))]
#[case::of_another_family(with(ed(), "kty", json!("EC")))]
#[case::without_type(without(ed(), "kty"))]
#[case::type_in_small_letters(with(ed(), "kty", json!("okp")))]
#[case::id_that_is_a_number(with(ed(), "kid", json!(1)))]
#[case::no_object(json!("key"))]
#[case::list(json!(["OKP", "Ed25519"]))]
fn key_that_is_no_good_is_passed_over(#[case] key: Value) {
    let set = KeySet::parse(json!({ "keys": [key, ed()] }).to_string().as_bytes()).unwrap();
    assert_eq!((set.ids().count(), set.passed_over(), set.count(Algorithm::EdDsa)), (1, 1, 1));
}

#[rstest]
#[case::of_nothing("")]
#[case::of_a_list("[]")]
#[case::of_a_list_in_a_list("[[]]")]
#[case::without_keys("{}")]
#[case::of_null(r#"{"keys":null}"#)]
#[case::of_an_object(r#"{"keys":{}}"#)]
#[case::twice(r#"{"keys":[],"keys":[]}"#)]
#[case::and_more(r#"{"keys":[]}{}"#)]
#[case::in_html("<html></html>")]
fn set_that_is_none_is_refused(#[case] json: &str) {
    assert!(KeySet::parse(json.as_bytes()).is_none());
}

#[test]
fn set_has_a_bounded_number_of_keys() {
    let set = |count| json!({ "keys": vec![ed(); count] }).to_string();
    assert!(KeySet::parse(set(MAX_KEYS).as_bytes()).is_some());
    assert!(KeySet::parse(set(MAX_KEYS + 1).as_bytes()).is_none());
}

/// Made by rnbyc 1.1.11, the tool that Glewlwyd's documentation names for making keys. Its y begins with a zero byte, which
/// is left out.
#[test]
fn coordinate_without_its_first_zero_byte_is_understood() {
    let key = json!({
        "kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "e115",
        "x": "vus_WRHF1G1AjXF2ImJOXvocL_ITh6a-gmyp7Qd_7Tw", "y": "yaJWLx3t0GPGI7JTnFUJgzjGBfZNK_eQMTUHiphBuA",
    });
    let token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiIsImtpZCI6ImUxMTUifQ.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSIsInN1YiI6ImFkYSJ9.JNkeoQaL6p03NDBlYs__vt_bMFfYhoE07uezQ_O4gP0nIb6zKeaUut3ayLINiH1z3o5eIv1J2j4YxLND-xnKtw";
    let set = |key: Value| KeySet::parse(json!({ "keys": [key] }).to_string().as_bytes()).unwrap();
    assert!(set(key.clone()).verify(&Jws::parse(token).unwrap()));
    let too_short = URL_SAFE_NO_PAD.encode([7; 27]);
    assert!(set(with(key, "y", json!(too_short))).is_empty());
}

/// The token of RFC 7515, appendix A.3, and its key.
#[test]
fn signature_of_rfc_7515_is_right() {
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let keys = |keys: &[Value]| KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap();
    let jws = Jws::parse(token).unwrap();
    assert!(keys(&[ec(), ed(), rsa()]).verify(&jws));
    assert!(!keys(&[ed(), rsa()]).verify(&jws));
    assert!(!keys(&[ec(), ec()]).verify(&jws), "which of two keys signed is not for us to try");
}
