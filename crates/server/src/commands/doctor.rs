mod token;

use std::io;
use std::sync::Arc;

use muster_domain::StoreError;
use muster_domain::audit::Origin;
use muster_domain::verification::{Delivery, Method, SendCodeError, SentCode, VerificationService};
use muster_domain::{StoreHealth, UserId, with_causes};
use muster_notify::{Finding, Verdict};
use muster_persistence::Store;
use serde_json::{Value, json};

use crate::commands::pepper;
use crate::config::{Config, Mode};
use crate::data_dir::DataDirError;
use crate::output::{say, say_json};
use crate::senders::SendersError;
use crate::store::{self, OpenStoreError};
use crate::wiring::{self, OidcError};

/// Why nothing could be looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DoctorError {
    /// The providers cannot be set up.
    #[error("cannot check")]
    Senders(#[from] SendersError),
    /// The identity provider cannot be asked.
    #[error("cannot check")]
    Oidc(#[from] OidcError),
    /// A secret cannot be had.
    #[error("cannot check")]
    DataDir(#[from] DataDirError),
    /// The store cannot be opened.
    #[error("cannot check")]
    Open(#[from] OpenStoreError),
    /// The person could not be looked up.
    #[error("cannot find that person")]
    Find(#[source] StoreError),
    /// Standard input has no token.
    #[error("cannot read a token from standard input")]
    Read(#[source] io::Error),
    /// Nobody is meant, or it is unclear who.
    #[error("no one active person has the user name or e-mail address {0}: import them first")]
    Nobody(String),
}

/// Looks at everything that sending needs and prints what it finds; then sends, when somebody is named. Returns whether
/// nothing has to be mended.
///
/// # Errors
/// When nothing can be looked at, or nobody is named so.
pub(crate) async fn run(config: &Config, send_to: Option<&str>, json: bool) -> Result<bool, DoctorError> {
    let mut report = Report::new(json);
    let outbox = (config.mode == Mode::Development).then(wiring::outbox);
    let senders = wiring::senders(&config.messaging, outbox.as_ref()).await?;
    report.tell("configuration", &Finding::good("is read:", store::described(config)));
    let store = match open_store(config).await {
        Ok(store) => Some(store),
        Err(error @ OpenStoreError::NoStore(_)) => {
            report.tell("store", &Finding::bad("connection", error.to_string()));
            None
        }
        Err(error) => return Err(error.into()),
    };
    if let Some(store) = &store {
        look_at_store(&mut report, config, store).await?;
    }
    for method in config.messaging.channels.iter().filter(|method| !has_provider(config, *method)) {
        let captured = "has no provider: in development mode its messages go to the outbox and reach nobody";
        report.tell(method.as_str(), &Finding::warning("channel", captured));
    }
    for method in Method::ALL.into_iter().filter(|method| !config.messaging.channels.contains(*method)) {
        report.tell(method.as_str(), &Finding::good("channel", "is off (MUSTER_CHANNELS): nobody has to prove it"));
    }
    if let Some(sms) = &config.messaging.sms
        && sms.origin_host.is_none()
    {
        let missing = "is not given, or no host name: text messages lack the line by which phones fill codes in";
        report.tell(Method::Sms.as_str(), &Finding::warning("MUSTER_PUBLIC_URL", missing));
    }
    for (channel, findings) in senders.providers.check(wiring::clock().now()).await {
        for finding in findings {
            report.tell(channel, &finding);
        }
    }
    if let Some(oidc) = wiring::oidc(config, config.public_url.as_deref())? {
        for finding in oidc.check(wiring::clock().now()).await {
            report.tell("sign-in", &finding);
        }
    } else if config.mode == Mode::Production {
        let nobody = "is not given: nobody can sign in";
        report.tell("sign-in", &Finding::warning("MUSTER_OIDC_ISSUER", nobody));
    }
    if let (Some(login), Some(store)) = (send_to, store) {
        let account = wiring::users(&store).users.find_login(login).await.map_err(DoctorError::Find)?;
        let account = account.filter(|account| account.active);
        let account = account.ok_or_else(|| DoctorError::Nobody(login.escape_debug().to_string()))?;
        let verification = wiring::verification(&store, super::keyring(config)?, &senders, &config.messaging);
        for method in config.messaging.channels.iter() {
            report.tell(method.as_str(), &send(&verification, account.id, method).await);
        }
    }
    Ok(report.end())
}

async fn look_at_store(report: &mut Report, config: &Config, store: &Arc<Store>) -> Result<(), DoctorError> {
    let schema = check_store(store).await;
    report.tell("store", &schema);
    if let Ok(true) = store.lacks_statement_timeout().await {
        report.tell("store", &Finding::warning("statement_timeout", store::NO_STATEMENT_TIMEOUT));
    }
    if schema.verdict != Verdict::Good {
        return Ok(());
    }
    let rotation = wiring::key_rotation(store, super::keyring(config)?);
    match rotation.count().await {
        Ok(usage) => {
            for finding in pepper::findings(&rotation, &usage) {
                report.tell("store", &finding);
            }
        }
        Err(error) => report.tell("store", &Finding::bad("pepper", with_causes(&error))),
    }
    Ok(())
}

/// Explains the token on standard input: each check that signing in makes, and whom it names. Nothing else is looked at.
/// Returns whether the token is good.
///
/// # Errors
/// When nothing can be looked at.
pub(crate) async fn run_for_token(config: &Config, json: bool) -> Result<bool, DoctorError> {
    let mut report = Report::new(json);
    let token = token::read().map_err(DoctorError::Read)?;
    if let Some(oidc) = wiring::oidc(config, config.public_url.as_deref())? {
        let store = open_store(config).await?;
        token::explain(&mut report, config, &oidc, &store, &token).await;
    } else {
        let nobody = "is not given: no token of an identity provider is taken";
        report.tell("sign-in", &Finding::bad("MUSTER_OIDC_ISSUER", nobody));
    }
    Ok(report.end())
}

/// As the server would, in development mode with the schema of this build, but where there is a store already.
async fn open_store(config: &Config) -> Result<Arc<Store>, OpenStoreError> {
    match config.mode {
        Mode::Development => store::open_existing(config).await,
        Mode::Production => {
            store::require_file(config)?;
            Ok(Arc::new(store::connect(config)?))
        }
    }
}

fn has_provider(config: &Config, method: Method) -> bool {
    match method {
        Method::Email => config.messaging.email.is_some(),
        Method::Sms => config.messaging.sms.is_some(),
        Method::Push => config.messaging.push.is_some(),
    }
}

async fn check_store(store: &Store) -> Finding {
    match store.check().await {
        Ok(()) => Finding::good("schema", "is the one of this build"),
        Err(error @ StoreError::Inconsistent { .. }) => Finding::bad("schema", with_causes(&error)),
        Err(error) => Finding::bad("connection", format!("{}: check DATABASE_URL", with_causes(&error))),
    }
}

async fn send(verification: &VerificationService, user: UserId, method: Method) -> Finding {
    match verification.send_code(user, method, None, &Origin::system("doctor")).await {
        Ok(sent) => sent_finding(&sent),
        Err(SendCodeError::NoDestination { .. }) => {
            Finding::bad("send", "there is nowhere to send it: nothing is on file")
        }
        Err(error @ (SendCodeError::TooSoon { retry_after } | SendCodeError::OverQuota { retry_after, .. })) => {
            let seconds = retry_after.whole_seconds().max(1);
            Finding::bad("send", format!("{error}: try again in {seconds} s"))
        }
        Err(error) => Finding::bad("send", with_causes(&error)),
    }
}

fn sent_finding(sent: &SentCode) -> Finding {
    let destination = &sent.destination;
    match (&sent.delivery, &sent.failure) {
        (Delivery::Accepted { provider_message_id: Some(id) }, _) => {
            Finding::good("send", format!("the provider took a message to {destination}, as {id}"))
        }
        (Delivery::Accepted { provider_message_id: None }, _) => {
            Finding::good("send", format!("the provider took a message to {destination}"))
        }
        (Delivery::Captured, _) => Finding::warning("send", format!("the outbox captured a message to {destination}")),
        (_, Some(failure)) => {
            Finding::bad("send", format!("no message went to {destination}: {}", with_causes(failure)))
        }
        (_, None) => Finding::bad("send", format!("no message went to {destination}")),
    }
}

/// What was found so far.
struct Report {
    /// Whether nothing has to be mended.
    healthy: bool,
    /// What goes into a document at the end; `None` when each finding is told at once.
    findings: Option<Vec<Value>>,
}

impl Report {
    fn new(json: bool) -> Self {
        Self { healthy: true, findings: json.then(Vec::new) }
    }

    /// Prints the document, if one is wanted, and returns whether nothing has to be mended.
    fn end(self) -> bool {
        if let Some(findings) = self.findings {
            say_json(&json!({ "healthy": self.healthy, "findings": findings }));
        }
        self.healthy
    }

    /// Prints a finding as one line, or keeps it for the document.
    fn tell(&mut self, about: &str, finding: &Finding) {
        self.healthy &= finding.verdict != Verdict::Bad;
        let (line, verdict) = match finding.verdict {
            Verdict::Good => ("ok  ", "good"),
            Verdict::Warning => ("WARN", "warning"),
            Verdict::Bad => ("BAD ", "bad"),
        };
        let Finding { check, detail, .. } = finding;
        match &mut self.findings {
            Some(findings) => findings.push(json!({
                "about": about, "check": check, "verdict": verdict, "detail": detail,
            })),
            None => say(format!("{line}  {about}: {check} {detail}")),
        }
    }
}
