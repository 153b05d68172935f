//! Points in time as dates.

/// The date `seconds` and `nanoseconds` after the start of 1970. `None`: too far away to be a date.
pub(super) fn utc(seconds: i128, nanoseconds: i128) -> Option<String> {
    let fraction = format!("{nanoseconds:09}");
    let fraction = fraction.trim_end_matches('0');
    let (day, second) = (seconds.div_euclid(86400), seconds.rem_euclid(86400));
    let (year, month, day) = civil(i64::try_from(day).ok()?)?;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!(
        "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}{point}{fraction} UTC"
    ))
}

/// The year, month and day of the Gregorian calendar, `days` after 1 January 1970. `None`: too far away to be a date.
fn civil(days: i64) -> Option<(i64, i64, i64)> {
    if !(-1_000_000..=3_000_000).contains(&days) {
        return None;
    }
    // Years that begin in March have the leap day at their end; 400 of them have 146,097 days.
    let from_march_0 = days + 719_468;
    let (era, day) = (
        from_march_0.div_euclid(146_097),
        from_march_0.rem_euclid(146_097),
    );
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + i64::from(month <= 2);
    Some((year, month, day))
}

#[cfg(test)]
mod tests {
    use super::civil;

    #[test]
    fn days_are_dates() {
        assert_eq!(civil(0), Some((1970, 1, 1)));
        assert_eq!(civil(-1), Some((1969, 12, 31)));
        assert_eq!(civil(11_016), Some((2000, 2, 29)));
        assert_eq!(civil(19_675), Some((2023, 11, 14)));
        assert_eq!(civil(47_540), Some((2100, 2, 28)));
        assert_eq!(civil(47_541), Some((2100, 3, 1)));
        assert_eq!(civil(i64::MAX), None);
    }
}
