use crate::settings::SenderId;

/// What one of Twilio's error codes says about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// It will not be delivered to this recipient.
    Recipient,
    /// Twilio takes no more for now, and has not taken this.
    Limit,
    /// No message goes out before an operator mends something.
    Operator,
}

/// Looks a code up (twilio.com/docs/api/errors has a page for each); `None` for those that are not listed here, for
/// which the status speaks.
///
/// What depends on the recipient is never the operator's: it would let a few numbers abroad close the way to Twilio for
/// everybody.
pub(crate) fn meaning(code: u32, sender: &SenderId) -> Option<Meaning> {
    Some(match code {
        // Not a number, not a mobile one, or one of Twilio's own or a premium service's.
        21211 | 21214 | 21217 | 21265 | 21266 | 21268 | 21401 | 21421 | 21614 | 21635
        // Unsubscribed by STOP.
        | 21610
        // Not to be reached from this sender, or in a country that is switched off (Geo Permissions). Operators should
        // look at these too, but it is this recipient who gets nothing.
        | 21408 | 21612 | 21662 | 21703
        // Not verified, which a trial account's recipients must be.
        | 21219 | 21608
        // Not reachable, blocked, unknown, a landline, filtered, or for no known reason.
        | 30003..=30008
        // Of a country where this sender must be registered first.
        | 30024 | 30032 | 30034 | 30035
        // Not sent within its validity period.
        | 30036
        // Suspected of SMS pumping.
        | 30450 => Meaning::Recipient,

        // Too many requests, messages in the sender's or the carrier's queue, or messages for a day.
        20429 | 21611 | 30001 | 30022 | 30023 | 63038 => Meaning::Limit,

        // The sender is no number of this account's. A short code or an alphanumeric sender id may be one all the same,
        // only not for the recipient's country.
        21606 | 21659 if matches!(sender, SenderId::Number(_)) && sender.e164().is_none() => Meaning::Recipient,
        21212 | 21603 | 21606 | 21607 | 21657 | 21659 | 21660 | 21661 | 21663 | 21668
        // Not verified; an alphanumeric sender id on a trial account.
        | 21210 | 21264 | 21267
        // The messaging service does not exist, is not available, is empty, or may not use this sender.
        | 21701 | 21702 | 21704 | 21705 | 21709
        // Credentials, the account's state, test credentials, an account that is not there.
        | 20003 | 20005 | 20006 | 20008 | 20404 | 21470..=21472 | 30002 => Meaning::Operator,

        _ => return None,
    })
}
