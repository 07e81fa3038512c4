use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use muster_domain::break_glass::{
    Lane, Password, PasswordError, PasswordHash, PasswordHasher, PasswordTag, PasswordTurn,
};
use time::Duration;

use crate::FakeHasher;

/// Password hashes that are quick and **without any security**: a salted fake digest in the form of an Argon2id hash.
#[derive(Debug, Default)]
pub struct FakePasswordHasher {
    hashed: AtomicUsize,
    checked: Arc<AtomicUsize>,
    busy: AtomicBool,
    common_is_busy: AtomicBool,
}

struct FakeTurn(Arc<AtomicUsize>);

impl FakePasswordHasher {
    /// What it says when to try again, while it is busy.
    pub const RETRY_AFTER: Duration = Duration::seconds(2);

    /// Makes everything be refused as [`PasswordError::Busy`], or work again.
    pub fn set_busy(&self, busy: bool) {
        self.busy.store(busy, Ordering::SeqCst);
    }

    /// Makes everything in [`Lane::Common`] be refused as [`PasswordError::Busy`], or work again.
    pub fn set_common_busy(&self, busy: bool) {
        self.common_is_busy.store(busy, Ordering::SeqCst);
    }

    /// How many passwords were hashed to be kept.
    #[must_use]
    pub fn hashed(&self) -> usize {
        self.hashed.load(Ordering::SeqCst)
    }

    /// How many passwords were checked, also against no hash. What was refused for being busy does not count.
    #[must_use]
    pub fn checked(&self) -> usize {
        self.checked.load(Ordering::SeqCst)
    }

    fn busy_unless(&self, admitted: bool) -> Result<(), PasswordError> {
        if admitted && !self.busy.load(Ordering::SeqCst) {
            Ok(())
        } else {
            Err(PasswordError::Busy { retry_after: Self::RETRY_AFTER })
        }
    }
}

#[async_trait]
impl PasswordHasher for FakePasswordHasher {
    async fn hash_password(&self, password: &Password) -> Result<PasswordHash, PasswordError> {
        self.busy_unless(true)?;
        let salt = self.hashed.fetch_add(1, Ordering::SeqCst);
        let hash = PasswordHash::parse(text(&salt.to_string(), password));
        hash.map_err(|error| PasswordError::Failed(error.into()))
    }

    fn tag(&self, password: &Password) -> PasswordTag {
        let [a, b, c, d, ..] = FakeHasher::digest("password tag", &[password.expose().as_bytes()]);
        PasswordTag(u32::from_be_bytes([a, b, c, d]))
    }

    async fn turn(&self, lane: Lane) -> Result<Box<dyn PasswordTurn>, PasswordError> {
        self.busy_unless(lane == Lane::Reserved || !self.common_is_busy.load(Ordering::SeqCst))?;
        Ok(Box::new(FakeTurn(self.checked.clone())))
    }
}

#[async_trait]
impl PasswordTurn for FakeTurn {
    async fn is_password(
        self: Box<Self>,
        password: &Password,
        hash: Option<PasswordHash>,
    ) -> Result<bool, PasswordError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let Some(hash) = hash else {
            return Ok(false);
        };
        let salt = hash.as_str().rsplit('$').nth(1).unwrap_or_default();
        Ok(text(salt, password) == hash.as_str())
    }
}

fn text(salt: &str, password: &Password) -> String {
    let digest = FakeHasher::digest("password", &[salt.as_bytes(), password.expose().as_bytes()]);
    format!("$argon2id$fake${salt}${}", digest.map(|byte| format!("{byte:02x}")).concat())
}
