//! The structured control of a function (core specification, section 2.4.9): whether an instruction is always executed
//! before another one.

use std::ops::Range;

use wasmparser::{Catch, Operator};

use crate::instruction::{branch_target, is_call};
use crate::{FuncIndex, Module, ModuleOffset};

/// The blocks, loops and arms of a function, those around before those inside.
#[derive(Debug, Default)]
pub struct Control(Vec<Construct>);

#[derive(Debug)]
struct Construct {
    code: Range<ModuleOffset>,
    kind: Kind,
    /// The first branch to its end.
    left: Option<ModuleOffset>,
    /// The one around it.
    parent: Option<usize>,
    /// Those whose ends are branched to by the first instruction in it that may throw.
    catches: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Block,
    Loop,
    /// Of an `if`, or of a `try` of the first form of exceptions: it may be passed over.
    Arm,
}

impl Control {
    /// Reads the code of a function. Where that is damaged it ends.
    pub fn of(module: &Module, func: FuncIndex) -> Self {
        let mut all: Vec<Construct> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let mut end = ModuleOffset(0);
        for (at, operator) in module.instructions(func).map_while(Result::ok) {
            end = at;
            let target = |depth: u32| {
                let depth = usize::try_from(depth).ok()?;
                let position = open.len().checked_sub(depth.checked_add(1)?)?;
                open.get(position).copied()
            };
            let mut left = Vec::new();
            branches(&operator, &mut |depth| left.extend(target(depth)));
            let catches = match operator {
                Operator::TryTable { .. } => std::mem::take(&mut left),
                _ => Vec::new(),
            };
            if may_throw(&operator) {
                let caught = open.iter().map(|it| std::mem::take(&mut all[*it].catches));
                left.extend(caught.flatten());
            }
            for target in left {
                all[target].left.get_or_insert(at);
            }
            let kind = match operator {
                Operator::Block { .. } | Operator::TryTable { .. } => Some(Kind::Block),
                Operator::Loop { .. } => Some(Kind::Loop),
                Operator::If { .. } | Operator::Try { .. } => Some(Kind::Arm),
                Operator::Else | Operator::Catch { .. } | Operator::CatchAll => {
                    close(&mut all, &mut open, at);
                    Some(Kind::Arm)
                }
                Operator::End | Operator::Delegate { .. } => {
                    close(&mut all, &mut open, at);
                    None
                }
                _ => None,
            };
            if let Some(kind) = kind {
                let parent = open.last().copied();
                open.push(all.len());
                all.push(Construct {
                    code: at..at,
                    kind,
                    left: None,
                    parent,
                    catches,
                });
            }
        }
        while !open.is_empty() {
            close(&mut all, &mut open, ModuleOffset(end.0.saturating_add(1)));
        }
        Control(all)
    }

    /// Whether the program cannot come to the instruction at `then` without having executed the one at `first` since the
    /// function was entered. Where that takes more than to look at what is around them the answer is no.
    pub fn dominates(&self, first: ModuleOffset, then: ModuleOffset) -> bool {
        let passes = |construct: &Construct| match construct.kind {
            Kind::Arm => false,
            Kind::Block => construct.left.is_none_or(|left| first <= left),
            Kind::Loop => true,
        };
        first < then && self.around_only(first, then).all(passes)
    }

    /// The same since it was at `then` the last time, too.
    pub fn is_before(&self, first: ModuleOffset, then: ModuleOffset) -> bool {
        let mut around = self.around_only(then, first);
        self.dominates(first, then) && around.all(|it| it.kind != Kind::Loop)
    }

    /// What is around an instruction, and not around another one.
    fn around_only(
        &self,
        at: ModuleOffset,
        other: ModuleOffset,
    ) -> impl Iterator<Item = &Construct> {
        let around = |it: &Construct| it.parent.map(|parent| &self.0[parent]);
        std::iter::successors(self.innermost(at), move |it| around(it))
            .take_while(move |it| !it.code.contains(&other))
    }

