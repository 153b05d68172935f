//! Times and durations.

use super::argument;
use crate::object::{Context, Object, Scalar};
use crate::render::{Shape, Wrapper, calendar};
use crate::types::{Kind, TypeRef};

/// `std::chrono::duration`: as its `operator<<` writes it (C++20, [time.duration.io]).
pub(in crate::render) fn duration(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let count = context.field(object, "__rep_")?;
    let period = argument(context, &object.ty, 1)?;
    let unit = match ratio(context, &period)? {
        (1, 1_000_000_000) => "ns".to_owned(),
        (1, 1_000_000) => "µs".to_owned(),
        (1, 1000) => "ms".to_owned(),
        (1, 1) => "s".to_owned(),
        (60, 1) => "min".to_owned(),
        (3600, 1) => "h".to_owned(),
        (86400, 1) => "d".to_owned(),
        (n, 1) => format!("[{n}]s"),
        (n, d) => format!("[{n}/{d}]s"),
    };
    match context.plain_shape(&count) {
        Shape::Scalar(count) => Some(Shape::Scalar(format!("{count}{unit}"))),
        _ => None,
    }
}

/// `std::chrono::time_point`: of the system clock as a date, of other clocks as the duration since their start.
pub(in crate::render) fn time_point(
    context: &mut Context<'_>,
    object: &Object,
    _: u64,
) -> Option<Shape> {
    let since = context.field(object, "__d_")?;
    let clock = context.ty(&argument(context, &object.ty, 0)?);
    if &*clock.name == "std::chrono::system_clock"
        && let Some(date) = date(context, &since)
    {
        return Some(Shape::Scalar(date));
    }
    Some(Shape::Wrapper(Wrapper {
        object: since,
        note: None,
    }))
}

fn ratio(context: &Context<'_>, ty: &TypeRef) -> Option<(i128, i128)> {
    match &context.bare(ty).kind {
        Kind::Record(record) => match record.parameters.as_slice() {
            [n, d] => Some((n.value?, d.value?)),
            _ => None,
        },
        _ => None,
    }
}

fn date(context: &mut Context<'_>, since_1970: &Object) -> Option<String> {
    let (n, d) = ratio(context, &argument(context, &since_1970.ty, 1)?)?;
    let count = context.field(since_1970, "__rep_")?;
    let Scalar::Signed(count) = context.scalar(&count).ok()? else {
        return None;
    };
    let scaled = count.checked_mul(n)?;
    let seconds = scaled.checked_div_euclid(d)?;
    let nanoseconds = scaled.checked_rem_euclid(d)?.checked_mul(1_000_000_000)? / d;
    calendar::utc(seconds, nanoseconds)
}
