use crate::StoreError;
use crate::audit::{AuditChange, AuditEvent, Origin};
use crate::break_glass::BreakGlassService;

impl BreakGlassService {
    /// Makes an account work no more; whoever is signed in with it is refused from now on. `false` when there is none of
    /// that name that works.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn revoke(&self, name: &str, origin: &Origin) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let Some(found) = self.accounts.find(name).await? else {
            return Ok(false);
        };
        let change = AuditChange::BreakGlassRevoked { account: found.name };
        let event = AuditEvent::new(now, &*self.entropy, origin, Some(found.user_id), &change);
        self.accounts.revoke(name, now, &event).await
    }
}
