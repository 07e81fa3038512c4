//! The rule of [`muster_domain::verification::VerificationStatus`] in SQL, about the person in the row of `users`.
//!
//! `OFFSET 0` changes no answer. Without it PostgreSQL expects to answer for everybody, not for a page, and reads all the
//! proofs and devices there are; with it, each person's are found by the index.

use diesel::dsl::{AsExprOf, auto_type, exists};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use muster_domain::verification::{ChannelSet, Method};

use crate::schema::{devices, proofs, users};

/// Whether they are active and every channel of these is proven.
#[auto_type]
pub(super) fn can_be_on_call(required: ChannelSet) -> _ {
    let no_email: AsExprOf<bool, Bool> = unless(required, Method::Email);
    let no_sms: AsExprOf<bool, Bool> = unless(required, Method::Sms);
    let no_push: AsExprOf<bool, Bool> = unless(required, Method::Push);
    users::active.and(no_email.or(email_is_proven())).and(no_sms.or(sms_is_proven())).and(no_push.or(push_is_proven()))
}

/// Whether there is a proof of the e-mail address that they have now.
#[auto_type]
pub(super) fn email_is_proven() -> _ {
    let email: &'static str = Method::Email.as_str();
    let proof = proofs::table
        .filter(proofs::user_id.eq(users::id))
        .filter(proofs::method.eq(email))
        .filter(proofs::fingerprint.nullable().eq(users::email_fingerprint))
        .offset(0_i64);
    exists(proof)
}

/// Whether there is a proof of the phone number that they have now.
#[auto_type]
pub(super) fn sms_is_proven() -> _ {
    let sms: &'static str = Method::Sms.as_str();
    let proof = proofs::table
        .filter(proofs::user_id.eq(users::id))
        .filter(proofs::method.eq(sms))
        .filter(proofs::fingerprint.nullable().eq(users::phone_fingerprint))
        .offset(0_i64);
    exists(proof)
}

/// Whether a device of theirs is proven.
#[auto_type]
pub(super) fn push_is_proven() -> _ {
    let proven =
        devices::table.filter(devices::user_id.eq(users::id)).filter(devices::verified_at.is_not_null()).offset(0_i64);
    exists(proven)
}

/// True when that channel need not be proven.
fn unless(required: ChannelSet, method: Method) -> AsExprOf<bool, Bool> {
    (!required.contains(method)).into_sql::<Bool>()
}
