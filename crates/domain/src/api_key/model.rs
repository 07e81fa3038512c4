use time::OffsetDateTime;

use crate::access::Scope;
use crate::{ApiKeyId, Text};

/// What a key is called.
pub type ApiKeyName = Text<100>;

/// A key of another service's. The key itself is nowhere kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Which.
    pub id: ApiKeyId,
    /// What it is called; a rotated key and its successor share it.
    pub name: String,
    /// How the key begins, to recognize it by: `mst_key_` and four more characters.
    pub prefix: String,
    /// What it may be used for; at least one, each once, in the order of [`Scope::ALL`].
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it stops working, when it does.
    pub expires_at: Option<OffsetDateTime>,
    /// When it was revoked.
    pub revoked_at: Option<OffsetDateTime>,
    /// When it was last used, to the minute; `None` when it never was.
    pub last_used_at: Option<OffsetDateTime>,
}

impl ApiKey {
    /// Whether it works at `now`.
    #[must_use]
    pub fn is_live(&self, now: OffsetDateTime) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|expires_at| now < expires_at)
    }
}
