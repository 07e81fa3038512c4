//! Muster's reading of phone numbers, held to Google's library in its Python port over every region.

use std::collections::BTreeSet;
use std::process::Command;

use muster_domain::user::{E164, Phone};
use muster_testkit_providers::installed;
use serde::Deserialize;

/// A text, and what Google's library reads in it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Read {
    region: String,
    text: String,
    e164: Option<String>,
    valid: bool,
    /// Whether a mobile number of that country may have its length.
    mobile_length: bool,
}

impl Read {
    /// What Muster has to make of it: what is valid; with its country code (docs/adr/0032), what may be a mobile number too.
    fn expected(&self) -> Option<&str> {
        let e164 = self.e164.as_deref()?;
        let with_code = self.text.trim_start_matches("tel:").starts_with('+');
        let as_written = digits(&self.text) == digits(e164);
        (self.valid || with_code && as_written && self.mobile_length).then_some(e164)
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Each text that Muster reads in another way, by name.
const DIFFERENCES: &str = include_str!("differences.txt");

#[test]
fn numbers_of_every_region_are_read_as_googles_library_reads_them() {
    let mut command = Command::new(installed("phonenumbers").join("bin/python"));
    let ran = command.args(["-c", include_str!("numbers.py")]).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let (mut regions, mut texts, mut deliverable) = (BTreeSet::new(), 0, 0);
    let mut differences = BTreeSet::new();
    for line in String::from_utf8(ran.stdout).unwrap().lines() {
        let read: Read = serde_json::from_str(line).unwrap();
        let phone = Phone::parse(&read.text, read.region.parse().ok());
        let number = phone.deliverable().map(E164::as_str);
        if number != read.expected() {
            let (ours, googles) = (number.unwrap_or("none"), read.expected().unwrap_or("none"));
            differences.insert(format!("{} {}: {ours} for {googles}", read.region, read.text));
        }
        texts += 1;
        deliverable += usize::from(number.is_some());
        regions.insert(read.region);
    }
    let known: BTreeSet<String> =
        DIFFERENCES.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
    let news: Vec<_> = differences.difference(&known).collect();
    let gone: Vec<_> = known.difference(&differences).collect();
    assert!(news.is_empty() && gone.is_empty(), "new differences: {news:#?}\nno differences any more: {gone:#?}");
    // As many as the script draws: 200 numbers a region in four spellings, of which most can be texted.
    assert!(regions.len() >= 245 && texts == regions.len() * 800, "{} regions, {texts} texts", regions.len());
    assert!(deliverable * 2 > texts, "{deliverable} of {texts}");
}
