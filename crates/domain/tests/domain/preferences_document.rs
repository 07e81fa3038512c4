use muster_domain::preferences::{ClockTime, Preferences, TimeZone};
use muster_domain::verification::{ChannelSet, Method};
use proptest::prelude::*;
use serde_json::{Value, from_value, json, to_value};

fn document() -> Value {
    json!({
        "channels": { "email": true, "sms": true, "push": true },
        "rules": {
            "critical": [{ "channel": "push", "afterMinutes": 0 }, { "channel": "sms", "afterMinutes": 2 }],
            "high": [], "medium": [], "low": [], "info": [],
        },
        "quietHours": { "start": "22:00", "end": "07:00", "timeZone": "Europe/London", "days": ["mon", "tue"] },
    })
}

fn with(pointer: &str, value: Value) -> Value {
    let mut document = document();
    *document.pointer_mut(pointer).unwrap() = value;
    document
}

#[test]
fn a_document_reads_back_as_it_was_written() {
    let parsed: Preferences = from_value(document()).unwrap();
    assert_eq!(parsed.check(ChannelSet::ALL), Ok(()));
    assert_eq!(to_value(&parsed).unwrap(), document());
    let without_quiet_hours = with("/quietHours", Value::Null);
    assert_eq!(to_value(from_value::<Preferences>(without_quiet_hours.clone()).unwrap()).unwrap(), without_quiet_hours);
}

#[test]
fn each_rule_names_the_field_that_breaks_it() {
    let step = |channel: &str, minutes: u16| json!({ "channel": channel, "afterMinutes": minutes });
    let many = |count: u16| (0..count).map(|minutes| step("push", minutes)).collect::<Value>();
    let off = json!({ "email": true, "sms": false, "push": false });
    let cases: [(&str, Value, &[&str]); 15] = [
        ("/rules/high", many(10), &[]),
        ("/rules/high", many(11), &["rules.high"]),
        ("/rules/critical", json!([]), &["rules.critical"]),
        ("/channels", off, &["rules.critical"]),
        ("/channels/sms", json!(false), &[]),
        ("/rules/info", json!([step("sms", 1_440)]), &[]),
        ("/rules/info", json!([step("sms", 1_441)]), &["rules.info[0].afterMinutes"]),
        ("/rules/medium", json!([step("sms", 1), step("push", 1), step("sms", 1)]), &["rules.medium[2]"]),
        ("/rules/medium", json!([step("sms", 1), step("sms", 2)]), &[]),
        ("/quietHours/end", json!("22:00"), &["quietHours.end"]),
        ("/quietHours/end", json!("22:01"), &[]),
        ("/quietHours/days", json!([]), &["quietHours.days"]),
        ("/quietHours/days", json!(["sun", "sat", "sun"]), &["quietHours.days[2]"]),
        ("/quietHours/timeZone", json!("asia/kathmandu"), &[]),
        ("/rules/critical", json!([step("sms", 5_000)]), &["rules.critical[0].afterMinutes"]),
    ];
    for (pointer, value, expected) in cases {
        let changed = with(pointer, value.clone());
        let errors = from_value::<Preferences>(changed).unwrap().check(ChannelSet::ALL).err().unwrap_or_default();
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, expected, "{pointer} = {value}");
    }
}

#[test]
fn critical_alerts_have_a_channel_that_is_enabled_and_on_or_are_refused() {
    for set in 0..512_u16 {
        let on = |bit: u16| set & (1 << bit) != 0;
        let channels = json!({ "email": on(0), "sms": on(1), "push": on(2) });
        let names = ["email", "sms", "push"];
        let steps = (3..6).filter(|bit| on(*bit)).map(|bit| names[usize::from(bit) - 3]);
        let steps: Vec<Value> = steps.map(|channel| json!({ "channel": channel, "afterMinutes": 0 })).collect();
        let mut changed = with("/channels", channels);
        changed["rules"]["critical"] = json!(steps);
        let channels = (6..9).zip(Method::ALL).filter(|(bit, _)| on(*bit)).map(|(_, method)| method);
        let Some(channels) = ChannelSet::of(channels) else { continue };
        let heard = (0..3).any(|bit| on(bit) && on(bit + 3) && on(bit + 6));
        assert_eq!(from_value::<Preferences>(changed).unwrap().check(channels).is_ok(), heard, "{set:09b}");
    }
}