    fn innermost(&self, at: ModuleOffset) -> Option<&Construct> {
        let before = self.0.partition_point(|it| it.code.start <= at);
        let last = before.checked_sub(1)?;
        let mut chain =
            std::iter::successors(Some(&self.0[last]), |it| it.parent.map(|it| &self.0[it]));
        chain.find(|it| it.code.contains(&at))
    }
}

fn close(all: &mut [Construct], open: &mut Vec<usize>, at: ModuleOffset) {
    if let Some(closed) = open.pop().and_then(|it| all.get_mut(it)) {
        closed.code.end = at;
    }
}

fn may_throw(operator: &Operator<'_>) -> bool {
    use Operator::{ReturnCall, ReturnCallIndirect, ReturnCallRef, Throw, ThrowRef};
    let tail = matches!(
        operator,
        ReturnCall { .. } | ReturnCallIndirect { .. } | ReturnCallRef { .. }
    );
    tail || is_call(operator) || matches!(operator, Throw { .. } | ThrowRef)
}

/// Calls `leave` with the depth of each label that an instruction may branch to.
fn branches(operator: &Operator<'_>, leave: &mut impl FnMut(u32)) {
    match operator {
        Operator::BrTable { targets } => {
            leave(targets.default());
            targets.targets().map_while(Result::ok).for_each(leave);
        }
        Operator::TryTable { try_table } => {
            for catch in &try_table.catches {
                let (Catch::One { label, .. }
                | Catch::OneRef { label, .. }
                | Catch::All { label }
                | Catch::AllRef { label }) = catch;
                leave(*label);
            }
        }
        _ => branch_target(operator).into_iter().for_each(leave),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "this is a test")]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::Binary;

    /// Whether of the two `nop` in a function the first is always executed before the second.
    fn is_before(body: &str) -> bool {
        let text = format!("(module (tag $e) (func (param $x i32) {body}))");
        let bytes = Bytes::from(wat::parse_str(text).unwrap());
        let module = Binary::parse(bytes).unwrap().modules()[0].clone();
        let nops: Vec<ModuleOffset> = module
            .instructions(FuncIndex(0))
            .map(Result::unwrap)
            .filter(|it| matches!(it.1, Operator::Nop))
            .map(|it| it.0)
            .collect();
        let [first, second] = nops[..] else {
            panic!("{body}");
        };
        let control = Control::of(&module, FuncIndex(0));
        assert!(!control.dominates(second, first), "{body}");
        let has_loop = body.starts_with("nop loop");
        assert_eq!(
            control.dominates(first, second),
            has_loop || control.is_before(first, second),
            "{body}"
        );
        assert!(!control.is_before(second, first), "{body}");
        control.is_before(first, second)
    }

    #[test]
    fn what_is_executed_before() {
        for (body, expected) in [
            ("nop nop", true),
            ("block nop end nop", true),
            ("nop block nop end", true),
            // A branch before the first passes over it; one behind it does not.
            ("block local.get $x br_if 0 nop end nop", false),
            ("block nop local.get $x br_if 0 end nop", true),
            ("block block local.get $x br_if 1 end nop end nop", false),
            ("block block local.get $x br_if 0 end nop end nop", true),
            (
                "block block local.get $x br_table 0 1 end nop end nop",
                false,
            ),
            ("local.get $x if nop end nop", false),
            ("local.get $x if nop else nop end", false),
            ("nop local.get $x if nop end", true),
            ("local.get $x if nop nop end", true),
            // The second comes round again without the first.
            ("nop loop nop local.get $x br_if 0 end", false),
            ("loop nop nop local.get $x br_if 0 end", true),
            ("loop nop local.get $x br_if 0 end nop", true),
            ("loop nop block nop end local.get $x br_if 0 end", true),
            // What is thrown in the body passes over the rest of it.
            (
                "block try_table (catch_all 0) throw $e nop end end nop",
                false,
            ),
            ("block try_table (catch_all 0) nop call 0 end end nop", true),
            ("nop block try_table (catch_all 0) nop end end", true),
        ] {
            assert_eq!(is_before(body), expected, "{body}");
        }
    }
}
