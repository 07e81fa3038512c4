//! The pepper and the signing key, and during a rotation those beside them.

use std::fmt::Display;

use muster_crypto::{Pepper, SigningKey};

use super::parser::Parser;

/// The keys of one kind that take part in a rotation beside the current one.
#[derive(Debug)]
pub(crate) struct Others<K> {
    /// The one that will take the current one's place.
    pub next: Option<K>,
    /// Those whose place the current one took.
    pub previous: Vec<K>,
}

/// The names of the settings of one kind of key.
struct Names {
    current: [&'static str; 2],
    next: [&'static str; 2],
    previous: [&'static str; 2],
}

const PEPPERS: Names = Names {
    current: ["MUSTER_PEPPER", "MUSTER_PEPPER_FILE"],
    next: ["MUSTER_PEPPER_NEXT", "MUSTER_PEPPER_NEXT_FILE"],
    previous: ["MUSTER_PEPPER_PREVIOUS", "MUSTER_PEPPER_PREVIOUS_FILE"],
};

const SIGNING_KEYS: Names = Names {
    current: ["MUSTER_SIGNING_KEY", "MUSTER_SIGNING_KEY_FILE"],
    next: ["MUSTER_SIGNING_KEY_NEXT", "MUSTER_SIGNING_KEY_NEXT_FILE"],
    previous: ["MUSTER_SIGNING_KEY_PREVIOUS", "MUSTER_SIGNING_KEY_PREVIOUS_FILE"],
};

/// How many previous keys of one kind there are at the most. A rotation needs one; another may begin before the records
/// that the first one's key sealed are gone.
const MOST_PREVIOUS: usize = 4;

impl Parser<'_> {
    pub(super) fn peppers(&mut self) -> (Option<Pepper>, Others<Pepper>) {
        self.keys(&PEPPERS, Pepper::from_base64, |pepper: &Pepper| pepper.id().to_string())
    }

    pub(super) fn signing_keys(&mut self) -> (Option<SigningKey>, Others<SigningKey>) {
        self.keys(&SIGNING_KEYS, SigningKey::parse, SigningKey::thumbprint)
    }

    fn keys<K, E: Display>(
        &mut self,
        names: &Names,
        parse: impl Fn(&str) -> Result<K, E>,
        id: impl Fn(&K) -> String,
    ) -> (Option<K>, Others<K>) {
        let current = self.secret(names.current[0], names.current[1], &parse);
        let next = self.secret(names.next[0], names.next[1], &parse);
        let previous = self.secret(names.previous[0], names.previous[1], |text| several(text, &parse));
        let previous = previous.unwrap_or_default();
        for [name, file_name] in [names.next, names.previous] {
            if let Some(given) = [name, file_name].into_iter().find(|name| self.any_given(&[*name]))
                && !self.any_given(&names.current)
            {
                self.fault(given, format!("means nothing without {}", names.current.join(" or ")));
            }
        }
        let mut seen: Vec<String> = current.iter().map(&id).collect();
        let others = next.iter().map(|key| (names.next, key)).chain(previous.iter().map(|key| (names.previous, key)));
        for (name, key) in others {
            let id = id(key);
            if seen.contains(&id) {
                let given = name.into_iter().find(|name| self.any_given(&[*name])).unwrap_or(name[0]);
                self.fault(given, format!("holds a key that is given twice ({id}): each has one place in a rotation"));
            }
            seen.push(id);
        }
        (current, Others { next, previous })
    }
}

/// Several keys of one text: PEM blocks, or with commas or white space between them.
fn several<K, E: Display>(text: &str, parse: impl Fn(&str) -> Result<K, E>) -> Result<Vec<K>, String> {
    const END: &str = "-----END PRIVATE KEY-----";
    let each: Vec<&str> = if text.contains("-----BEGIN") {
        text.split_inclusive(END).map(|block| block.trim_matches([',', ' ', '\t', '\r', '\n'])).collect()
    } else {
        text.split([',', ' ', '\t', '\r', '\n']).collect()
    };
    let keys = each.into_iter().filter(|one| !one.is_empty()).map(parse).collect::<Result<Vec<_>, _>>();
    let keys = keys.map_err(|error| format!("holds what is none: each {error}"))?;
    match keys.len() {
        1..=MOST_PREVIOUS => Ok(keys),
        0 => Err("holds none".to_owned()),
        _ => Err(format!("holds more than {MOST_PREVIOUS}: leave out the oldest")),
    }
}
