//! Steps through the source: where to stop next to the guest, decided at each stop on the way.
//!
//! A step sets breakpoints of its own and lets the program run: at the beginnings of the statements of the
//! function, and where its callers go on. By the depth of the stack, activations of one function differ. While a
//! skipped function runs, every function that is not skipped has a breakpoint at its start, because the skipped one may
//! call it back. Two things run as a single instruction: a call that is stepped into, and the instruction after a throw.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use wdb_debuggee::coredump::ModuleId;
use wdb_debuggee::{CodeLocation, Resume};
use wdb_module::{FuncIndex, Operator};

use crate::skips::Skips;
use wdb_examine::View;
use wdb_examine::view::{FrameId, FramePlace};

/// What a step goes to.
#[derive(Clone, Debug)]
pub(crate) enum Aim {
    /// One instruction, or one with all that it calls.
    Instruction { over: bool },
    /// Another line. With `into`, also one of a function that is called.
    Line { into: bool, forward: bool },
    /// The end of the function.
    Out,
    /// One of these places, or the end of the function. With `within`, in the same activation if it is in the same
    /// function.
    Place {
        places: BTreeSet<CodeLocation>,
        within: bool,
    },
}

/// A step under way.
pub(crate) struct Step {
    aim: Aim,
    skips: Skips,
    /// How many activations there are when the one that is stepped through is the innermost.
    depth: usize,
    /// Its function.
    module: ModuleId,
    func: FuncIndex,
    /// The functions that were inlined into it down to the one that is stepped through.
    scope: Scope,
    /// The line it starts from.
    line: SourceLine,
    /// The statements of the function.
    statements: BTreeSet<CodeLocation>,
    /// Its calls, if they are to be entered.
    calls: BTreeSet<CodeLocation>,
    /// Where the functions begin that are entered when one that is not calls them back.
    called_back: Arc<BTreeSet<CodeLocation>>,
    /// Where its callers go on, the innermost first.
    returns: Vec<CodeLocation>,
    phase: Phase,
    /// Whether its places may be others than those that were asked for last.
    moved: bool,
    /// How many stops in a row were in deeper activations.
    deeper: u32,
}

/// What the program does until the next stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It runs.
    Running,
    /// It runs the call that it is at, as one instruction.
    Calling,
    /// It runs to the end of the prologue of the function that was entered.
    Entering { depth: usize, at: CodeLocation },
    /// It runs a function that is not entered; one that is, and is called back from there, is.
    Passing,
    /// It is deep in a recursion, which reaches the statements of the function again and again: only the place where
    /// the activation that is stepped through goes on is watched.
    Recursing(CodeLocation),
    /// It has thrown an exception, and goes where that is caught.
    Unwinding,
}

/// How a step goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The program runs, with the breakpoints of [`Step::places`].
    Run(Resume),
    /// It has reached its aim.
    Done {
        /// How many of the functions that are inlined there are not entered yet, as the user sees it.
        not_entered: usize,
        /// The function has returned, and the results are the caller's operands.
        returned: bool,
    },
}

const ARRIVED: Next = Next::Done {
    not_entered: 0,
    returned: false,
};

/// At the beginning of the function, where none of those that are inlined there is entered yet.
fn at_start(view: &mut View<'_>) -> Next {
    let place = view.place(FrameId::default());
    Next::Done {
        not_entered: place.map_or(0, |it| it.chain.len().saturating_sub(1)),
        returned: false,
    }
}

type SourceLine = (Option<String>, Option<u32>);

/// The functions that an inlined one is in, outermost first, each with the place of the call in it.
type Scope = Vec<(String, Option<u32>, Option<u32>)>;

/// Where this many callers go on is watched: a function that the host has called has no caller that goes on, but one
/// further out may.
const CALLERS: usize = 4;

/// At most this many functions are watched for being called back.
const MOST_CALLED_BACK: usize = 4096;

/// After this many stops in deeper activations the statements are not watched any more. To change the breakpoints
/// costs more than a few stops.
const RECURSION: u32 = 64;

