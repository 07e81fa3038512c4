use crate::api_key::ApiKeyService;
use crate::audit::{AuditChange, AuditEvent, Origin};
use crate::{ApiKeyId, StoreError};

impl ApiKeyService {
    /// Revokes a key: it is refused from now on. `false` when there is no such key or it was revoked before.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn revoke(&self, id: ApiKeyId, origin: &Origin) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let change = AuditChange::ApiKeyRevoked { key_id: id };
        let event = AuditEvent::new(now, &*self.entropy, origin, None, &change);
        self.keys.revoke(id, now, &event).await
    }
}
