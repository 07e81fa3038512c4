use super::content::{End, mark, marked_with};
use super::{AuditChainService, ChainError, ChainMark, ChainMarks, Forgetting, Sealing};
use crate::KeyStanding;
use crate::audit::{AuditChange, AuditEvent, Origin};

impl AuditChainService {
    /// Sets those ends of the chain anew with the current key that a previous key of the server's set, so that the chain
    /// can go on when the previous key is removed. Any number of servers may do it at once. `false` when an end moved
    /// meanwhile; the server that moved it set it with a key of its own.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn renew_ends(&self, origin: &Origin) -> Result<bool, ChainError> {
        let marks = self.chain.marks().await?;
        self.set_ends(&marks, &[KeyStanding::Previous], origin).await
    }

    /// Sets those ends anew that were set with a key of one of these standings.
    pub(super) async fn set_ends(
        &self,
        marks: &ChainMarks,
        of: &[KeyStanding],
        origin: &Origin,
    ) -> Result<bool, ChainError> {
        let keys = self.sealer.keys();
        let is_old = |end, mark: &ChainMark| {
            // Which key set an end that no key of the server's did, the end does not say.
            let standing = marked_with(&*self.sealer, end, mark).map(|key| keys.standing(Some(key)));
            of.contains(&standing.unwrap_or(KeyStanding::Unknown))
        };
        if let Some(after) = marks.start.filter(|mark| is_old(End::Start, mark)) {
            let start = mark(&*self.sealer, End::Start, after.position, after.hash);
            let change = AuditChange::AuditForgotten { through: after.position, records: 0 };
            let event = AuditEvent::new(self.clock.now(), &*self.entropy, origin, None, &change);
            if !self.chain.forget(&Forgetting { after: Some(after), start, event }).await? {
                return Ok(false);
            }
        }
        match marks.head.filter(|mark| is_old(End::Head, mark)) {
            None => Ok(true),
            Some(after) => {
                let head = mark(&*self.sealer, End::Head, after.position, after.hash);
                let sealing = Sealing { after: Some(after), seals: Vec::new(), key: keys.current, head };
                Ok(self.chain.seal(&sealing).await?)
            }
        }
    }
}
