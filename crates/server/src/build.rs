//! What was built.

/// The version of the packages.
pub(crate) const NUMBER: &str = env!("CARGO_PKG_VERSION");
/// The commit, `unknown` in a build from an archive that was told none.
pub(crate) const COMMIT: &str = env!("MUSTER_COMMIT");
/// The version with its commit, as `--version` prints it.
pub(crate) const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("MUSTER_COMMIT"), ")");
