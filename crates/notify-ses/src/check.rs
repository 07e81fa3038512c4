use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_ses::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ses::error::{BoxError, ProvideErrorMetadata, SdkError};
use aws_sdk_ses::operation::describe_configuration_set::DescribeConfigurationSetOutput;
use aws_sdk_ses::types::{ConfigurationSetAttribute, EventType, VerificationStatus};
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use muster_notify::{Finding, Verdict, clock_finding};
use time::OffsetDateTime;
use tokio::time::{Instant, timeout_at};

use crate::outcome::attempt_error;
use crate::sender::SesSender;

/// How long all of it may take.
const DEADLINE: Duration = Duration::from_secs(10);
/// How many messages a day an account may send that is in the sandbox.
const SANDBOX_QUOTA: f64 = 200.0;

/// Why a question was not answered.
enum Unanswered {
    /// SES knows who asks, but they may not ask this.
    NotAllowed,
    /// SES says that what was asked for does not exist.
    NoSuchThing,
    /// Anything else, in words.
    Failed(String),
}

impl SesSender {
    /// Looks at everything that sending takes, without sending: credentials, this machine's clock, whether the account
    /// may send and to whom, the sender's identity, the configuration set. Done within 10 seconds; what could not be
    /// asked in time says so.
    pub async fn check(&self, now: OffsetDateTime) -> Vec<Finding> {
        // Boxed: the SDK's futures are large.
        Box::pin(self.look(now)).await
    }

    async fn look(&self, now: OffsetDateTime) -> Vec<Finding> {
        let deadline = Instant::now() + DEADLINE;
        let date = DateHeader::default();
        let quota = ask(deadline, self.client.get_send_quota().customize().interceptor(date.clone()).send()).await;
        let mut findings: Vec<_> = date.take().and_then(|date| clock_finding(&date, now)).into_iter().collect();
        let clock_is_bad = findings.iter().any(|finding| finding.verdict == Verdict::Bad);
        match quota {
            Ok(quota) => {
                findings.push(Finding::good("credentials", format!("SES in {} takes them", self.region)));
                findings.push(sandbox(quota.max24_hour_send));
            }
            Err(Unanswered::NotAllowed) => {
                findings.push(Finding::good("credentials", format!("SES in {} knows them", self.region)));
                findings.push(not_allowed("sandbox", "ses:GetSendQuota"));
            }
            Err(Unanswered::NoSuchThing) => findings.push(self.no_access("it did not know the question", clock_is_bad)),
            Err(Unanswered::Failed(why)) => findings.push(self.no_access(&why, clock_is_bad)),
        }
        // Nothing else would be answered otherwise.
        if findings.iter().all(|finding| finding.check != "credentials" || finding.verdict == Verdict::Good) {
            let (sending, sender, set) =
                tokio::join!(self.sending(deadline), self.sender_identity(deadline), self.set(deadline));
            findings.extend([sending, sender]);
            findings.extend(set);
        }
        findings
    }

    fn no_access(&self, why: &str, clock_is_bad: bool) -> Finding {
        let what_to_do = if clock_is_bad {
            "set this machine's time first: SES refuses what is signed at another time"
        } else {
            "check AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or the role of this machine, and the way to the \
             network"
        };
        Finding::bad(
            "credentials",
            format!("SES in {} could not be asked with them ({why}): {what_to_do}", self.region),
        )
    }

    async fn sending(&self, deadline: Instant) -> Finding {
        match ask(deadline, self.client.get_account_sending_enabled().send()).await {
            Ok(answer) if answer.enabled => Finding::good("sending", "is on for this account"),
            Ok(_) => Finding::bad(
                "sending",
                format!(
                    "is paused for this account in {}: see why in the SES console (bounces, complaints), then turn it on",
                    self.region
                ),
            ),
            Err(why) => unanswered("sending", "ses:GetAccountSendingEnabled", why),
        }
    }

