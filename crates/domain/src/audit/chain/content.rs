//! What is sealed, byte by byte. Stored seals depend on it: it may not change.

use serde_json::Value;

use super::port::{AuditSealer, ChainMark, SealHash};
use crate::audit::{Actor, AuditEvent};
use crate::{KeyId, to_micros};

/// What the seal of a record in that place is made over: a label, its place, the seal before it, and its content, each
/// field with its length, so that no two records have the same bytes.
pub(super) fn content(position: u64, previous: &SealHash, event: &AuditEvent) -> Vec<u8> {
    let mut bytes = b"muster audit record 1\0".to_vec();
    bytes.extend(position.to_be_bytes());
    bytes.extend(previous.0);
    bytes.extend(event.id.0.as_bytes());
    bytes.extend(to_micros(event.at).unix_timestamp_nanos().to_be_bytes());
    field(&mut bytes, Some(event.action.as_bytes()));
    let (actor, id, name) = match &event.origin.actor {
        Actor::User { id } => (1, Some(id.0.as_bytes().as_slice()), None),
        Actor::Service { name } => (2, None, Some(name.as_bytes())),
        Actor::System { name } => (3, None, Some(name.as_bytes())),
        Actor::Anonymous => (4, None, None),
    };
    bytes.push(actor);
    field(&mut bytes, id);
    field(&mut bytes, name);
    field(&mut bytes, event.subject.as_ref().map(|id| id.0.as_bytes().as_slice()));
    let mut details = String::new();
    canonical(&event.details, &mut details);
    field(&mut bytes, Some(details.as_bytes()));
    field(&mut bytes, event.origin.ip.map(|ip| ip.to_string()).as_deref().map(str::as_bytes));
    field(&mut bytes, event.origin.user_agent.as_deref().map(str::as_bytes));
    field(&mut bytes, event.origin.request_id.as_deref().map(str::as_bytes));
    bytes
}

/// Which end of the chain a mark is for.
#[derive(Clone, Copy)]
pub(super) enum End {
    Start,
    Head,
}

/// A mark for that end of the chain.
pub(super) fn mark(sealer: &dyn AuditSealer, end: End, position: u64, hash: SealHash) -> ChainMark {
    ChainMark { position, hash, mac: sealer.seal(&mark_content(end, position, &hash)) }
}

/// The key of a sealer's with which a mark was made for that end.
pub(super) fn marked_with(sealer: &dyn AuditSealer, end: End, mark: &ChainMark) -> Option<KeyId> {
    sealer.sealed_with(&mark_content(end, mark.position, &mark.hash), &mark.mac)
}

fn mark_content(end: End, position: u64, hash: &SealHash) -> Vec<u8> {
    let label: &[u8] = match end {
        End::Start => b"muster audit start 1\0",
        End::Head => b"muster audit head 1\0",
    };
    [label, &position.to_be_bytes(), &hash.0].concat()
}

/// A field that may be missing: nothing, or its length and itself.
fn field(bytes: &mut Vec<u8>, value: Option<&[u8]>) {
    match value {
        None => bytes.push(0),
        Some(value) => {
            bytes.push(1);
            bytes.extend((value.len() as u64).to_be_bytes());
            bytes.extend(value);
        }
    }
}

/// JSON without spaces, each object's members in the order of their names, whatever order the store kept.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_unstable_by_key(|(name, _)| *name);
            out.push('{');
            for (index, (name, member)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                canonical(member, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                canonical(item, out);
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}
