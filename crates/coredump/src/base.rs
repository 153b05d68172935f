//! Finds what the offsets of a dump count from, by holding them against the modules.
//!
//! Four bases were seen in the wild and nothing in a dump names its own. But under the right one
//! every offset is the start of an instruction, that of a frame that waits is a call, a direct call
//! is of the function of the next inner frame, and the innermost frame is where something can
//! trap.

use std::collections::BTreeMap;

use wdb_module::{
    CodeOffset, FileOffset, FuncIndex, FunctionOffset, Module, ModuleOffset, Operator, instruction,
};

use crate::{Base, Dialect, Frame, Note, Reading};

/// No more frames of a thread are looked at: they agree long before.
const FRAMES: usize = 64;
/// No more threads are looked at.
const THREADS: usize = 64;

/// Where an offset points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Spot {
    /// An instruction starts there.
    instruction: bool,
    /// It is a call that leaves a frame waiting, and if it is a direct one, of this function.
    call: Option<Option<FuncIndex>>,
    /// It can trap.
    traps: bool,
}

/// What the offsets count from, and how they have to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reckoning {
    pub(crate) base: Base,
    /// The offset is short by the length of the size field before the function's body
    /// (wasm-coredump-rewriter before 0.2.2).
    pub(crate) short: bool,
}

const RECKONINGS: [Reckoning; 5] = [
    Reckoning {
        base: Base::Body,
        short: false,
    },
    Reckoning {
        base: Base::FirstInstruction,
        short: false,
    },
    Reckoning {
        base: Base::CodeSection,
        short: false,
    },
    Reckoning {
        base: Base::CodeSection,
        short: true,
    },
    Reckoning {
        base: Base::Module,
        short: false,
    },
];

/// What `codeoffset` of the dump's frames counts from, judged by the modules that are available: one
/// for each in [`crate::CoreDump::modules`], `None` where it is not known. The note says when the
/// modules overrule the dialect, or fit no base.
pub fn find_base(reading: &Reading, modules: &[Option<&Module>]) -> (Base, Option<Note>) {
    let (reckoning, note) = find(reading, modules);
    (reckoning.base, note)
}

pub(crate) fn find(reading: &Reading, modules: &[Option<&Module>]) -> (Reckoning, Option<Note>) {
    let usual = Reckoning {
        base: reading.base,
        short: false,
    };
    let note = |message: String| {
        Some(Note {
            message,
            offset: None,
        })
    };
    let stacks = stacks(reading, modules);
    let frames: usize = stacks.iter().map(Vec::len).sum();
    if frames == 0 {
        return (usual, None);
    }
    // Our own writer counts from the body. A program that the user has stopped is at an instruction that cannot trap,
    // which other bases may seem to explain better.
    let is_ours = reading.dialect == Dialect::Wdb;
    let candidates = RECKONINGS.into_iter().filter(|it| !is_ours || *it == usual);
    let scores: Vec<(u32, Reckoning)> = candidates
        .map(|reckoning| {
            let scores = stacks.iter().map(|stack| score(reckoning, stack));
            (scores.sum(), reckoning)
        })
        .collect();
    let best = scores.iter().map(|(score, _)| *score).max().unwrap_or(0);
    // What the dialect says holds as long as nothing fits better.
    let (_, reckoning) = scores
        .into_iter()
        .filter(|(score, _)| *score == best)
        .max_by_key(|(_, reckoning)| *reckoning == usual)
        .unwrap_or((0, usual));
    if best < frames as u32 * FITS {
        return (
            usual,
            note(
                "the offsets of most frames are at no instruction of their functions, \
            whatever they count from: the modules may be others than those that ran"
                    .to_owned(),
            ),
        );
    }
    if reckoning == usual {
        return (usual, None);
    }
    (
        reckoning,
        note(format!(
            "the offsets count from {}, as the modules show",
            name(reckoning)
        )),
    )
}

/// How well the frames fit the modules, under what fits best.
pub(crate) fn fit(reading: &Reading, modules: &[Option<&Module>]) -> u32 {
    let stacks = stacks(reading, modules);
    let scores =
        RECKONINGS.map(|reckoning| stacks.iter().map(|stack| score(reckoning, stack)).sum());
    scores.into_iter().max().unwrap_or(0)
}

/// What a frame scores that is at an instruction of its function, and at no other sign of fitting.
const FITS: u32 = 3;

fn name(reckoning: Reckoning) -> &'static str {
    match (reckoning.base, reckoning.short) {
        (Base::Body, _) => "the start of the function's body",
        (Base::FirstInstruction, _) => "the function's first instruction",
        (Base::CodeSection, false) => "the start of the code section",
        (Base::CodeSection, true) => {
            "the start of the code section, less the function's size field"
        }
        (Base::Module, _) => "the start of the module",
    }
}

/// A frame whose module is available and whose offset is recorded.
struct Witness<'a> {
    module: &'a Module,
    func: FuncIndex,
    codeoffset: u32,
    /// Position in the stack.
    position: usize,
    /// The function of the next inner frame, if it is of the same instance.
    callee: Option<FuncIndex>,
    /// Its offset under each reckoning, and what is there.
    spots: [Option<Spot>; RECKONINGS.len()],
}

