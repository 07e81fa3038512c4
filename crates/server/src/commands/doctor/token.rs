//! `muster doctor --token`: why a token of the identity provider is refused, or whom it opens the door to.

use std::io::{self, IsTerminal, Read};

use muster_domain::access::{Identity, IdentityError, IdentityKey, IdentityStore, IdentityTokens, TokenRefusal};
use muster_domain::user::Account;
use muster_domain::{StoreError, with_causes};
use muster_identity::OidcTokens;
use muster_notify::Finding;
use muster_persistence::Store;
use zeroize::Zeroizing;

use super::Report;
use crate::config::Config;
use crate::output::hint;
use crate::wiring;

/// The most that is read of standard input, in bytes: more than any token that is taken.
const MOST: u64 = 64 * 1024;

/// Reads a token from standard input, alone or after `Bearer`.
pub(super) fn read() -> io::Result<Zeroizing<String>> {
    let input = io::stdin();
    if input.is_terminal() {
        hint("paste the token and end with Ctrl-D");
    }
    let mut text = Zeroizing::new(String::new());
    input.lock().take(MOST).read_to_string(&mut text)?;
    let token = text.trim();
    let token = match token.split_once(char::is_whitespace) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => token,
    };
    Ok(Zeroizing::new(token.to_owned()))
}

/// Tells of each check what came of it, and at last whom the token names: not by their names.
pub(super) async fn explain(report: &mut Report, config: &Config, oidc: &OidcTokens, store: &Store, token: &str) {
    let explained = oidc.explain(token, wiring::clock().now()).await;
    for finding in explained.findings {
        report.tell("token", &finding);
    }
    if let Some(identity) = explained.identity {
        for finding in find_person(config.creates_users, oidc, store, token, identity).await {
            report.tell("token", &finding);
        }
    }
}

async fn find_person(
    creates_users: bool,
    oidc: &OidcTokens,
    store: &Store,
    token: &str,
    mut identity: Identity,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut found = known(store, &identity).await;
    if matches!(found, Ok(None)) && identity.logins.is_empty() {
        match oidc.complete(token, &identity).await {
            Ok(Some(completed)) => {
                findings.push(Finding::good("userinfo", "gave a name"));
                identity = completed;
                found = known(store, &identity).await;
            }
            Ok(None) => {
                findings.push(Finding::bad("person", no_name()));
                return findings;
            }
            Err(error) => {
                findings.push(Finding::bad("userinfo", cannot_ask(&error)));
                return findings;
            }
        }
    }
    findings.push(person(found, creates_users));
    findings
}

async fn known(store: &Store, identity: &Identity) -> Result<Option<Account>, StoreError> {
    Ok(store.candidates(&IdentityKey::from(identity)).await?.person())
}

fn person(found: Result<Option<Account>, StoreError>, creates_users: bool) -> Finding {
    match found {
        Ok(Some(account)) if account.active => {
            Finding::good("person", format!("is active, with the id {}", account.id))
        }
        Ok(Some(account)) => {
            let reason = TokenRefusal::Deactivated;
            let what = "the directory must reactivate them, if they should have access";
            Finding::bad("person", format!("{reason}: the person with the id {} is deactivated: {what}", account.id))
        }
        Ok(None) if creates_users => Finding::warning(
            "person",
            "is not on record and is added when they first sign in (MUSTER_OIDC_CREATE_USERS), unless another \
             person has or had one of their names",
        ),
        Ok(None) => Finding::bad(
            "person",
            format!(
                "{}: nobody on record has the sub as externalId, or a name of the token as userName: have the \
                 directory deliver them, or set MUSTER_OIDC_CREATE_USERS",
                TokenRefusal::UnknownPerson
            ),
        ),
        Err(error) => {
            Finding::bad("person", format!("cannot be looked up: {}: check DATABASE_URL", with_causes(&error)))
        }
    }
}

fn no_name() -> String {
    format!(
        "{}: nobody on record has the sub as externalId, the token has no email or preferred_username, and userinfo gave \
         none: have the provider put one into the token, or the directory deliver the sub as externalId",
        TokenRefusal::NoName
    )
}

fn cannot_ask(error: &IdentityError) -> String {
    format!("{}: try again, and run muster doctor", with_causes(error))
}
