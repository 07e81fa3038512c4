use muster_domain::page::CursorSealer;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::{hkdf, hmac};

use super::{Keyring, subkey};

/// The keys under which one pepper's cursors are sealed.
pub(super) struct CursorKeys {
    texts: LessSafeKey,
    nonces: hmac::Key,
}

impl CursorKeys {
    #[expect(clippy::expect_used, reason = "HKDF fails only past 255 blocks, and a key of AES-256 is one")]
    pub(super) fn new(root: &hkdf::Prk) -> Self {
        let texts: UnboundKey = root.expand(&[b"cursor"], &AES_256_GCM).expect("one block of key").into();
        Self { texts: LessSafeKey::new(texts), nonces: subkey(root, b"cursor nonce") }
    }

    /// The first bytes of HMAC-SHA256 of `length of the context (8) ‖ context ‖ bytes`: only the same cursor has the same
    /// nonce twice.
    fn nonce(&self, plain: &[u8], context: &[u8]) -> [u8; NONCE_LEN] {
        let mut hash = hmac::Context::with_key(&self.nonces);
        hash.update(&(context.len() as u64).to_be_bytes());
        hash.update(context);
        hash.update(plain);
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&hash.sign().as_ref()[..NONCE_LEN]);
        nonce
    }
}

impl CursorSealer for Keyring {
    /// `nonce (12) ‖ AES-256-GCM of the bytes, with the context as associated data`.
    #[expect(clippy::expect_used, reason = "AES-GCM fails only past 64 GiB")]
    fn seal_cursor(&self, plain: &[u8], context: &[u8]) -> Vec<u8> {
        let keys = &self.current.cursors;
        let nonce = keys.nonce(plain, context);
        let mut text = plain.to_vec();
        let unique = Nonce::assume_unique_for_key(nonce);
        keys.texts.seal_in_place_append_tag(unique, Aad::from(context), &mut text).expect("a short text");
        [nonce.as_slice(), &text].concat()
    }

    fn open_cursor(&self, sealed: &[u8], context: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        self.all().find_map(|keys| {
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
            let mut text = text.to_vec();
            let plain = keys.cursors.texts.open_in_place(nonce, Aad::from(context), &mut text).ok()?;
            Some(plain.to_vec())
        })
    }
}
