use std::collections::HashMap;
use std::fmt;

use muster_domain::audit::{DirectoryFeed, Origin};
use muster_domain::directory::{ApplyRecordError, Change, DirectoryRecord, DirectoryService};
use muster_domain::user::{Region, fold};
use muster_domain::{FieldError, StoreError};
use muster_scim::{name_of, read_user};
use serde_json::{Value, json};

use super::{Place, Record, Roster};

/// What became of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Where the record is.
    pub place: Place,
    /// The person's user name, or else their external id, when the record has one that can be shown.
    pub user_name: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// The record's phone number is kept, but no message can reach it.
    pub undeliverable_phone: bool,
    /// Whether an e-mail address is kept that is none.
    pub malformed_email: bool,
}

/// What a record did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was taken over.
    Applied(Change),
    /// It was not.
    Refused {
        /// Why.
        reason: String,
    },
}

/// How many records did what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    pub added: usize,
    pub changed: usize,
    pub deactivated: usize,
    pub reactivated: usize,
    pub unchanged: usize,
    pub refused: usize,
}

/// The import stopped half-way. What came before is kept; running it again goes on.
#[derive(Debug, thiserror::Error)]
#[error("the import stopped at {place}; run it again to go on")]
pub(crate) struct ImportError {
    /// The record that could not be taken over.
    pub place: Place,
    /// Why.
    #[source]
    pub store: StoreError,
}

/// Takes over every record that holds, in the file's order, and tells `report` what became of each. A record that does
/// not hold is refused and hinders no other. Running it again changes nothing.
///
/// # Errors
/// Only when the store fails.
pub(crate) async fn run(
    roster: &Roster<'_>,
    directory: &DirectoryService,
    default_region: Option<Region>,
    mut report: impl FnMut(&Entry),
) -> Result<Summary, ImportError> {
    let origin = Origin::system("import");
    let mut seen = Seen::default();
    let mut summary = Summary::default();
    for record in &roster.records {
        let entry = match check(record, default_region, &mut seen) {
            Ok(checked) => {
                let outcome = match directory.apply_record(&checked, DirectoryFeed::Import, &origin).await {
                    Ok(applied) => Outcome::Applied(applied.change),
                    Err(ApplyRecordError::Store(store)) => return Err(ImportError { place: record.place, store }),
                    Err(refused @ (ApplyRecordError::Conflict | ApplyRecordError::Contended)) => {
                        Outcome::Refused { reason: refused.to_string() }
                    }
                };
                Entry {
                    place: record.place,
                    user_name: Some(checked.user_name().to_owned()),
                    undeliverable_phone: checked.phone_is_undeliverable() && matches!(outcome, Outcome::Applied(_)),
                    malformed_email: checked.email_is_malformed() && matches!(outcome, Outcome::Applied(_)),
                    outcome,
                }
            }
            Err(reason) => Entry {
                place: record.place,
                user_name: name_of(record.json),
                undeliverable_phone: false,
                malformed_email: false,
                outcome: Outcome::Refused { reason },
            },
        };
        summary.count(&entry.outcome);
        report(&entry);
    }
    Ok(summary)
}

fn check(record: &Record<'_>, default_region: Option<Region>, seen: &mut Seen) -> Result<DirectoryRecord, String> {
    let raw = read_user(record.json).map_err(|errors| listed(&errors))?;
    let external_id = raw.external_id.as_ref().map(|id| id.trim().to_owned());
    let checked = DirectoryRecord::parse(raw, default_region).map_err(|errors| listed(&errors))?;
    seen.admit(record.place, checked.user_name(), external_id)?;
    Ok(checked)
}

fn listed(errors: &[FieldError]) -> String {
    errors.iter().map(|error| format!("{} {}", error.field, error.detail)).collect::<Vec<_>>().join("; ")
}

/// Which records named whom. Two for one person would undo each other, at each run anew.
#[derive(Default)]
struct Seen {
    user_names: HashMap<String, Place>,
    external_ids: HashMap<String, Place>,
}

impl Seen {
    fn admit(&mut self, place: Place, user_name: &str, external_id: Option<String>) -> Result<(), String> {
        let user_name = fold(user_name);
        if let Some(earlier) = self.user_names.get(&user_name) {
            return Err(format!("userName is that of {earlier}"));
        }
        if let Some(earlier) = external_id.as_ref().and_then(|id| self.external_ids.get(id)) {
            return Err(format!("externalId is that of {earlier}"));
        }
        self.user_names.insert(user_name, place);
        self.external_ids.extend(external_id.map(|id| (id, place)));
        Ok(())
    }
}

