use time::OffsetDateTime;

use crate::{Text, UserId};

/// What an account is called. People type it, so case and outer spaces do not matter.
pub type AccountName = Text<64>;

/// A break-glass account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakGlassAccount {
    /// Whose: a local admin of its own.
    pub user_id: UserId,
    /// What it is called; among those that work, unique without regard to case.
    pub name: String,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was revoked.
    pub revoked_at: Option<OffsetDateTime>,
    /// When it was last signed in.
    pub last_used_at: Option<OffsetDateTime>,
}
