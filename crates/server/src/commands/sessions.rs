use std::sync::Arc;

use muster_crypto::{AccessTokenSigner, InvalidSigningKey, Keyring, Pepper, SigningKey, SystemEntropy};
use muster_domain::StoreError;
use muster_domain::audit::Origin;
use muster_domain::session::{Session, SessionService, SessionStore};
use serde_json::{Value, json};
use time::Duration;

use super::{FindPersonError, person};
use crate::command_line::SessionsCommand;
use crate::config::Config;
use crate::output::{at, say, say_json};
use crate::store::{self, OpenStoreError};
use crate::wiring;

/// Why no session was listed or ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionsError {
    /// The store cannot be used.
    #[error("cannot look after sessions")]
    Open(#[from] OpenStoreError),
    /// Who is meant?
    #[error(transparent)]
    Find(#[from] FindPersonError),
    /// No key could be drawn.
    #[error("cannot look after sessions")]
    Key(#[from] InvalidSigningKey),
    /// The store failed.
    #[error("cannot look after sessions; those that were ended stay ended, run it again for the rest")]
    Store(#[from] StoreError),
}

/// Lists or ends a person's phone sessions.
///
/// # Errors
/// When there is no such person, or the store fails.
pub(crate) async fn run(config: &Config, command: SessionsCommand) -> Result<(), SessionsError> {
    let store = store::open_existing(config).await?;
    let (users, sessions) = (wiring::users(&store), service(store)?);
    match command {
        SessionsCommand::List { login, json } => {
            let found = sessions.list(person(&users, &login).await?.id).await?;
            if json {
                say_json(&json!({ "items": found.iter().map(document).collect::<Vec<_>>() }));
            } else if found.is_empty() {
                say("no session is live");
            } else {
                found.iter().map(line).for_each(say);
            }
        }
        SessionsCommand::Revoke { login, json } => {
            let account = person(&users, &login).await?;
            let ended = sessions.revoke_all(account.id, &Origin::system("sessions revoke")).await?;
            if json {
                say_json(&json!({ "userId": account.id, "ended": ended }));
            } else {
                say(format!("sessions ended: {ended}"));
            }
        }
    }
    Ok(())
}

/// Sessions over a store, with keys that nobody has: no token is made or checked here, so that ending sessions in an
/// emergency needs no secret but the store's.
fn service(store: Arc<impl SessionStore + 'static>) -> Result<SessionService, InvalidSigningKey> {
    let key = SigningKey::generate(&SystemEntropy)?;
    Ok(SessionService {
        sessions: store,
        hasher: Arc::new(Keyring::new(&Pepper::generate(&SystemEntropy))),
        access_tokens: Arc::new(AccessTokenSigner::new(&key, String::new(), false)),
        clock: wiring::clock(),
        entropy: Arc::new(SystemEntropy),
        replay_grace: Duration::ZERO,
    })
}

/// A session in one line of columns: id, when it was opened, when it was last used, when it ends, its name.
fn line(session: &Session) -> String {
    let [opened, used, ends] = [session.created_at, session.last_used_at, session.expires_at].map(at);
    let name = session.device_name.as_deref().unwrap_or("without a name");
    format!("{}  opened {opened}  used {used}  until {ends}  {name}", session.id)
}

fn document(session: &Session) -> Value {
    json!({
        "id": session.id,
        "deviceName": session.device_name,
        "createdAt": at(session.created_at),
        "lastUsedAt": at(session.last_used_at),
        "expiresAt": at(session.expires_at),
    })
}
