//! Folded moments and days.

use super::*;

fn utc() -> ZoneRef {
    ZoneRef::named("UTC").unwrap()
}

fn moment(text: &str, zone: &str, digits: u8) -> Option<(String, bool)> {
    let mut buffer = String::new();
    let zone = ZoneRef::named(zone).unwrap();
    any_timestamptz_outcome(&Value::Text(text), zone, digits, &mut buffer)
        .map(|outcome| (buffer, outcome.rounded))
}

fn wall(text: &str, digits: u8) -> Option<(String, bool)> {
    let mut buffer = String::new();
    any_timestamp_outcome(&Value::Text(text), digits, &mut buffer).map(|outcome| (buffer, outcome.rounded))
}

#[test]
fn moments_fold_into_utc() {
    for (text, zone, expected) in [
        ("2024-07-01", "UTC", "2024-07-01 00:00:00.000000+00:00"),
        (
            "2024-07-01T12:00:00.5Z",
            "Europe/Berlin",
            "2024-07-01 12:00:00.500000+00:00",
        ),
        (
            "2024-07-01 12:00:00",
            "Europe/Berlin",
            "2024-07-01 10:00:00.000000+00:00",
        ),
        (
            "2024-07-01 12:00:00+05:30",
            "UTC",
            "2024-07-01 06:30:00.000000+00:00",
        ),
        (
            "2024-10-27 02:30:00+02:00",
            "Europe/Berlin",
            "2024-10-27 00:30:00.000000+00:00",
        ),
    ] {
        assert_eq!(
            moment(text, zone, 6),
            Some((expected.to_owned(), false)),
            "{text}"
        );
    }
    assert_eq!(moment("2024-03-31 02:30:00", "Europe/Berlin", 6), None);
    assert_eq!(moment("2024-10-27 02:30:00", "Europe/Berlin", 6), None);
    assert_eq!(
        moment("2024-10-27 02:30:00", "UTC", 6).map(|told| told.1),
        Some(false)
    );
    // In UTC these are before the year 1 and after 9999.
    assert_eq!(moment("0001-01-01 00:00:00+01:00", "UTC", 6), None);
    assert_eq!(moment("9999-12-31 23:59:59-01:00", "UTC", 6), None);
    assert_eq!(any_timestamptz(&Value::Integer(0), utc(), 6), None);
}

#[test]
fn columns_of_less_precision_round() {
    let told = |text: &str, rounded| Some((text.to_owned(), rounded));
    assert_eq!(
        moment("2024-07-01 12:00:00.0015Z", "UTC", 3),
        told("2024-07-01 12:00:00.002000+00:00", true)
    );
    assert_eq!(
        moment("2024-07-01 12:00:00.001Z", "UTC", 3),
        told("2024-07-01 12:00:00.001000+00:00", false)
    );
    assert_eq!(
        wall("2024-12-31 23:59:59.5", 0),
        told("2025-01-01 00:00:00.000000", true)
    );
    assert_eq!(
        wall("2024-12-31 23:59:59.1234567", 6),
        told("2024-12-31 23:59:59.123457", true)
    );
}

#[test]
fn wall_times_are_those_of_utc_or_of_nobody() {
    let told = |text: &str| Some((text.to_owned(), false));
    assert_eq!(wall("2024-07-01 12:00:00", 6), told("2024-07-01 12:00:00.000000"));
    assert_eq!(
        wall("2024-07-01 12:00:00Z", 6),
        told("2024-07-01 12:00:00.000000")
    );
    assert_eq!(
        wall("2024-07-01 12:00:00-00", 6),
        told("2024-07-01 12:00:00.000000")
    );
    assert_eq!(wall("2024-07-01 12:00:00+01", 6), None);
}

#[test]
fn midnights_are_days() {
    let day = |text| any_date(&Value::Text(text));
    assert_eq!(day("2000-01-02"), Some(1));
    assert_eq!(day("1999-12-31 00:00:00"), Some(-1));
    assert_eq!(day("2000-01-02T00:00:00.000Z"), Some(1));
    for text in [
        "2000-01-02 00:00:01",
        "2000-01-02 00:00:00.0000001",
        "2000-01-02 00:00:00+01",
        "",
        "2000-1-2",
    ] {
        assert_eq!(day(text), None, "{text}");
    }
}
