use time::OffsetDateTime;

use crate::access::Scope;
use crate::api_key::{ApiKey, ApiKeyName, ApiKeyService, ApiKeyToken};
use crate::audit::{AuditChange, AuditEvent, Origin};
use crate::{ApiKeyId, StoreError};

/// A key as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// What it is called.
    pub name: ApiKeyName,
    /// What it may be used for.
    pub scopes: Scopes,
    /// When it stops working, if it ever does.
    pub expires_at: Option<OffsetDateTime>,
}

/// One or more scopes, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// Takes scopes in any order; `None` when there are none.
    #[must_use]
    pub fn of(scopes: &[Scope]) -> Option<Self> {
        let scopes: Vec<Scope> = Scope::ALL.into_iter().filter(|scope| scopes.contains(scope)).collect();
        (!scopes.is_empty()).then_some(Self(scopes))
    }
}

/// A key that was made, with the only copy of itself.
#[derive(Debug)]
pub struct CreatedKey {
    /// What is on record.
    pub key: ApiKey,
    /// The key itself.
    pub token: ApiKeyToken,
}

impl ApiKeyService {
    /// Makes a key.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn create(&self, new: NewKey, origin: &Origin) -> Result<CreatedKey, StoreError> {
        let now = self.clock.now();
        let (mut key, token) = self.draw(now);
        key.name = new.name.into();
        key.scopes = new.scopes.0;
        key.expires_at = new.expires_at;
        let change = AuditChange::ApiKeyCreated {
            key_id: key.id,
            name: key.name.clone(),
            prefix: key.prefix.clone(),
            scopes: key.scopes.clone(),
        };
        let event = AuditEvent::new(now, &*self.entropy, origin, None, &change);
        self.keys.insert(&key, &self.hasher.hash_key(&token), &event).await?;
        Ok(CreatedKey { key, token })
    }

    /// A key without name, scopes and end.
    pub(super) fn draw(&self, now: OffsetDateTime) -> (ApiKey, ApiKeyToken) {
        let token = ApiKeyToken::generate(&*self.entropy);
        let key = ApiKey {
            id: ApiKeyId::new(now, &*self.entropy),
            name: String::new(),
            prefix: token.shown(),
            scopes: Vec::new(),
            created_at: now,
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
        };
        (key, token)
    }
}