impl Summary {
    fn count(&mut self, outcome: &Outcome) {
        let counter = match outcome {
            Outcome::Applied(Change::Added) => &mut self.added,
            Outcome::Applied(Change::Updated { .. }) => &mut self.changed,
            Outcome::Applied(Change::Deactivated { .. }) => &mut self.deactivated,
            Outcome::Applied(Change::Reactivated { .. }) => &mut self.reactivated,
            Outcome::Applied(Change::Unchanged) => &mut self.unchanged,
            Outcome::Refused { .. } => &mut self.refused,
        };
        *counter += 1;
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { added, changed, deactivated, reactivated, unchanged, refused } = self;
        write!(
            f,
            "{added} added, {changed} changed, {deactivated} deactivated, {reactivated} reactivated, \
             {unchanged} unchanged, {refused} refused"
        )
    }
}

impl Entry {
    /// The lines that tell of it; none when nothing changed and there is nothing to note.
    #[must_use]
    pub(crate) fn lines(&self) -> Vec<String> {
        let at = format!("{}:", self.place);
        let name = self.user_name.as_deref().unwrap_or_default();
        let told = match &self.outcome {
            Outcome::Applied(Change::Added) => Some(format!("{at} added {name}")),
            Outcome::Applied(Change::Updated { fields }) => Some(format!("{at} changed {name}{}", besides(fields))),
            Outcome::Applied(Change::Deactivated { fields }) => {
                Some(format!("{at} deactivated {name}{}", besides(fields)))
            }
            Outcome::Applied(Change::Reactivated { fields }) => {
                Some(format!("{at} reactivated {name}{}", besides(fields)))
            }
            Outcome::Applied(Change::Unchanged) => None,
            Outcome::Refused { reason } if name.is_empty() => Some(format!("{at} refused: {reason}")),
            Outcome::Refused { reason } => Some(format!("{at} refused {name}: {reason}")),
        };
        let note = self.undeliverable_phone.then(|| {
            format!("{at} note: the phone number of {name} is kept, but it is no number that a text message can reach")
        });
        let email =
            self.malformed_email.then(|| format!("{at} note: the e-mail address of {name} is kept, but it is none"));
        told.into_iter().chain(note).chain(email).collect()
    }
}

impl Entry {
    /// What tells of it as JSON; `None` when nothing changed and there is nothing to note.
    pub(crate) fn document(&self) -> Option<Value> {
        let no_fields: &[&str] = &[];
        let (outcome, fields, reason) = match &self.outcome {
            Outcome::Applied(Change::Added) => ("added", no_fields, None),
            Outcome::Applied(Change::Updated { fields }) => ("changed", &**fields, None),
            Outcome::Applied(Change::Deactivated { fields }) => ("deactivated", &**fields, None),
            Outcome::Applied(Change::Reactivated { fields }) => ("reactivated", &**fields, None),
            Outcome::Applied(Change::Unchanged) if self.undeliverable_phone || self.malformed_email => {
                ("unchanged", no_fields, None)
            }
            Outcome::Applied(Change::Unchanged) => return None,
            Outcome::Refused { reason } => ("refused", no_fields, Some(reason)),
        };
        Some(json!({
            "type": "record",
            "line": self.place.line,
            "record": self.place.record,
            "userName": self.user_name,
            "outcome": outcome,
            "fields": fields,
            "reason": reason,
            "undeliverablePhone": self.undeliverable_phone,
            "malformedEmail": self.malformed_email,
        }))
    }
}

impl Summary {
    /// The counts as JSON: of so many records in the file, which may say that it holds only some of a total.
    pub(crate) fn document(&self, records: usize, total: Option<usize>) -> Value {
        let Self { added, changed, deactivated, reactivated, unchanged, refused } = self;
        json!({
            "type": "summary",
            "records": records,
            "total": total.unwrap_or(records),
            "added": added,
            "changed": changed,
            "deactivated": deactivated,
            "reactivated": reactivated,
            "unchanged": unchanged,
            "refused": refused,
        })
    }
}

fn besides(fields: &[&str]) -> String {
    if fields.is_empty() { String::new() } else { format!(" ({})", fields.join(", ")) }
}
