use std::error::Error;

use async_trait::async_trait;

/// Why a store could not do what it was asked. Vendor types hide behind the boxed source.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store cannot be reached now; the same call may succeed later.
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// A row holds what the domain says cannot be. `what` names the row and the rule, never its content.
    #[error("the store holds inconsistent data: {what}")]
    Inconsistent {
        /// Which rule is broken, by which kind of row.
        what: String,
    },
    /// The store refused or failed for another reason.
    #[error("the store failed")]
    Backend(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    /// An [`StoreError::Inconsistent`] that names what is wrong.
    pub fn inconsistent(what: impl Into<String>) -> Self {
        Self::Inconsistent { what: what.into() }
    }
}

/// An error's message and those of everything beneath it, in one line, for an operator.
#[must_use]
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        // Some libraries say in an error what its cause says too.
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = error.source();
    }
    text
}

/// One thing that is wrong with one field of somebody's input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's path as the sender wrote it, for example `rules.critical[0].afterMinutes`.
    pub field: String,
    /// What is wrong and what would be right; lower case, without the value.
    pub detail: String,
}

impl FieldError {
    /// Names a field and what is wrong with it.
    pub fn new(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: field.into(), detail: detail.into() }
    }
}

/// Whether the store can serve.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait StoreHealth: Send + Sync {
    /// `Ok` when the store answers, can be written, and has the schema that this build understands;
    /// [`StoreError::Unavailable`] when it does not answer or cannot be written (a standby, a database that is read-only, a
    /// full disk), [`StoreError::Inconsistent`] when the schema differs. An adapter may take a write of a few seconds ago
    /// for proof.
    async fn check(&self) -> Result<(), StoreError>;
}
