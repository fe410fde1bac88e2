//! Where a sequence goes on so that its next value was never used. Pure.

/// The fixed part of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Course {
    /// Its first value.
    pub start: i64,
    /// The step, never 0.
    pub increment: i64,
    /// Its least value.
    pub min: i64,
    /// Its greatest value.
    pub max: i64,
}

/// Where a sequence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    /// The last value, or the next one as long as none was drawn.
    pub last: i64,
    /// Whether `last` was drawn.
    pub is_called: bool,
}

/// Where a sequence goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Next {
    /// Its next value.
    pub value: i64,
    /// Whether that is not where it goes on by itself.
    pub moved: bool,
}

/// Numbers beyond this are as good as infinite: no sequence gets near them, and arithmetic cannot overflow.
const BEYOND: i128 = 1 << 100;

/// The next value beyond all that was used, on the sequence's own course; none when the course ends before it, or it
/// does not fit the columns, whose types hold `least..=greatest`.
pub(super) fn next(
    course: Course,
    position: Position,
    used: Option<i128>,
    least: i64,
    greatest: i64,
) -> Option<Next> {
    let increment = i128::from(course.increment);
    let step = if position.is_called { increment } else { 0 };
    let own = i128::from(position.last) + step;
    let reached = |used: &i128| if increment > 0 { own <= *used } else { own >= *used };
    let used = used.map(|used| used.clamp(-BEYOND, BEYOND)).filter(reached);
    let value = used.map_or(own, |used| beyond(course, used));
    let from = i128::from(course.min.max(least));
    let to = i128::from(course.max.min(greatest));
    // Only the end it runs to can be passed; a sequence may have been set before its other end.
    let fits = if increment > 0 { value <= to } else { value >= from };
    let value = i64::try_from(value).ok().filter(|_| fits)?;
    let moved = used.is_some();
    Some(Next { value, moved })
}

/// The first value beyond `used` that is a whole number of steps from the start.
fn beyond(course: Course, used: i128) -> i128 {
    let increment = i128::from(course.increment);
    let start = i128::from(course.start);
    let distance = (used - start) * increment.signum();
    let steps = distance.div_euclid(increment.abs().max(1)) + 1;
    start + steps * increment
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UP: Course = Course {
        start: 1,
        increment: 1,
        min: 1,
        max: i64::MAX,
    };
    const FRESH: Position = Position {
        last: 1,
        is_called: false,
    };

    fn value(course: Course, position: Position, used: Option<i128>) -> Option<(i64, bool)> {
        next(course, position, used, i64::MIN, i64::MAX).map(|next| (next.value, next.moved))
    }

    #[test]
    fn the_next_value_was_never_used() {
        let at = |last| Position {
            last,
            is_called: true,
        };
        let by_five = Course {
            start: 3,
            increment: 5,
            ..UP
        };
        let down = Course {
            start: -1,
            increment: -2,
            min: -100,
            max: -1,
        };
        for (course, position, used, expected) in [
            (UP, FRESH, None, Some((1, false))),
            (UP, FRESH, Some(0), Some((1, false))),
            (UP, FRESH, Some(-7), Some((1, false))),
            (UP, FRESH, Some(1), Some((2, true))),
            (UP, at(1), Some(1), Some((2, false))),
            (UP, at(50), Some(7), Some((51, false))),
            (UP, at(7), Some(50), Some((51, true))),
            (by_five, FRESH, Some(3), Some((8, true))),
            (by_five, FRESH, Some(7), Some((8, true))),
            (by_five, FRESH, Some(8), Some((13, true))),
            (
                down,
                Position {
                    last: -1,
                    is_called: false,
                },
                Some(-1),
                Some((-3, true)),
            ),
            (down, at(-1), Some(-4), Some((-5, true))),
            (down, at(-9), Some(-4), Some((-11, false))),
            (down, at(-99), None, None),
            (down, at(-1), Some(-99), None),
            (UP, FRESH, Some(i128::from(i64::MAX)), None),
            (UP, FRESH, Some(i128::MAX), None),
            (UP, at(i64::MAX), None, None),
        ] {
            assert_eq!(
                value(course, position, used),
                expected,
                "{course:?} {position:?} {used:?}"
            );
        }
        assert_eq!(next(UP, FRESH, Some(32_767), -32_768, 32_767), None);
        assert_eq!(
            next(UP, FRESH, Some(32_766), -32_768, 32_767).unwrap().value,
            32_767
        );
    }

    proptest! {
        #[test]
        fn it_stays_on_its_course_and_goes_no_further_than_it_must(
            start in -1000_i64..1000, increment in prop_oneof![-50_i64..=-1, 1_i64..=50], drawn in 0_i64..100,
            used in -9000_i128..9000,
        ) {
            let course = Course { start, increment, min: i64::MIN, max: i64::MAX };
            let position = Position { last: start + drawn * increment, is_called: true };
            let next = next(course, position, Some(used), i64::MIN, i64::MAX).unwrap();
            let value = i128::from(next.value);
            let sign = i128::from(increment.signum());
            prop_assert!((value - used) * sign > 0 && (value - i128::from(position.last)) * sign > 0);
            prop_assert_eq!((next.value - start) % increment, 0);
            let earlier = value - i128::from(increment);
            prop_assert!((earlier - used) * sign <= 0 || earlier == i128::from(position.last));
        }
    }
}
