//! The property that holds for any text whatever: nothing panics, what is reported lies in the text, and what is shown is safe
//! for a terminal. For the fuzzer, and for the tests that run it with seeds.

use wdb_symbols::render::Limits;

use super::{Error, evaluate, holds, parse, with_context};
use crate::Stop;
use crate::stop::FrameId;

/// Reads and evaluates the text that `data` is in a frame of `stop`.
///
/// # Panics
///
/// If the property does not hold.
pub fn expression(data: &[u8], stop: &mut Stop<'_>, at: FrameId) {
    let text = String::from_utf8_lossy(data);
    let check = |error: &Error| {
        assert!(
            text.get(error.span.clone()).is_some(),
            "{error:?} of {text:?}"
        );
        assert!(!error.message.is_empty());
        let shown = error.show(&text);
        assert_eq!(shown.lines().count(), 3, "{shown}");
        assert!(
            !shown.contains(|c: char| c.is_control() && c != '\n'),
            "{shown:?}"
        );
    };
    let expression = match parse(&text) {
        Ok(expression) => expression,
        Err(error) => return check(&error),
    };
    if let Err(error) = holds(&expression, stop, at) {
        check(&error);
    }
    match evaluate(&expression, stop, at) {
        Err(error) => check(&error),
        Ok(value) => {
            let limits = Limits {
                depth: 4,
                elements: 20,
                text: 100,
                line: 200,
                values: 200,
            };
            let (shown, _) = with_context(stop, value.frame, |context| {
                context.short(&value.object, &limits)
            });
            assert!(!shown.contains(char::is_control), "{shown:?} of {text:?}");
        }
    }
}