impl Step {
    /// A step from where the frame `from` is, and how it begins.
    pub(crate) fn begin(
        view: &mut View<'_>,
        from: FrameId,
        aim: Aim,
        skips: &Skips,
    ) -> Option<(Step, Next)> {
        let frame = view.frame(from)?;
        let place = view.place(from)?;
        let level = place.chain.len().saturating_sub(from.inlined).max(1);
        let mut step = Step {
            aim,
            skips: skips.clone(),
            depth: view.depth(from.thread).checked_sub(from.activation)?,
            module: frame.module,
            func: frame.func,
            scope: scope(&place, level),
            line: line(&place, level),
            statements: BTreeSet::new(),
            calls: BTreeSet::new(),
            called_back: Arc::default(),
            returns: Vec::new(),
            phase: Phase::Running,
            moved: true,
            deeper: 0,
        };
        if !matches!(step.aim, Aim::Instruction { over: false }) {
            step.find_places(view, from.activation);
        }
        // A program without lines is stepped through by instructions. One with lines goes on to them.
        let has_lines = |view: &mut View<'_>| {
            let symbols = view.symbols(frame.module);
            symbols.is_some_and(|it| !it.source_files().is_empty())
        };
        if let Aim::Line { .. } = step.aim
            && step.statements.is_empty()
            && !has_lines(view)
        {
            step.aim = Aim::Instruction {
                over: matches!(step.aim, Aim::Line { into: false, .. }),
            };
        }
        // A function that is inlined here is entered without running.
        if let Aim::Line { into: true, .. } = step.aim
            && from.activation == 0
            && let Some(inner) = from.inlined.checked_sub(1)
            && let Some(not_entered) = step.inlined_at(&place, inner)
        {
            return Some((
                step,
                Next::Done {
                    not_entered,
                    returned: false,
                },
            ));
        }
        let at = frame.location()?;
        let is_at_call = from.activation == 0 && is_call(view, at);
        let next = match step.aim {
            Aim::Instruction { over: true } if is_at_call => {
                step.statements = next_instruction(view, at).into_iter().collect();
                Next::Run(Resume::Continue)
            }
            Aim::Instruction { .. } => Next::Run(Resume::StepInstruction),
            Aim::Line { into: true, .. } if is_at_call => step.call(),
            _ => Next::Run(Resume::Continue),
        };
        Some((step, next))
    }

    /// A step of a program that has run nothing yet.
    pub(crate) fn to_places(aim: Aim, skips: &Skips) -> Step {
        Step {
            aim,
            skips: skips.clone(),
            depth: 0,
            module: ModuleId(0),
            func: FuncIndex(0),
            scope: Scope::new(),
            line: (None, None),
            statements: BTreeSet::new(),
            calls: BTreeSet::new(),
            called_back: Arc::default(),
            returns: Vec::new(),
            phase: Phase::Running,
            moved: true,
            deeper: 0,
        }
    }

    /// Where the breakpoints of the step are now, if they may be others than the last time that this was asked.
    pub(crate) fn new_places(&mut self) -> Option<BTreeSet<CodeLocation>> {
        self.moved.then(|| self.places())
    }

    /// Where the breakpoints of the step are now.
    pub(crate) fn places(&mut self) -> BTreeSet<CodeLocation> {
        self.moved = false;
        if let Aim::Instruction { over: false } = self.aim {
            return BTreeSet::new();
        }
        let mut places: BTreeSet<CodeLocation> = match &self.aim {
            Aim::Place { places, .. } => places.clone(),
            _ if let Phase::Recursing(goes_on) = self.phase => BTreeSet::from([goes_on]),
            _ => self.statements.union(&self.calls).copied().collect(),
        };
        places.extend(&self.returns);
        match self.phase {
            Phase::Passing => places.extend(&*self.called_back),
            Phase::Entering { at, .. } => _ = places.insert(at),
            _ => {}
        }
        places
    }

    /// An exception was thrown that is caught.
    pub(crate) fn thrown(&mut self) -> Next {
        self.moved |= matches!(
            self.phase,
            Phase::Passing | Phase::Entering { .. } | Phase::Recursing(_)
        );
        self.phase = Phase::Unwinding;
        self.deeper = 0;
        Next::Run(Resume::StepInstruction)
    }

    /// The program is at `at`. If no breakpoint of the user stops it there, this says how it goes on.
    pub(crate) fn arrived(&mut self, view: &mut View<'_>, at: CodeLocation) -> Next {
        let phase = std::mem::replace(&mut self.phase, Phase::Running);
        self.moved |= matches!(phase, Phase::Entering { .. });
        if let Aim::Place { places, within } = &self.aim {
            let is_place = places.contains(&at);
            let is_there = match view.depth_up_to(0, self.depth + 1).cmp(&self.depth) {
                Ordering::Less => true,
                Ordering::Equal => is_place,
                // A deeper activation of the function also passes the place.
                Ordering::Greater => is_place && !(*within && self.is_in_function(view, at)),
            };
            return if is_there {
                ARRIVED
            } else {
                Next::Run(Resume::Continue)
            };
        }
        if let Aim::Instruction { over: false } = self.aim {
            return ARRIVED;
        }
        // A recursion returns through the statement that is stepped once for each activation: how deep it is must
        // not be counted each time.
        let depth = match phase {
            Phase::Calling => view.depth(0),
            Phase::Entering { depth, .. } => view.depth_up_to(0, depth.max(self.depth) + 1),
            _ => view.depth_up_to(0, self.depth + 1),
        };
        if phase == Phase::Passing {
            if depth > self.depth {
                self.phase = phase;
                return if self.called_back.contains(&at) {
                    at_start(view)
                } else {
                    Next::Run(Resume::Continue)
                };
            }
            self.moved = true;
        }
        match phase {
            Phase::Calling
                if depth > self.depth || depth == self.depth && !self.is_in_function(view, at) =>
            {
                return self.entered(view, at, depth);
            }
            Phase::Entering {
                depth: entered,
                at: start,
            } if depth >= entered => {
                if depth == entered && at == start {
                    return at_start(view);
                }
                self.phase = phase;
                return Next::Run(Resume::Continue);
            }
            _ => {}
        }
        if depth > self.depth {
            self.deeper += 1;
            match phase {
                Phase::Recursing(_) => self.phase = phase,
                _ if self.deeper >= RECURSION => {
                    self.deeper = 0;
                    self.recurse(view);
                }
                _ => {}
            }
            return Next::Run(Resume::Continue);
        }
        self.deeper = 0;
        self.moved |= matches!(phase, Phase::Recursing(_));
        if depth == self.depth {
            return self.in_activation(view, at);
        }
        let returned = depth + 1 == self.depth
            && self.scope.len() < 2
            && self.returns.first() == Some(&at)
            && phase != Phase::Unwinding;
        self.has_left(view, depth, returned)
    }

    /// Whether `at` is in the function that is stepped through.
    fn is_in_function(&self, view: &View<'_>, at: CodeLocation) -> bool {
        at.module == self.module && view.function_at(at) == Some(self.func)
    }

    /// The program is deep in a recursion.
    fn recurse(&mut self, view: &mut View<'_>) {
        if let Aim::Line { into: true, .. } = self.aim {
            return;
        }
        let own = FrameId {
            activation: view.depth(0).saturating_sub(self.depth),
            ..FrameId::default()
        };
        let waits = view.frame(own).and_then(|frame| frame.location());
        if let Some(goes_on) = waits.and_then(|it| next_instruction(view, it)) {
            self.phase = Phase::Recursing(goes_on);
            self.moved = true;
        }
    }

    /// A function was entered by a call.
    fn entered(&mut self, view: &mut View<'_>, at: CodeLocation, depth: usize) -> Next {
        let start = view
            .function_at(at)
            .and_then(|func| view.start(at.module, func))
            .filter(|(_, spot)| !self.skips.skip(spot));
        let Some((start, _)) = start else {
            self.pass(view);
            return Next::Run(Resume::Continue);
        };
        if start == at {
            return at_start(view);
        }
        self.phase = Phase::Entering { depth, at: start };
        self.moved = true;
        Next::Run(Resume::Continue)
    }

    /// The program is in a function that is not entered, and may call back one that is.
    fn pass(&mut self, view: &mut View<'_>) {
        self.phase = Phase::Passing;
        self.moved = true;
        if !self.called_back.is_empty() {
            return;
        }
        let mut found = BTreeSet::new();
        for module in view.module_ids() {
            let starts = view.starts(module);
            let own = starts.iter().filter(|(_, spot)| !self.skips.skip(spot));
            let left = MOST_CALLED_BACK - found.len();
            found.extend(own.map(|(at, _)| *at).take(left));
        }
        self.called_back = Arc::new(found);
    }

    /// The activation that was stepped through is gone, and `depth` others remain.
    fn has_left(&mut self, view: &mut View<'_>, depth: usize, returned: bool) -> Next {
        let innermost = FrameId::default();
        let place = view.place(innermost);
        if matches!(self.aim, Aim::Out | Aim::Instruction { .. }) {
            return Next::Done {
                not_entered: 0,
                returned,
            };
        }
        let own = place
            .as_ref()
            .and_then(|it| it.chain.iter().position(|spot| !self.skips.skip(spot)));
        if let Some(not_entered) = own {
            return Next::Done {
                not_entered,
                returned,
            };
        }
        // On to where there is source.
        self.moved = true;
        let (Some(frame), Some(place)) = (view.frame(innermost), place) else {
            return ARRIVED;
        };
        self.depth = depth;
        (self.module, self.func) = (frame.module, frame.func);
        self.scope = scope(&place, 1);
        self.line = (None, None);
        self.find_places(view, 0);
        // The rest of a statement may be of no line.
        let has_source = place.chain.last().is_some_and(|it| it.family.is_none())
            && view
                .start(self.module, self.func)
                .is_some_and(|(_, it)| !self.skips.skip(&it));
        if has_source {
            return Next::Run(Resume::Continue);
        }
        self.statements.clear();
        self.calls.clear();
        if let Aim::Line { into: true, .. } = self.aim {
            self.pass(view);
        }
        Next::Run(Resume::Continue)
    }

    /// The activation that is stepped through is at `at`.
    fn in_activation(&mut self, view: &mut View<'_>, at: CodeLocation) -> Next {
        let is_done = match self.aim {
            Aim::Instruction { .. } => return ARRIVED,
            Aim::Out if self.scope.len() < 2 => None,
            _ if self.statements.contains(&at) => {
                let place = view.place(FrameId::default());
                place.and_then(|place| self.other_line(&place))
            }
            _ => None,
        };
        match is_done {
            Some(not_entered) => Next::Done {
                not_entered,
                returned: false,
            },
            None if self.calls.contains(&at) => self.call(),
            None => Next::Run(Resume::Continue),
        }
    }

    fn call(&mut self) -> Next {
        self.phase = Phase::Calling;
        Next::Run(Resume::StepInstruction)
    }

    /// Whether to stop at the statement that begins there; then how many of the functions that are inlined there are
    /// not entered.
    fn other_line(&self, place: &FramePlace) -> Option<usize> {
        let length = place.chain.len();
        let level = self.scope.len();
        let here = scope(place, length);
        let common = common(&self.scope, &here);
        if common < level {
            // The inlined function was left.
            let not_entered = length - common.max(1);
            let spot = place.chain.get(not_entered)?;
            return (matches!(self.aim, Aim::Out) || !self.skips.skip(spot)).then_some(not_entered);
        }
        let Aim::Line { into, forward } = self.aim else {
            return None;
        };
        let there = line(place, level);
        if there == self.line {
            let inner = (length - level).checked_sub(1)?;
            return self.inlined_at(place, inner).filter(|_| into);
        }
        if there.1.is_none() || forward && there.0 == self.line.0 && there.1 < self.line.1 {
            return None;
        }
        Some(length - level)
    }

    /// The outermost function, of those inlined at `place` up to the position `inner`, that is to be entered.
    fn inlined_at(&self, place: &FramePlace, inner: usize) -> Option<usize> {
        (0..=inner).rev().find(|position| {
            let spot = place.chain.get(*position);
            spot.is_some_and(|it| !self.skips.skip(it))
        })
    }

    /// Finds the places of the breakpoints that the aim needs, in the function of an activation and in its callers.
    fn find_places(&mut self, view: &mut View<'_>, activation: usize) {
        let (module, func) = (self.module, self.func);
        let by_line = match self.aim {
            Aim::Line { .. } => true,
            Aim::Out => self.scope.len() > 1,
            Aim::Instruction { .. } | Aim::Place { .. } => false,
        };
        self.statements.clear();
        self.calls.clear();
        if by_line && let Some(symbols) = view.symbols(module) {
            let statements = match self.aim {
                // What is left of the call's line after it may be no statement, and is in the caller all the same.
                Aim::Out => symbols.boundaries(func),
                _ => symbols.statements(func),
            };
            let code = statements
                .iter()
                .filter_map(|it| view.code(module, func, *it));
            self.statements = code.collect();
        }
        if let Aim::Line { into: true, .. } = self.aim
            && let Some(binary) = view.binary(module)
        {
            let calls = binary
                .instructions(func)
                .map_while(Result::ok)
                .filter(|(_, operator)| calls(operator));
            let code = calls.map(|(offset, _)| CodeLocation { module, offset });
            self.calls = code.collect();
        }
        self.returns.clear();
        for further in 1..=CALLERS {
            let id = FrameId {
                activation: activation + further,
                ..FrameId::default()
            };
            let Some(frame) = view.frame(id) else {
                break;
            };
            let waits = frame.location();
            self.returns
                .extend(waits.and_then(|it| next_instruction(view, it)));
        }
    }
}

