use muster_domain::StoreError;
use muster_domain::page::Limit;
use muster_domain::user::{UserQuery, UserService};

/// What a newcomer can type next, for somebody who is in the store: ada@example.com in the demo directory.
///
/// # Errors
/// When the store fails.
pub(crate) async fn welcome(url: &str, users: &UserService) -> Result<String, StoreError> {
    const DEMO_ADMIN: &str = "ada@example.com";
    let login = if users.users.find_login(DEMO_ADMIN).await?.is_some_and(|account| account.active) {
        Some(DEMO_ADMIN.to_owned())
    } else {
        let query = UserQuery { active: Some(true), limit: Limit::new(1).unwrap_or_default(), ..UserQuery::default() };
        users.list(&query).await?.items.into_iter().next().map(|user| user.user_name)
    };
    let Some(login) = login else {
        return Ok("There is nobody in the store who can sign in: run `muster import FILE.json`.".to_owned());
    };
    let body = quoted(&serde_json::json!({ "email": login }).to_string());
    let json = "-H 'content-type: application/json'";
    let bearer = r#"-H "authorization: Bearer $TOKEN""#;
    Ok(format!(
        "\nNext, in another terminal:\n\n  \
         TOKEN=$(curl -s {url}/dev/login {json} -d {body} | sed 's/.*\"accessToken\":\"\\([^\"]*\\)\".*/\\1/')\n  \
         curl -s {url}/api/users/me {bearer}\n  \
         curl -s {url}/api/notifications/verification/send {bearer} {json} -d '{{\"method\":\"email\"}}'\n\n\
         Messages are not sent but kept: curl -s {url}/dev/outbox"
    ))
}

/// The text as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn quotes_do_not_end_the_word() {
        assert_eq!(quoted(r#"{"email":"o'neil"}"#), r#"'{"email":"o'\''neil"}'"#);
    }
}
