//! Bars and shares, in whole numbers; all of nothing is done.

/// A bar with its share.
pub(super) fn bar(done: u64, total: u64, width: u64) -> String {
    let full = scaled(done, total, width);
    let mut filled = "=".repeat(usize::try_from(full).unwrap_or_default());
    if full < width {
        filled.push(if full == 0 && done == 0 { ' ' } else { '>' });
    }
    let width = usize::try_from(width).unwrap_or_default();
    format!("[{filled:<width$}] {:>3} %", percent(done, total))
}

/// The share in hundredths.
pub(super) fn percent(done: u64, total: u64) -> u64 {
    scaled(done, total, 100)
}

/// The share of so many parts.
fn scaled(done: u64, total: u64, parts: u64) -> u64 {
    if total == 0 {
        return parts;
    }
    let scaled = u128::from(done.min(total)) * u128::from(parts) / u128::from(total);
    u64::try_from(scaled).unwrap_or(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_full_only_when_all_is_done() {
        for (done, total, expected) in [
            (0, 100, "[          ]   0 %"),
            (1, 100, "[>         ]   1 %"),
            (99, 100, "[=========>]  99 %"),
            (100, 100, "[==========] 100 %"),
            (101, 100, "[==========] 100 %"),
            (0, 0, "[==========] 100 %"),
            (u64::MAX - 1, u64::MAX, "[=========>]  99 %"),
            (u64::MAX, 1, "[==========] 100 %"),
        ] {
            assert_eq!(bar(done, total, 10), expected, "{done} of {total}");
        }
    }
}
