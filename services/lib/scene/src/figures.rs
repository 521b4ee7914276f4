//! Numbers, times and phases in words.

use crate::view::Phase;

/// Tenths are shown below this.
const TENTHS_BELOW_MS: i64 = 10_000;

/// Groups of three digits before the dot: `12,345.5`. What is no decimal number stays as it is.
pub(crate) fn grouped(amount: &str) -> String {
    let (whole, rest) = amount.split_once('.').map_or((amount, None), |(whole, rest)| (whole, Some(rest)));
    if whole.is_empty() || !whole.bytes().all(|b| b.is_ascii_digit()) {
        return amount.to_owned();
    }
    let mut text = String::with_capacity(amount.len() + whole.len() / 3);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(rest) = rest {
        text.push('.');
        text.push_str(rest);
    }
    text
}

/// `2:03:04`, `3:04`, `9.4`; never below zero.
pub(crate) fn countdown(left_ms: i64) -> String {
    let left = left_ms.max(0);
    if left == 0 {
        return "0:00".to_owned();
    }
    if left < TENTHS_BELOW_MS {
        // Rounded up, as the seconds are: it says zero when it is zero.
        let tenths = left.div_euclid(100) + i64::from(left % 100 > 0);
        return format!("{}.{}", tenths / 10, tenths % 10);
    }
    let seconds = left.div_euclid(1000) + i64::from(left % 1000 > 0);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

pub(crate) fn bids(count: u64) -> String {
    match count {
        0 => "No bids yet".to_owned(),
        1 => "1 bid".to_owned(),
        _ => format!("{} bids", grouped(&count.to_string())),
    }
}

pub(crate) fn status(phase: Phase) -> &'static str {
    match phase {
        Phase::Empty => "Standing by",
        Phase::Before => "Starting soon",
        Phase::Upcoming => "Next lot",
        Phase::Open => "Live",
        Phase::Extended => "Extended",
        Phase::Draining => "Counting late bids",
        Phase::Held => "One moment",
        Phase::Sold => "Sold",
        Phase::Passed => "Passed",
        Phase::Paused => "Paused",
        Phase::Over => "That was the last lot",
        Phase::Cancelled => "Cancelled",
    }
}

pub(crate) fn price_label(phase: Phase, has_bid: bool) -> &'static str {
    match (phase, has_bid) {
        (Phase::Sold, _) => "Hammer price",
        (Phase::Passed, true) => "Highest bid",
        (_, true) => "Current bid",
        (_, false) => "Opening bid",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_and_never_rounded() {
        for (amount, shown) in [
            ("0.5", "0.5"),
            ("999", "999"),
            ("1234", "1,234"),
            ("1234567.000000001", "1,234,567.000000001"),
            ("", ""),
            ("many", "many"),
        ] {
            assert_eq!(grouped(amount), shown);
        }
    }

    #[test]
    fn a_countdown_rounds_up_and_ends_at_zero() {
        for (left, shown) in [
            (7_384_000, "2:03:04"),
            (65_001, "1:06"),
            (10_000, "0:10"),
            (9_999, "10.0"),
            (9_400, "9.4"),
            (1, "0.1"),
            (0, "0:00"),
            (-5, "0:00"),
        ] {
            assert_eq!(countdown(left), shown, "{left}");
        }
    }
}
