//! A place in the code that the program has not reached: what names would mean there.

use wdb_debuggee::CodeLocation;
use wdb_module::FuncIndex;
use wdb_symbols::{Context, VariableKind};

use crate::expression::{self, Error, Expression, Reach};
use crate::places::Location;
use crate::variables;
use crate::view::{FrameId, View};

/// At most this many places of a breakpoint are looked at.
const MOST_PLACES: usize = 1000;

/// How an expression is checked at a place: [`expression::check`] or [`expression::check_condition`].
pub type Check = fn(&Expression, &mut View<'_>, FrameId, Reach) -> Result<(), Error>;

/// Looks up the names of an expression at places that the program may reach.
///
/// # Errors
///
/// When it passes the check at none of them: what is wrong at the first. Without places nothing is known to be wrong.
pub fn check(
    view: &mut View<'_>,
    expression: &Expression,
    places: &[Location],
    check: Check,
) -> Result<(), Error> {
    let mut first = None;
    for place in places.iter().take(MOST_PLACES) {
        let mut there = view.supposing(place.at);
        let frame = place.frame(&mut there);
        match check(expression, &mut there, frame, Reach::Frame) {
            Ok(()) => return Ok(()),
            Err(error) => first = first.or(Some(error)),
        }
    }
    first.map_or(Ok(()), Err)
}

/// Looks up the names of an expression that is evaluated wherever the program is then.
///
/// # Errors
///
/// When it passes the check in no module: what is wrong in the first.
pub fn check_anywhere(
    view: &mut View<'_>,
    expression: &Expression,
    check: Check,
) -> Result<(), Error> {
    let mut first = None;
    for module in view.module_ids() {
        let Some(offset) = view.binary(module).and_then(|binary| {
            let mut functions = (0..binary.function_count()).map(FuncIndex);
            functions.find_map(|func| binary.first_instruction(func))
        }) else {
            continue;
        };
        let mut there = view.supposing(CodeLocation { module, offset });
        match check(expression, &mut there, FrameId::default(), Reach::Module) {
            Ok(()) => return Ok(()),
            Err(error) => first = first.or(Some(error)),
        }
    }
    first.map_or(Ok(()), Err)
}

/// The variables that a place can see, as their language declares them.
pub fn variables(view: &mut View<'_>, place: &Location) -> Vec<(String, VariableKind)> {
    let mut there = view.supposing(place.at);
    let frame = place.frame(&mut there);
    let variables = there.variables(frame);
    let own = variables.as_ref().and_then(|it| it.get(frame.inlined));
    let named = own.into_iter().flatten().filter(|it| !it.name.is_empty());
    let declared = named.map(|variable| {
        let declare = |context: &mut Context<'_>| {
            variables::declaration(context.symbols, &variable.name, &variable.ty)
        };
        let (text, _) = expression::with_context(&mut there, frame, declare);
        (text, variable.kind)
    });
    declared.collect()
}
