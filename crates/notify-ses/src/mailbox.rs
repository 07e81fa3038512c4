use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use muster_domain::Text;
use muster_domain::user::EmailAddress;
use url::Host;

/// Who a message is from.
#[derive(Debug, Clone)]
pub(crate) struct Mailbox {
    name: Option<Text<200>>,
    /// As [`ascii_domain`] writes it.
    pub(crate) address: String,
}

impl Mailbox {
    /// Reads `address`, `Name <address>` or `"Name" <address>`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, address) = match text.trim().strip_suffix('>') {
            Some(rest) => rest.rsplit_once('<')?,
            None => ("", text),
        };
        let name = name.trim();
        let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
        if name.contains(['<', '>']) {
            return None;
        }
        let name = if name.is_empty() { None } else { Some(Text::parse(name).ok()?) };
        Some(Self { name, address: ascii_domain(&EmailAddress::parse(address).ok()?) })
    }

    /// What SES wants for a sender: a quoted name, or one in encoded words (RFC 2047) when it is not ASCII.
    pub(crate) fn header(&self) -> String {
        match &self.name {
            None => self.address.clone(),
            Some(name) if name.as_str().is_ascii() => {
                let escaped = name.as_str().replace('\\', r"\\").replace('"', r#"\""#);
                format!("\"{escaped}\" <{}>", self.address)
            }
            Some(name) => format!("{} <{}>", encoded_words(name.as_str()), self.address),
        }
    }

    /// The identities of which SES must have verified one: the address, its domain, or a domain above that.
    pub(crate) fn identities(&self) -> Vec<String> {
        let domain = self.address.rsplit_once('@').map_or("", |(_, domain)| domain);
        let above = std::iter::successors(Some(domain), |domain| domain.split_once('.').map(|(_, above)| above));
        let domains = above.filter(|domain| domain.contains('.')).map(str::to_lowercase);
        std::iter::once(self.address.clone()).chain(domains).collect()
    }
}

/// An address with its domain in the form that SES takes: Punycode where it is not ASCII.
pub(crate) fn ascii_domain(address: &EmailAddress) -> String {
    let address = address.as_str();
    if let Some((local, domain)) = address.rsplit_once('@')
        && !domain.is_ascii()
        && let Ok(Host::Domain(ascii)) = Host::parse(domain)
    {
        return format!("{local}@{ascii}");
    }
    address.to_owned()
}

/// RFC 2047: words of at most 75 characters, each of whole characters.
fn encoded_words(text: &str) -> String {
    const BYTES_IN_A_WORD: usize = 45;
    let mut words = vec![String::new()];
    for character in text.chars() {
        if words.last().is_some_and(|word| word.len() + character.len_utf8() > BYTES_IN_A_WORD) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(character);
        }
    }
    let encoded: Vec<_> = words.iter().map(|word| format!("=?UTF-8?B?{}?=", BASE64_STANDARD.encode(word))).collect();
    encoded.join(" ")
}

#[cfg(test)]
mod tests {
    use muster_domain::user::EmailAddress;
    use rstest::rstest;

    use super::{Mailbox, ascii_domain};

    #[rstest]
    #[case("muster@example.com", "muster@example.com")]
    #[case(" Muster <muster@example.com> ", "\"Muster\" <muster@example.com>")]
    #[case("\"Muster, on call\" <muster@example.com>", "\"Muster, on call\" <muster@example.com>")]
    #[case("The \"real\" one <muster@example.com>", r#""The \"real\" one" <muster@example.com>"#)]
    #[case("<muster@example.com>", "muster@example.com")]
    #[case("Bereitschaft Süd <muster@example.com>", "=?UTF-8?B?QmVyZWl0c2NoYWZ0IFPDvGQ=?= <muster@example.com>")]
    #[case("muster@bücher.example", "muster@xn--bcher-kva.example")]
    fn sender_is_written_as_ses_takes_it(#[case] given: &str, #[case] header: &str) {
        assert_eq!(Mailbox::parse(given).unwrap().header(), header);
    }

    #[rstest]
    #[case("")]
    #[case("Muster")]
    #[case("Muster <muster>")]
    #[case("Muster <muster@example.com")]
    #[case("Muster <muster@example.com>, Eve <eve@example.com>")]
    #[case("Muster\r\nBcc: eve@example.com <muster@example.com>")]
    #[case("muster@example.com\r\nBcc: eve@example.com")]
    fn what_is_no_sender_is_refused(#[case] given: &str) {
        assert!(Mailbox::parse(given).is_none(), "{given:?}");
    }

    #[test]
    fn long_names_are_split_between_characters() {
        let name = "ü".repeat(60);
        let header = Mailbox::parse(&format!("{name} <muster@example.com>")).unwrap().header();
        let words: Vec<_> = header.trim_end_matches(" <muster@example.com>").split(' ').collect();
        assert_eq!(words.len(), 3);
        assert!(words.iter().all(|word| word.len() <= 75));
    }

    #[test]
    fn a_sender_is_vouched_for_by_its_address_or_a_domain_above_it() {
        let mailbox = Mailbox::parse("Muster <muster@alerts.Example.com>").unwrap();
        assert_eq!(mailbox.identities(), ["muster@alerts.Example.com", "alerts.example.com", "example.com"]);
    }

    #[test]
    fn domains_go_out_in_ascii() {
        let address = EmailAddress::parse("ada@bücher.example").unwrap();
        assert_eq!(ascii_domain(&address), "ada@xn--bcher-kva.example");
        let address = EmailAddress::parse("Ada@Example.com").unwrap();
        assert_eq!(ascii_domain(&address), "Ada@Example.com");
    }
}
