use std::error::Error;
use std::iter::successors;
use std::time::Duration;

use muster_notify::transport::{Answer, exchange};
use muster_notify::{Finding, clock_finding};
use reqwest::header::DATE;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use tokio::time::timeout;

use crate::reply::problem_code;
use crate::sender::TwilioSender;
use crate::settings::SenderId;

/// How long all of it may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// An account, as far as it matters here. Its token is in the reply too and is not read.
#[derive(Deserialize)]
struct Account {
    status: String,
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Numbers {
    incoming_phone_numbers: Vec<Number>,
}

#[derive(Deserialize)]
struct Number {
    phone_number: Option<String>,
    capabilities: Option<Capabilities>,
}

#[derive(Deserialize)]
struct Capabilities {
    // The reply's JSON has it in small letters; Twilio's documentation of the resource in capitals.
    #[serde(alias = "SMS", default)]
    sms: bool,
}

impl TwilioSender {
    /// Looks at everything that messages need, and sends none: whether Twilio can be reached and takes the credentials,
    /// the account's state, this machine's clock, and the sender. Takes at most 10 seconds.
    pub async fn check(&self, now: OffsetDateTime) -> Vec<Finding> {
        let mut findings = Vec::new();
        if timeout(DEADLINE, self.look(now, &mut findings)).await.is_err() {
            findings.push(Finding::bad("connection", format!("no answer within {} s", DEADLINE.as_secs())));
        }
        findings
    }

    async fn look(&self, now: OffsetDateTime, findings: &mut Vec<Finding>) {
        let answer = match self.get(&format!("{}.json", self.settings.account_sid.as_str()), &[]).await {
            Ok(answer) => answer,
            Err(finding) => return findings.push(finding),
        };
        findings.extend(answer.header(DATE).and_then(|date| clock_finding(date, now)));
        if !answer.is_success() {
            return findings.push(refused("credentials", &answer));
        }
        findings.push(Finding::good("credentials", "Twilio takes them"));
        findings.push(account_finding(&answer));
        findings.push(self.sender_finding().await);
    }

    async fn sender_finding(&self) -> Finding {
        const CHECK: &str = "sender";
        let number = match (&self.settings.sender, self.settings.sender.e164()) {
            (SenderId::MessagingService(_), _) => {
                let detail = "the messaging service's sid is well-formed; that it exists and has a sender, only a \
                              message that is sent can tell";
                return Finding::warning(CHECK, detail);
            }
            (SenderId::Number(_), None) => {
                let detail = "the short code or sender id is well-formed; that the account may use it, and for which \
                              countries, only a message that is sent can tell";
                return Finding::warning(CHECK, detail);
            }
            (SenderId::Number(_), Some(number)) => number,
        };
        let path = format!("{}/IncomingPhoneNumbers.json", self.settings.account_sid.as_str());
        let answer = match self.get(&path, &[("PhoneNumber", number)]).await {
            Ok(answer) => answer,
            Err(finding) => return finding,
        };
        if !answer.is_success() {
            return refused(CHECK, &answer);
        }
        let Some(Numbers { incoming_phone_numbers: numbers }) = decoded(&answer) else {
            return Finding::bad(CHECK, "Twilio's list of numbers cannot be read: check the base address");
        };
        // The list is of all that match a part of the number.
        let ours = numbers.into_iter().find(|listed| listed.phone_number.as_deref() == Some(number));
        match ours.map(|ours| ours.capabilities.is_some_and(|can| can.sms)) {
            Some(true) => Finding::good(CHECK, "the account has the number, and it can send text messages"),
            Some(false) => Finding::bad(CHECK, "the number cannot send text messages: choose one that can"),
            None => Finding::bad(CHECK, "the account does not have the number: choose one of its own"),
        }
    }

    /// Asks for a resource below the accounts.
    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Answer, Finding> {
        let query = twilio_async::encode_pairs(query).filter(|query| !query.is_empty());
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let request = self
            .http
            .get(format!("{}/2010-04-01/Accounts/{path}{query}", self.base_url))
            .basic_auth(self.settings.account_sid.as_str(), Some(self.settings.auth_token.expose_secret()));
        exchange(request).await.map_err(|error| {
            let root = successors(Some(&error as &dyn Error), |&error| error.source()).last();
            let why = root.map(ToString::to_string).unwrap_or_default();
            Finding::bad(
                "connection",
                format!(
                    "Twilio cannot be reached ({why}): check TWILIO_API_BASE_URL, the way to the network and its proxy"
                ),
            )
        })
    }
}

fn account_finding(answer: &Answer) -> Finding {
    const CHECK: &str = "account";
    let Some(account) = decoded::<Account>(answer) else {
        return Finding::bad(CHECK, "Twilio's reply cannot be read: check the base address");
    };
    match (account.status.as_str(), account.kind.as_deref()) {
        ("active", Some("Trial")) => Finding::warning(
            CHECK,
            "a trial account sends to verified numbers only: upgrade it before people rely on it",
        ),
        ("active", _) => Finding::good(CHECK, "active"),
        ("suspended", _) => Finding::bad(CHECK, "suspended: see Twilio's console for the reason"),
        ("closed", _) => Finding::bad(CHECK, "closed: use another account"),
        _ => Finding::bad(CHECK, "in a state that is not known: see Twilio's console"),
    }
}

/// What a refusal means to whoever set Twilio up.
fn refused(check: &'static str, answer: &Answer) -> Finding {
    let said = match problem_code(answer) {
        Some(code) => format!("Twilio answered {} (error {code})", answer.status),
        None => format!("Twilio answered {}", answer.status),
    };
    match answer.status {
        401 | 403 => Finding::bad(check, format!("{said}: check the account's sid, its auth token and its state")),
        429 => Finding::warning(check, format!("{said}: too many requests, try again later")),
        500.. => Finding::bad("connection", format!("{said}: it does not work for now, try again later")),
        _ => Finding::bad(check, format!("{said}: check the account's sid and the base address")),
    }
}

fn decoded<T: DeserializeOwned>(answer: &Answer) -> Option<T> {
    serde_json::from_slice(answer.body.as_deref()?).ok()
}
