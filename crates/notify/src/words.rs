use muster_domain::verification::Method;

/// What people call that to which a channel leads, in every message to them.
#[must_use]
pub fn contact(method: Method) -> &'static str {
    match method {
        Method::Email => "e-mail address",
        Method::Sms => "phone number",
        Method::Push => "push device",
    }
}
