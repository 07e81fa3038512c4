use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use muster_crypto::{InvalidPepper, Keyring, Pepper};
use muster_domain::StoreError;
use muster_domain::audit::Origin;
use muster_domain::audit::chain::{AuditChainService, AuditSealer, ChainError, ChainReport, NotedHead, Waiting};
use serde_json::{Value, json};

use crate::config::{Config, read_secret_file};
use crate::data_dir::DataDirError;
use crate::output::{self, say, say_json};
use crate::store::{self, OpenStoreError};
use crate::wiring;

/// Why the audit trail was not checked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VerifyAuditError {
    /// The pepper cannot be had.
    #[error("cannot verify")]
    Pepper(#[from] DataDirError),
    /// An older pepper cannot be read.
    #[error("cannot read {}", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// An older pepper is none.
    #[error("the pepper in {} is none", .0.display())]
    OldPepper(PathBuf, #[source] InvalidPepper),
    /// The store cannot be used.
    #[error("cannot verify")]
    Open(#[from] OpenStoreError),
    /// The store failed.
    #[error("the verification broke off")]
    Store(#[from] StoreError),
    /// The chain's ends were not set.
    #[error("the chain is whole, and was not adopted")]
    Adopt(#[from] ChainError),
    /// Somebody changed an end meanwhile.
    #[error("the chain moved on during the verification: stop the servers that have the older pepper, and try again")]
    Moved,
}

/// What a verification came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The chain is whole, and no record has waited for its seal for long.
    Whole,
    /// The chain is whole, and records wait to be added to it.
    Waiting,
    /// The chain has faults.
    Tampered,
}

impl Verdict {
    fn of(report: &ChainReport) -> Self {
        match (report.faults.is_empty(), report.waiting) {
            (false, _) => Self::Tampered,
            (true, Some(_)) => Self::Waiting,
            (true, None) => Self::Whole,
        }
    }
}

/// Checks the chain of the audit trail and prints what it finds; with `adopt`, a whole chain goes on under the present
/// pepper.
///
/// # Errors
/// When it cannot be checked.
pub(crate) async fn run(
    config: &Config,
    noted: Option<NotedHead>,
    old_peppers: &[PathBuf],
    adopt: bool,
    json: bool,
) -> Result<Verdict, VerifyAuditError> {
    let older = old_peppers.iter().map(|path| older(path)).collect::<Result<Vec<_>, _>>()?;
    let store = store::open_existing(config).await?;
    let chain = wiring::audit_chain(&store, super::keyring(config)?);
    let bar = output::progress(Some(0), "records");
    let mut progress = |checked, of| {
        bar.set_length(of);
        bar.set_position(checked);
    };
    let report = chain.verify(&older, noted, &mut progress).await?;
    bar.finish_and_clear();
    let verdict = Verdict::of(&report);
    if adopt && verdict != Verdict::Tampered && !chain.adopt(&report, &Origin::system("audit verify")).await? {
        return Err(VerifyAuditError::Moved);
    }
    if json {
        say_json(&document(&report));
    } else {
        lines(&report, noted).iter().for_each(say);
    }
    Ok(verdict)
}

fn older(path: &Path) -> Result<Arc<dyn AuditSealer>, VerifyAuditError> {
    let text = read_secret_file(path).map_err(|error| VerifyAuditError::Read(path.to_owned(), error))?;
    let pepper = Pepper::from_base64(&text).map_err(|error| VerifyAuditError::OldPepper(path.to_owned(), error))?;
    Ok(Arc::new(Keyring::new(&pepper)))
}

fn lines(report: &ChainReport, noted: Option<NotedHead>) -> Vec<String> {
    let ChainReport { first, head, checked, faults, further_faults, waiting } = report;
    let mut lines: Vec<String> = faults.iter().map(|fault| format!("FAULT  {fault}")).collect();
    if *further_faults > 0 {
        lines.push(format!("FAULT  and {further_faults} more"));
    }
    lines.push(match head {
        Some(head) => format!("records checked: {checked}, from {first} to {}", head.position),
        None => {
            "no record is sealed: servers do that within seconds, so either none ran, or somebody emptied the chain"
                .to_owned()
        }
    });
    if let (Some(noted), true) = (noted, faults.is_empty()) {
        lines.push(format!("the head that was noted is in the chain, at {}", noted.position));
    }
    let verdict = match (faults.is_empty(), head) {
        (true, Some(_)) => "the chain is whole",
        (true, None) => "the chain is empty",
        (false, _) => "the chain is not whole",
    };
    if let Some(waiting) = waiting {
        lines.push(told_of(waiting));
    }
    lines.push(verdict.to_owned());
    if let Some(head) = head {
        lines.push(format!("head, to be noted elsewhere: {}:{}", head.position, head.hash));
    }
    lines
}

/// What waits, and what to do.
fn told_of(waiting: &Waiting) -> String {
    let Waiting { oldest, since, records, sealed_meanwhile } = *waiting;
    let how_many = match records {
        1 => "1 record is".to_owned(),
        records if records < u64::from(AuditChainService::BATCH) => format!("{records} records are"),
        records => format!("{records} or more records are"),
    };
    let what =
        format!("WAITING  {how_many} not sealed yet; the oldest, {oldest}, was written at {}", output::at(since));
    if sealed_meanwhile > 0 {
        format!("{what}; servers sealed {sealed_meanwhile} meanwhile: verify again once they are done")
    } else {
        format!("{what}; none was sealed meanwhile: start a server, or read in its log why sealing fails")
    }
}

fn document(report: &ChainReport) -> Value {
    let ChainReport { first, head, checked, faults, further_faults, waiting } = report;
    json!({
        "whole": faults.is_empty(),
        "checked": checked,
        "first": first,
        "head": head.map(|head| json!({ "position": head.position, "hash": head.hash.to_string() })),
        "faults": faults.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "furtherFaults": further_faults,
        "waiting": waiting.map(|Waiting { oldest, since, records, sealed_meanwhile }| json!({
            "oldest": oldest, "since": output::at(since), "records": records, "sealedMeanwhile": sealed_meanwhile,
        })),
    })
}

#[cfg(test)]
mod tests {
    use muster_domain::AuditId;
    use muster_domain::audit::chain::{ChainFault, SealHash};

    use super::*;

    fn report(faults: Vec<ChainFault>, further_faults: u64) -> ChainReport {
        let head = Some(NotedHead { position: 12, hash: SealHash([0xab; 32]) });
        ChainReport { first: 3, head, checked: 9, faults, further_faults, waiting: None }
    }

    #[test]
    fn whole_chain_is_told_with_its_head() {
        let noted = Some(NotedHead { position: 5, hash: SealHash::NONE });
        let expected = [
            "records checked: 9, from 3 to 12".to_owned(),
            "the head that was noted is in the chain, at 5".to_owned(),
            "the chain is whole".to_owned(),
            format!("head, to be noted elsewhere: 12:{}", "ab".repeat(32)),
        ];
        assert_eq!(lines(&report(Vec::new(), 0), noted), expected);
    }

    #[test]
    fn empty_chain_is_not_called_whole() {
        let empty = ChainReport { first: 1, head: None, checked: 0, ..report(Vec::new(), 0) };
        let told = lines(&empty, None);
        assert_eq!(told.len(), 2);
        assert!(told[0].contains("somebody emptied the chain") && told[1] == "the chain is empty", "{told:?}");
    }

    #[test]
    fn backlog_is_told_with_what_to_do_and_is_no_fault() {
        let waiting = |records, sealed_meanwhile| {
            let (oldest, since) = (AuditId(uuid::Uuid::nil()), time::OffsetDateTime::UNIX_EPOCH);
            ChainReport { waiting: Some(Waiting { oldest, since, records, sealed_meanwhile }), ..report(Vec::new(), 0) }
        };
        let told = "records are not sealed yet; the oldest, 00000000-0000-0000-0000-000000000000, was written at \
            1970-01-01T00:00:00Z";
        let idle = lines(&waiting(7, 0), None);
        let advice = "none was sealed meanwhile: start a server, or read in its log why sealing fails";
        assert_eq!(idle[1], format!("WAITING  7 {told}; {advice}"));
        assert_eq!(idle[2], "the chain is whole");
        let busy = lines(&waiting(500, 1_000), None);
        let advice = "servers sealed 1000 meanwhile: verify again once they are done";
        assert_eq!(busy[1], format!("WAITING  500 or more {told}; {advice}"));
        assert_eq!(document(&waiting(7, 0))["waiting"]["records"], json!(7));
        assert_eq!(
            (Verdict::of(&waiting(7, 0)), Verdict::of(&report(Vec::new(), 0))),
            (Verdict::Waiting, Verdict::Whole)
        );
        let both = ChainReport { faults: vec![ChainFault::Head], ..waiting(7, 0) };
        assert_eq!(Verdict::of(&both), Verdict::Tampered);
    }

    #[test]
    fn each_fault_is_a_line_and_a_member() {
        let faulty = report(vec![ChainFault::Missing { first: 4, last: 6 }, ChainFault::Head], 7);
        let told = lines(&faulty, Some(NotedHead { position: 5, hash: SealHash::NONE }));
        assert_eq!(told[0], "FAULT  records 4 to 6 are missing");
        assert_eq!(told[1..3], ["FAULT  the head of the chain was changed", "FAULT  and 7 more"]);
        assert!(
            told.contains(&"the chain is not whole".to_owned()) && !told.iter().any(|line| line.contains("noted is"))
        );
        let document = document(&faulty);
        assert_eq!(document["whole"], json!(false));
        assert_eq!(document["faults"][0], json!("records 4 to 6 are missing"));
        assert_eq!(document["head"]["position"], json!(12));
    }
}