    async fn sender_identity(&self, deadline: Instant) -> Finding {
        const CHECK: &str = "sender";
        let address = &self.from.address;
        let identities = self.from.identities();
        let question =
            self.client.get_identity_verification_attributes().set_identities(Some(identities.clone())).send();
        let answer = match ask(deadline, question).await {
            Ok(answer) => answer,
            Err(why) => return unanswered(CHECK, "ses:GetIdentityVerificationAttributes", why),
        };
        let status = |identity: &String| Some(answer.verification_attributes.get(identity)?.verification_status());
        let verified = identities.iter().find(|identity| status(identity) == Some(&VerificationStatus::Success));
        let begun = identities.iter().find_map(|identity| Some((identity, status(identity)?)));
        match (verified, begun) {
            (Some(identity), _) => Finding::good(CHECK, format!("{address} may send: {identity} is verified")),
            (None, Some((identity, status))) => Finding::bad(
                CHECK,
                format!(
                    "{address} may not send: the verification of {identity} is {}: finish it in the SES console in {}",
                    status.as_str(),
                    self.region
                ),
            ),
            (None, None) => Finding::bad(
                CHECK,
                format!(
                    "{address} may not send: verify it or its domain in the SES console in {}, or set AWS_SES_FROM_EMAIL",
                    self.region
                ),
            ),
        }
    }

    /// `None` when none is used.
    async fn set(&self, deadline: Instant) -> Option<Finding> {
        const CHECK: &str = "configuration set";
        let name = self.configuration_set.as_deref()?;
        let question = self
            .client
            .describe_configuration_set()
            .configuration_set_name(name)
            .configuration_set_attribute_names(ConfigurationSetAttribute::EventDestinations)
            .send();
        Some(match ask(deadline, question).await {
            Ok(answer) if tracks(&answer) => Finding::warning(
                CHECK,
                format!("{name} tracks opens or clicks, which adds an image to each message: turn that off"),
            ),
            Ok(_) => Finding::good(CHECK, format!("{name} exists")),
            Err(Unanswered::NoSuchThing) => {
                Finding::bad(CHECK, format!("{name} does not exist in {}: create it, or name none", self.region))
            }
            Err(why) => unanswered(CHECK, "ses:DescribeConfigurationSet", why),
        })
    }
}

fn sandbox(max_a_day: f64) -> Finding {
    const CHECK: &str = "sandbox";
    if max_a_day < 0.0 {
        Finding::good(CHECK, "the account has left it, and may send without a limit")
    } else if max_a_day <= SANDBOX_QUOTA {
        Finding::warning(
            CHECK,
            format!(
                "the account may send {max_a_day} messages a day, so it is in the sandbox, where only verified addresses get \
                 mail: ask AWS for production access"
            ),
        )
    } else {
        Finding::good(CHECK, format!("the account has left it, and may send {max_a_day} messages a day"))
    }
}

fn tracks(answer: &DescribeConfigurationSetOutput) -> bool {
    let mut live = answer.event_destinations().iter().filter(|to| to.enabled);
    live.any(|to| to.matching_event_types().iter().any(|event| matches!(event, EventType::Open | EventType::Click)))
}

fn not_allowed(check: &'static str, permission: &str) -> Finding {
    Finding::warning(
        check,
        format!("not known, as the credentials lack {permission}: allow it, or look in the console"),
    )
}

fn unanswered(check: &'static str, permission: &str, why: Unanswered) -> Finding {
    match why {
        Unanswered::NotAllowed => not_allowed(check, permission),
        Unanswered::NoSuchThing => Finding::warning(check, "not known: SES did not know the question"),
        Unanswered::Failed(why) => Finding::warning(check, format!("not known, as SES could not be asked ({why})")),
    }
}

async fn ask<T, E>(
    deadline: Instant,
    question: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
) -> Result<T, Unanswered>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let Ok(answer) = timeout_at(deadline, question).await else {
        return Err(Unanswered::Failed("no answer in time".to_owned()));
    };
    answer.map_err(|error| match error.code() {
        Some("AccessDenied" | "AccessDeniedException") => Unanswered::NotAllowed,
        Some("ConfigurationSetDoesNotExist") => Unanswered::NoSuchThing,
        _ => {
            let error = attempt_error(error, "");
            let causes = std::iter::successors(error.source(), |&cause| cause.source());
            Unanswered::Failed(causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
        }
    })
}

/// Keeps the `Date` of an answer, also of one that is an error.
#[derive(Debug, Clone, Default)]
struct DateHeader(Arc<Mutex<Option<String>>>);

impl DateHeader {
    fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Intercept for DateHeader {
    fn name(&self) -> &'static str {
        "DateHeader"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            context.response().headers().get("date").map(str::to_owned);
        Ok(())
    }
}
