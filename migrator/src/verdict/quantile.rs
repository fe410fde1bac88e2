//! A quantile from histogram buckets, by the rule of PromQL's `histogram_quantile`, so that the number here and
//! the one on a dashboard agree.
//!
//! Rule: <https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile>. Inside a bucket
//! values are taken as evenly spread; the answer is never above the highest finite bound.

/// A classic histogram bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bucket {
    /// Inclusive upper bound.
    pub(super) le: f64,
    /// Observations at or below it.
    pub(super) count: f64,
}

/// The `quantile` (0 to 1) of what `buckets` counted, or `None` when they counted nothing, have no `+Inf` bucket or
/// no finite one.
pub(super) fn histogram_quantile(quantile: f64, mut buckets: Vec<Bucket>) -> Option<f64> {
    buckets.sort_by(|a, b| a.le.total_cmp(&b.le));
    // Buckets are scraped one after the other and may disagree by a write in between: counts never fall.
    let mut most = 0.0_f64;
    for bucket in &mut buckets {
        most = most.max(bucket.count);
        bucket.count = most;
    }
    let (last, finite) = buckets.split_last()?;
    let highest = finite.last()?;
    let observations = last.count;
    let counted = last.le == f64::INFINITY && observations > 0.0;
    if !counted {
        return None;
    }
    let rank = quantile * observations;
    let Some(index) = finite.iter().position(|bucket| bucket.count >= rank) else {
        return Some(highest.le);
    };
    let end = finite[index];
    if index == 0 && end.le <= 0.0 {
        return Some(end.le);
    }
    let start = match index {
        0 => Bucket { le: 0.0, count: 0.0 },
        _ => finite[index - 1],
    };
    Some(start.le + (end.le - start.le) * ((rank - start.count) / (end.count - start.count)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const INF: f64 = f64::INFINITY;

    fn quantile(q: f64, buckets: &[(f64, f64)]) -> Option<f64> {
        let buckets = buckets.iter().map(|&(le, count)| Bucket { le, count }).collect();
        histogram_quantile(q, buckets)
    }

    #[test]
    fn by_hand() {
        // 100 observations: 90 up to 0.1, 8 up to 0.5, 2 up to 1. Rank 99 is the first half of the last two.
        let buckets = [(0.1, 90.0), (0.5, 98.0), (1.0, 100.0), (INF, 100.0)];
        assert_eq!(quantile(0.99, &buckets), Some(0.75));
        assert_eq!(quantile(0.5, &buckets), Some(0.1 * (50.0 / 90.0)));
        assert_eq!(quantile(0.98, &buckets), Some(0.5));
        assert_eq!(quantile(0.94, &buckets), Some(0.1 + 0.4 * (4.0 / 8.0)));
    }

    #[test]
    fn beyond_the_highest_finite_bound_is_that_bound() {
        assert_eq!(
            quantile(0.99, &[(1.0, 50.0), (10.0, 60.0), (INF, 100.0)]),
            Some(10.0)
        );
    }

    #[test]
    fn nothing_counted_has_no_quantile() {
        assert_eq!(quantile(0.99, &[]), None);
        assert_eq!(quantile(0.99, &[(INF, 5.0)]), None);
        assert_eq!(quantile(0.99, &[(1.0, 0.0), (INF, 0.0)]), None);
        assert_eq!(quantile(0.99, &[(1.0, 5.0), (2.0, 5.0)]), None, "no +Inf bucket");
        assert_eq!(quantile(0.99, &[(1.0, f64::NAN), (INF, f64::NAN)]), None);
    }

    #[test]
    fn order_and_small_disagreement_do_not_matter() {
        let tidy = quantile(0.99, &[(0.1, 90.0), (0.5, 98.0), (1.0, 98.0), (INF, 98.0)]);
        let messy = quantile(0.99, &[(INF, 98.0), (0.5, 98.0), (1.0, 97.0), (0.1, 90.0)]);
        assert_eq!(tidy, messy);
    }

    proptest! {
        #[test]
        fn it_lies_in_the_bucket_that_holds_the_rank(
            steps in prop::collection::vec((0.001..10.0_f64, 0.0..100.0_f64), 1..12),
            q in 0.01..1.0_f64,
        ) {
            let (mut le, mut count) = (0.0, 0.0);
            let mut buckets: Vec<(f64, f64)> = Vec::new();
            for (width, more) in steps {
                le += width;
                count += more;
                buckets.push((le, count));
            }
            buckets.push((INF, count + 1.0));
            let value = quantile(q, &buckets).unwrap();
            prop_assert!(value > 0.0 && value <= le * (1.0 + 1e-9));
            let rank = q * (count + 1.0);
            if let Some(index) = buckets.iter().position(|b| b.1 >= rank).filter(|i| i + 1 < buckets.len()) {
                let low = if index == 0 { 0.0 } else { buckets[index - 1].0 };
                prop_assert!(value >= low && value <= buckets[index].0 * (1.0 + 1e-9));
            }
        }
    }
}