#[test]
fn what_has_not_the_form_is_refused() {
    let mut cases = vec![
        with("/channels/email", json!("yes")),
        with("/rules/high", json!([{ "channel": "pigeon", "afterMinutes": 0 }])),
        with("/rules/high", json!([{ "channel": "sms", "afterMinutes": -1 }])),
        with("/rules/high", json!([{ "channel": "sms", "afterMinutes": 1.5 }])),
        with("/rules/high", json!([{ "channel": "sms", "afterMinutes": 0, "loud": true }])),
        with("/rules/high", Value::Null),
        with("/quietHours/days", json!(["monday"])),
        with("/quietHours/start", json!("24:00")),
        with("/quietHours/timeZone", json!("Europe/Atlantis")),
        with("/quietHours/timeZone", json!("")),
        json!([]),
    ];
    for pointer in ["/channels/sms", "/rules/info", "/quietHours", "/quietHours/days", "/rules"] {
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        let mut missing = document();
        missing.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(field);
        cases.push(missing);
        let mut unknown = document();
        unknown.pointer_mut(parent).unwrap()["unknown"] = json!(1);
        cases.push(unknown);
    }
    for case in cases {
        assert!(from_value::<Preferences>(case.clone()).is_err(), "{case}");
    }
}

#[test]
fn a_time_of_day_has_one_spelling() {
    for good in ["00:00", "23:59", "07:05"] {
        assert_eq!(String::from(ClockTime::try_from(good.to_owned()).unwrap()), good);
    }
    for bad in ["", "7:05", "07:5", "24:00", "07:60", "07-05", "07:05:00", " 07:05", "-1:00", "٠٧:٠٥", "+7:00"] {
        assert!(ClockTime::try_from(bad.to_owned()).is_err(), "{bad}");
    }
}

/// The names are those of CLDR's windowsZones.xml.
#[test]
fn each_zone_of_windows_is_one_that_preferences_take() {
    let names: Vec<&str> = include_str!("windows_zones.txt").lines().collect();
    assert_eq!(names.len(), 139);
    for name in names {
        let zone = TimeZone::from_directory(name).map_or_else(|| panic!("{name} is not known"), String::from);
        assert_eq!(TimeZone::try_from(zone.clone()).map(String::from), Ok(zone), "{name}");
    }
}

#[test]
fn what_a_directory_names_no_zone_by_is_none() {
    let zone = |text| TimeZone::from_directory(text).map(String::from);
    assert_eq!(zone(" Eastern Standard Time ").as_deref(), Some("America/New_York"));
    assert_eq!(zone("India Standard Time").as_deref(), Some("Asia/Calcutta"), "CLDR keeps its names");
    for text in ["", "Mars/Olympus", "W. Europe Daylight Time", "(UTC+01:00) Amsterdam, Berlin", "UTC+1", "+01:00"] {
        assert_eq!(zone(text), None, "{text}");
    }
}

#[test]
fn a_time_zone_takes_the_databases_own_spelling() {
    let zone = TimeZone::try_from("europe/LONDON".to_owned()).unwrap();
    assert_eq!(String::from(zone), "Europe/London");
}

proptest! {
    #[test]
    fn no_text_makes_a_time_or_a_zone_panic(text in any::<String>()) {
        if let Ok(time) = ClockTime::try_from(text.clone()) {
            prop_assert_eq!(time.to_string(), text.clone());
        }
        if let Ok(zone) = TimeZone::try_from(text.clone()) {
            prop_assert!(String::from(zone).eq_ignore_ascii_case(&text));
        }
    }
}
