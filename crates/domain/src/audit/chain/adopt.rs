use super::{AuditChainService, ChainError, ChainReport};
use crate::KeyStanding;
use crate::audit::Origin;

impl AuditChainService {
    /// Sets the ends of a chain that older keys set with the current key, so that sealing goes on after the pepper was
    /// changed. `report` is what verifying it with those keys came to: `false`, and nothing is set, unless the chain is
    /// whole. Ends that changed since then are not set either.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn adopt(&self, report: &ChainReport, origin: &Origin) -> Result<bool, ChainError> {
        let marks = self.chain.marks().await?;
        let verified = marks.head.map(|head| (head.position, head.hash));
        if !report.faults.is_empty() || verified != report.head.map(|head| (head.position, head.hash)) {
            return Ok(false);
        }
        self.set_ends(&marks, &[KeyStanding::Previous, KeyStanding::Unknown], origin).await
    }
}
