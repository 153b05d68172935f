//! The property that holds for any text whatever: nothing panics, what is reported lies in the text, and what is shown is safe
//! for a terminal. For the fuzzer, and for the tests that run it with seeds.

use wdb_symbols::render::Limits;

use super::{
    Calls, Error, Line, Progress, Reach, check, evaluate, evaluate_type, evaluate_with, is_true,
    line, parse, with_context,
};
use crate::View;
use crate::view::FrameId;

/// At most this many calls of an expression are answered.
const MOST_CALLS: usize = 8;

/// Reads and evaluates the text that `data` is in a frame of `stop`.
///
/// # Panics
///
/// If the property does not hold.
pub fn expression(data: &[u8], view: &mut View<'_>, at: FrameId) {
    let text = String::from_utf8_lossy(data);
    let look = |error: &Error| {
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
    match line(&text) {
        Err(error) => look(&error),
        Ok(Line::Evaluate(_)) => {}
        Ok(Line::Assign { place, value }) => {
            for side in [place, value] {
                assert!(text.contains(side.text()), "{side:?}");
                if let Err(error) = evaluate(&side, view, at) {
                    look(&error);
                }
            }
        }
    }
    let expression = match parse(&text) {
        Ok(expression) => expression,
        Err(error) => return look(&error),
    };
    for checked in [
        check(&expression, view, at, Reach::Frame),
        check(&expression, view, at, Reach::Module),
        evaluate_type(&expression, view, at).map(|_| ()),
    ] {
        if let Err(error) = checked {
            look(&error);
        }
    }
    // A function gives back its first argument.
    let mut calls = Calls::none();
    for _ in 0..MOST_CALLS {
        let value = match evaluate_with(&expression, view, at, &mut calls) {
            Err(error) => return look(&error),
            Ok(Progress::Done(value)) => value,
            Ok(Progress::Call(request)) => {
                assert!(text.get(request.span.clone()).is_some(), "{request:?}");
                match request.arguments.first().cloned() {
                    Some((_, value)) => calls.made(&request, value, view),
                    None => return,
                }
                continue;
            }
        };
        if let Err(error) = is_true(&expression, view, &value) {
            look(&error);
        }
        let limits = Limits {
            depth: 4,
            elements: 20,
            text: 100,
            line: 200,
            values: 200,
        };
        let (shown, _) = with_context(view, value.frame, |context| {
            context.short(&value.object, &limits)
        });
        assert!(!shown.contains(char::is_control), "{shown:?} of {text:?}");
        return;
    }
}