/// The functions at a place from the outermost down to a level, which counts from 1.
fn scope(place: &FramePlace, level: usize) -> Scope {
    let outermost_first = place.chain.iter().rev().take(level).enumerate();
    outermost_first
        .map(|(depth, spot)| {
            if depth + 1 < level {
                (
                    spot.function.clone(),
                    spot.location.line,
                    spot.location.column,
                )
            } else {
                (spot.function.clone(), None, None)
            }
        })
        .collect()
}

/// How many of the functions of `scope` are around what is in `here` too.
fn common(scope: &Scope, here: &Scope) -> usize {
    let last = scope.len().saturating_sub(1);
    let pairs = scope.iter().zip(here).enumerate();
    pairs
        .take_while(|(depth, (a, b))| {
            // Where it is in the innermost does not matter.
            a == b || *depth == last && a.0 == b.0
        })
        .count()
}

fn line(place: &FramePlace, level: usize) -> SourceLine {
    let position = place.chain.len().checked_sub(level);
    let spot = position.and_then(|it| place.chain.get(it));
    spot.map_or((None, None), |spot| {
        (spot.location.file.clone(), spot.location.line)
    })
}

/// Whether the instruction calls a function, in whatever way.
fn calls(operator: &Operator<'_>) -> bool {
    wdb_module::instruction::is_call(operator)
        || matches!(
            operator,
            Operator::ReturnCall { .. }
                | Operator::ReturnCallIndirect { .. }
                | Operator::ReturnCallRef { .. }
        )
}

fn is_call(view: &View<'_>, at: CodeLocation) -> bool {
    let operator = || {
        let binary = view.binary(at.module)?;
        binary.instruction_at(at.offset)
    };
    operator().is_some_and(|it| calls(&it))
}

/// The instruction after the one at `at`.
fn next_instruction(view: &View<'_>, at: CodeLocation) -> Option<CodeLocation> {
    let binary = view.binary(at.module)?;
    let func = binary.function_at(at.offset)?;
    let (offset, _) = binary.instruction_after(func, at.offset)?;
    Some(CodeLocation { offset, ..at })
}