/// The frames of each thread that say something.
fn stacks<'a>(reading: &Reading, modules: &[Option<&'a Module>]) -> Vec<Vec<Witness<'a>>> {
    let instances = &reading.dump.instances;
    let module = |frame: &Frame| {
        let id = instances.get(frame.instance.position())?.module;
        *modules.get(id.position())?
    };
    let threads = reading.dump.threads.iter().take(THREADS);
    let mut stacks: Vec<_> = threads
        .map(|thread| {
            let mut witnesses = Vec::new();
            let mut inner: Option<&Frame> = None;
            for (position, frame) in thread.frames.iter().take(FRAMES).enumerate() {
                // Zero means "unknown" nearly everywhere.
                if let (Some(module), 1..) = (module(frame), frame.codeoffset) {
                    let same = inner.filter(|inner| inner.instance == frame.instance);
                    witnesses.push(Witness {
                        module,
                        func: frame.func,
                        codeoffset: frame.codeoffset,
                        position,
                        callee: same.map(|inner| inner.func),
                        spots: [None; RECKONINGS.len()],
                    });
                }
                inner = Some(frame);
            }
            witnesses
        })
        .collect();
    look(&mut stacks);
    stacks
}

/// Finds what is at the offsets of all witnesses under all reckonings. Each function is decoded
/// once.
fn look(stacks: &mut [Vec<Witness<'_>>]) {
    // By module and function, the offsets that are asked for.
    let mut asked: BTreeMap<(*const Module, FuncIndex), BTreeMap<ModuleOffset, Spot>> =
        BTreeMap::new();
    for witness in stacks.iter().flatten() {
        let spots = asked
            .entry((std::ptr::from_ref(witness.module), witness.func))
            .or_default();
        for reckoning in RECKONINGS {
            if let Some(offset) = place(reckoning, witness.codeoffset, witness.func, witness.module)
            {
                spots.insert(offset, Spot::default());
            }
        }
    }
    for witness in stacks.iter_mut().flatten() {
        let key = (std::ptr::from_ref(witness.module), witness.func);
        let Some(spots) = asked.get_mut(&key) else {
            continue;
        };
        if let Some((&last, _)) = spots.last_key_value()
            && spots.values().all(|spot| !spot.instruction)
        {
            let instructions = witness
                .module
                .instructions(witness.func)
                .map_while(Result::ok);
            for (offset, operator) in instructions.take_while(|(offset, _)| *offset <= last) {
                if let Some(spot) = spots.get_mut(&offset) {
                    *spot = spot_of(&operator);
                }
            }
        }
        for (reckoning, found) in RECKONINGS.into_iter().zip(&mut witness.spots) {
            let offset = place(reckoning, witness.codeoffset, witness.func, witness.module);
            *found = offset.and_then(|offset| spots.get(&offset).copied());
        }
    }
}

fn spot_of(operator: &Operator<'_>) -> Spot {
    let direct = match operator {
        Operator::Call { function_index } => Some(FuncIndex(*function_index)),
        _ => None,
    };
    Spot {
        instruction: true,
        call: instruction::is_call(operator).then_some(direct),
        traps: instruction::may_trap(operator),
    }
}

/// The offset in the module, if it is inside the function.
fn place(
    reckoning: Reckoning,
    codeoffset: u32,
    func: FuncIndex,
    module: &Module,
) -> Option<ModuleOffset> {
    let short = if reckoning.short {
        size_field(func, module)?
    } else {
        0
    };
    let offset = codeoffset.checked_add(short)?;
    module_offset(reckoning.base, offset, func, module)
}

/// The length of the size field before the body of a function: what lies between the bodies.
pub(crate) fn size_field(func: FuncIndex, module: &Module) -> Option<u32> {
    let body = module.function(func)?.body?;
    let before = func
        .0
        .checked_sub(1)
        .and_then(|before| module.function(FuncIndex(before))?.body);
    let end = match before {
        Some(before) => before.end.0,
        // The first one: after the section's count of functions.
        None => {
            let count = module
                .function_count()
                .checked_sub(module.imported_function_count())?;
            module.code_section()?.start.0 + (32 - count.leading_zeros()).div_ceil(7).max(1) as u64
        }
    };
    u32::try_from(body.start.0.checked_sub(end)?).ok()
}

fn score(reckoning: Reckoning, stack: &[Witness<'_>]) -> u32 {
    let Some(column) = RECKONINGS.iter().position(|other| *other == reckoning) else {
        return 0;
    };
    let of_witness = |witness: &Witness<'_>| {
        // Not inside of the function.
        let Some(spot) = witness.spots.get(column).copied().flatten() else {
            return 0;
        };
        if !spot.instruction {
            return 1;
        }
        let sign = match (witness.position, spot.call, witness.callee) {
            (0, Some(_), _) => 1,
            (0, None, _) => 2 * u32::from(spot.traps),
            (_, None, _) => 0,
            (_, Some(Some(called)), Some(callee)) if called == callee => 4,
            // Through an import, or a function that was tail-called.
            (_, Some(_), _) => 2,
        };
        FITS + sign
    };
    stack.iter().map(of_witness).sum()
}

/// The offset in the module that `codeoffset` means under `base`. `None`: it is outside of the body of
/// `func`.
pub fn module_offset(
    base: Base,
    codeoffset: u32,
    func: FuncIndex,
    module: &Module,
) -> Option<ModuleOffset> {
    let offset = match base {
        Base::Body => module.from_function(func, FunctionOffset(codeoffset))?,
        Base::FirstInstruction => {
            ModuleOffset(module.first_instruction(func)?.0 + u64::from(codeoffset))
        }
        Base::CodeSection => module.from_code(CodeOffset(codeoffset.into()))?,
        Base::Module => module.from_file(FileOffset(codeoffset.into()))?,
    };
    let body = module.function(func)?.body?;
    body.contains(&offset).then_some(offset)
}
