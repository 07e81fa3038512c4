//! Loading people from a file, as identity providers export them: a SCIM 2.0 `ListResponse` (RFC 7644, section 3.4.2)
//! or a bare array of its User resources (RFC 7643, section 4.1).

mod file;
mod run;

pub(crate) use file::{FileError, Place, Record, Roster, parse};
pub(crate) use run::{Entry, ImportError, Summary, run};

#[cfg(test)]
mod tests;
