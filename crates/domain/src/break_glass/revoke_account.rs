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
        let subject = self.accounts.find(name).await?.map(|found| found.user_id);
        let change = AuditChange::BreakGlassRevoked { account: name.trim().to_owned() };
        let event = AuditEvent::new(now, &*self.entropy, origin, subject, &change);
        self.accounts.revoke(name, now, &event).await
    }
}
