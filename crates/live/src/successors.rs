//! Where a program can be after one more instruction.
//!
//! wasmtime's own mode for single steps is a patch of all code: fast for a walk over many
//! instructions, and a tenth of a second for one step in a large program. A breakpoint at every place
//! where the next instruction can be is as good, because whichever is reached first is the next one.

use wasmparser::Operator;
use wdb_module::{FuncIndex, Module, ModuleOffset};

/// Where control can go from an instruction. Places that it cannot go to may be among them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Successors {
    /// In the same function.
    pub(crate) here: Vec<ModuleOffset>,
    /// To the caller.
    pub(crate) returns: bool,
    /// To another function.
    pub(crate) callee: Option<Callee>,
}

/// The function that an instruction calls.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Callee {
    Func(FuncIndex),
    /// The one in a table whose index is the topmost operand.
    Element(u32),
    /// The topmost operand.
    Reference,
}

struct Label {
    /// Where a branch to it goes, if that is known already.
    start: Option<ModuleOffset>,
    /// What follows its `else` is a successor.
    wants_else: bool,
    /// What follows its `end` is one.
    wants_end: bool,
}

/// The successors of the instruction at `pc`. `None` where they are not known: an exception, a stack
/// that is switched.
pub(crate) fn successors(module: &Module, func: FuncIndex, pc: ModuleOffset) -> Option<Successors> {
    let mut found: Option<Successors> = None;
    let mut labels: Vec<Label> = Vec::new();
    let mut code = module.instructions(func).map_while(Result::ok).peekable();
    while let Some((at, operator)) = code.next() {
        let next = code.peek().map(|(next, _)| *next);
        if at == pc {
            found = Some(from(&operator, next, &mut labels)?);
        } else if let Some(found) = &mut found {
            let label = labels.last();
            let reaches = match operator {
                Operator::Else => label.is_some_and(|label| label.wants_else),
                Operator::End => label.is_some_and(|label| label.wants_end),
                _ => false,
            };
            found.here.extend(next.filter(|_| reaches));
        }
        match operator {
            Operator::Loop { .. } => labels.push(Label::new(next)),
            Operator::Block { .. } | Operator::TryTable { .. } => labels.push(Label::new(None)),
            Operator::If { .. } => labels.push(Label {
                wants_else: at == pc,
                wants_end: at == pc,
                ..Label::new(None)
            }),
            Operator::End => {
                labels.pop();
            }
            _ => {}
        }
        if found.is_some() && !labels.iter().any(|it| it.wants_else || it.wants_end) {
            break;
        }
    }
    found
}

impl Label {
    fn new(start: Option<ModuleOffset>) -> Label {
        Label {
            start,
            wants_else: false,
            wants_end: false,
        }
    }
}

/// What is known at the instruction itself; the rest is marked in `labels`.
fn from(
    operator: &Operator<'_>,
    next: Option<ModuleOffset>,
    labels: &mut [Label],
) -> Option<Successors> {
    use Operator as O;
    let mut found = Successors::default();
    let mut branch = |found: &mut Successors, depth: u32| {
        let position = labels.len().checked_sub(depth as usize + 1);
        match position.and_then(|position| labels.get_mut(position)) {
            Some(label) => match label.start {
                Some(start) => found.here.push(start),
                None => label.wants_end = true,
            },
            // The outermost label is the function's.
            None => found.returns = true,
        }
    };
    match operator {
        O::Throw { .. }
        | O::ThrowRef
        | O::Resume { .. }
        | O::ResumeThrow { .. }
        | O::ResumeThrowRef { .. }
        | O::Suspend { .. }
        | O::Switch { .. } => return None,
        O::Br { relative_depth } => branch(&mut found, *relative_depth),
        O::BrTable { targets } => {
            for depth in targets.targets() {
                branch(&mut found, depth.ok()?);
            }
            branch(&mut found, targets.default());
        }
        O::BrIf { relative_depth }
        | O::BrOnNull { relative_depth }
        | O::BrOnNonNull { relative_depth }
        | O::BrOnCast { relative_depth, .. }
        | O::BrOnCastFail { relative_depth, .. }
        | O::BrOnCastDescEq { relative_depth, .. }
        | O::BrOnCastDescEqFail { relative_depth, .. } => {
            branch(&mut found, *relative_depth);
            found.here.extend(next);
        }
        O::Else => branch(&mut found, 0),
        O::Return => found.returns = true,
        O::End if labels.is_empty() => found.returns = true,
        O::Call { function_index } | O::ReturnCall { function_index } => {
            found.callee = Some(Callee::Func(FuncIndex(*function_index)));
        }
        O::CallIndirect { table_index, .. } | O::ReturnCallIndirect { table_index, .. } => {
            found.callee = Some(Callee::Element(*table_index));
        }
        O::CallRef { .. } | O::ReturnCallRef { .. } => found.callee = Some(Callee::Reference),
        _ => found.here.extend(next),
    }
    // What a host function returns to; a tail call of one returns with it.
    match operator {
        O::Call { .. } | O::CallIndirect { .. } | O::CallRef { .. } => found.here.extend(next),
        O::ReturnCall { .. } | O::ReturnCallIndirect { .. } | O::ReturnCallRef { .. } => {
            found.returns = true;
        }
        _ => {}
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    /// The successors of each instruction, by position; 99 is the caller.
    fn all(text: &str) -> Vec<Vec<usize>> {
        let bytes = Bytes::from(wat::parse_str(text).unwrap());
        let binary = wdb_module::Binary::parse(bytes).unwrap();
        let module = &binary.modules()[0];
        let offsets: Vec<ModuleOffset> = module
            .instructions(FuncIndex(0))
            .map(|it| it.unwrap().0)
            .collect();
        let positions = |pc: &ModuleOffset| {
            let found = successors(module, FuncIndex(0), *pc).unwrap();
            let here = found.here.iter();
            let mut positions: Vec<usize> = here
                .map(|it| offsets.iter().position(|at| at == it).unwrap())
                .chain(found.returns.then_some(99))
                .collect();
            positions.sort_unstable();
            positions.dedup();
            positions
        };
        offsets.iter().map(positions).collect()
    }

    #[test]
    fn branches_go_to_the_end_of_blocks_and_the_start_of_loops() {
        let found = all("(module (func
            block
              loop
                i32.const 0
                br_if 1
                i32.const 0
                br_table 0 1 2
              end
            end))");
        let expected: [&[usize]; 9] = [
            &[1],
            &[2],
            &[3],
            &[4, 8],
            &[5],
            &[2, 8, 99],
            &[7],
            &[8],
            &[99],
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn an_if_goes_to_both_sides() {
        let found = all("(module (func
            i32.const 1
            if
              nop
            else
              i32.const 1
              if
                return
              end
            end
            nop))");
        let expected: [&[usize]; 11] = [
            &[1],
            &[2, 4, 9],
            &[3],
            &[9],
            &[5],
            &[6, 8],
            &[99],
            &[8],
            &[9],
            &[10],
            &[99],
        ];
        assert_eq!(found, expected);
    }
}
