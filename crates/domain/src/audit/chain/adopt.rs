use super::content::{End, mark};
use super::{AuditChainService, ChainError, ChainReport, Forgetting, Sealing};
use crate::audit::{AuditChange, AuditEvent, Origin};

impl AuditChainService {
    /// Sets the ends of a chain that older keys set with the present key, so that sealing goes on after the pepper was
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
        if let Some(after) = marks.start.filter(|_| self.recognize(End::Start, marks.start).is_err()) {
            let start = mark(&*self.sealer, End::Start, after.position, after.hash);
            let change = AuditChange::AuditForgotten { through: after.position, records: 0 };
            let event = AuditEvent::new(self.clock.now(), &*self.entropy, origin, None, &change);
            if !self.chain.forget(&Forgetting { after: Some(after), start, event }).await? {
                return Ok(false);
            }
        }
        match marks.head.filter(|_| self.recognize(End::Head, marks.head).is_err()) {
            None => Ok(true),
            Some(after) => {
                let head = mark(&*self.sealer, End::Head, after.position, after.hash);
                Ok(self.chain.seal(&Sealing { after: Some(after), seals: Vec::new(), head }).await?)
            }
        }
    }
}
