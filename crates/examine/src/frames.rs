//! The frames of a thread as the source has them, those of inlined functions among them.

pub mod fold;

use std::ops::Range;

use wdb_debuggee::Trust;
use wdb_debuggee::coredump::{HostFrame, InstanceId, ModuleId, Slot};
use wdb_module::{FuncIndex, LocalIndex, ModuleOffset};
use wdb_symbols::runtime::Family;

use crate::variables::Valued;
use crate::view::{FrameId, FramePlace, View};

/// Something on a stack.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A function of the program.
    Frame(Frame),
    /// Host code: what it is, as far as known.
    Host(String),
    /// This many frames that the report leaves out: the middle of a stack of more than 100,000.
    Omitted(u32),
}

/// A frame as the source has it: an activation of a function, or one inlined into it.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Counts the frames of the thread from 0, the innermost.
    pub index: u32,
    /// Which frame of the debuggee it is.
    pub id: FrameId,
    /// The function's name, demangled.
    pub function: String,
    /// The source file.
    pub file: Option<String>,
    /// The line.
    pub line: Option<u32>,
    /// The column.
    pub column: Option<u32>,
    /// Whether the compiler inlined it into the next frame that is not inlined.
    pub inlined: bool,
    /// Whether the instruction belongs to no line, and the line is that of one before it.
    pub approximate: bool,
    /// The part of a language's runtime that it belongs to. `None`: the program's own.
    pub family: Option<Family>,
    /// Its module.
    pub module: ModuleId,
    /// Its instance.
    pub instance: InstanceId,
    /// Its function, or the one that it was inlined into.
    pub func: FuncIndex,
    /// Where it is. `None`: not recorded, or the module is not available.
    pub at: Option<ModuleOffset>,
    /// How far to believe it.
    pub trust: Trust,
    /// The wasm locals, for a frame that is not inlined.
    pub locals: Vec<Local>,
    /// The operand stack, bottom first, for a frame that is not inlined. `None`: not recorded.
    pub stack: Option<Vec<Slot>>,
    /// The parameters and variables of the source, as far as they were asked for.
    pub variables: Vec<Valued>,
}

/// A wasm local.
#[derive(Clone, Debug, PartialEq)]
pub struct Local {
    /// Its index.
    pub index: LocalIndex,
    /// Its name, from the name section.
    pub name: Option<String>,
    /// Its declared type as in the text format, when the module is available.
    pub ty: Option<String>,
    /// Its value.
    pub value: Slot,
}

/// A report holds as many frames of a thread from the young end of its stack, and from the old one. An
/// engine's own limits are below the sum, unless they were raised; a hostile dump has millions.
const YOUNG: usize = 80_000;
const OLD: usize = 20_000;

/// What is on the stack of a thread, innermost first.
pub fn entries(view: &mut View<'_>, thread: usize) -> Vec<Entry> {
    let mut entries = Vec::new();
    let threads = view.threads();
    let Some(of) = threads.get(thread) else {
        return entries;
    };
    let count = of.frames.len();
    let hosts: Vec<_> = of.host_frames.iter().take(YOUNG).cloned().collect();
    let mut hosts = hosts.into_iter().peekable();
    let mut index = 0;
    let omitted = count.saturating_sub(YOUNG + OLD);
    for activation in 0..count {
        if omitted > 0 && (YOUNG..YOUNG + omitted).contains(&activation) {
            if activation == YOUNG {
                let omitted = u32::try_from(omitted).unwrap_or(u32::MAX);
                entries.push(Entry::Omitted(omitted));
                index += omitted;
            }
            continue;
        }
        while let Some(host) = hosts.next_if(|host| host.before as usize <= activation) {
            entries.push(Entry::Host(host.name));
        }
        let frames = of_activation(view, thread, activation, index);
        index += u32::try_from(frames.len()).unwrap_or(0);
        entries.extend(frames.into_iter().map(Entry::Frame));
    }
    entries.extend(hosts.map(|host| Entry::Host(host.name)));
    entries
}

/// The frames of a thread that have these numbers, innermost first, and the host code between them. Fewer where the stack
/// ends. It costs what the page holds, however deep the stack is; [`View::frame_count`] says how many frames there are.
pub fn page(view: &mut View<'_>, thread: usize, range: Range<u32>) -> Vec<Entry> {
    let mut entries = Vec::new();
    let Some(first) = view.frame_numbered(thread, range.start) else {
        return entries;
    };
    let threads = view.threads();
    let hosts = threads.get(thread).map_or(&[][..], |it| &it.host_frames);
    // What is before an activation is before the innermost of its frames.
    let is_innermost = view.frame_number(FrameId {
        inlined: 0,
        ..first
    }) == range.start;
    let begins = |host_frame: &HostFrame| {
        if is_innermost {
            host_frame.before as usize >= first.activation
        } else {
            host_frame.before as usize > first.activation
        }
    };
    let skipped = hosts.iter().take_while(|it| !begins(it)).count();
    let mut hosts = hosts[skipped..].iter().peekable();
    let depth = view.depth(thread);
    for activation in first.activation..depth {
        let id = FrameId {
            thread,
            activation,
            inlined: 0,
        };
        let number = view.frame_number(id);
        if number >= range.end {
            return entries;
        }
        while let Some(host) = hosts.next_if(|host| host.before as usize <= activation) {
            entries.push(Entry::Host(host.name.clone()));
        }
        let frames = of_activation(view, thread, activation, number).into_iter();
        let frames = frames.filter(|it| range.contains(&it.index));
        entries.extend(frames.map(Entry::Frame));
    }
    if view.frame_count(thread) <= range.end {
        entries.extend(hosts.map(|host| Entry::Host(host.name.clone())));
    }
    entries
}

/// The frame of this id.
pub fn frame(view: &mut View<'_>, id: FrameId) -> Option<Frame> {
    let number = view.frame_number(id);
    let innermost = FrameId { inlined: 0, ..id };
    let first = view.frame_number(innermost);
    let frames = of_activation(view, id.thread, id.activation, first);
    frames
        .into_iter()
        .find(|it| it.id == id && it.index == number)
}

/// The frames of an activation: the functions that were inlined where it is, and itself. `index` is the
/// number of the first.
fn of_activation(view: &mut View<'_>, thread: usize, activation: usize, index: u32) -> Vec<Frame> {
    let mut id = FrameId {
        thread,
        activation,
        inlined: 0,
    };
    let (Some(place), Some(frame)) = (view.place(id), view.frame(id)) else {
        return Vec::new();
    };
    let skipped = not_entered(view, id, &place);
    let mut frames = Vec::new();
    for ((depth, spot), index) in place.chain.iter().enumerate().skip(skipped).zip(index..) {
        let inlined = depth + 1 < place.chain.len();
        id.inlined = depth;
        frames.push(Frame {
            index,
            id,
            function: spot.function.clone(),
            file: spot.location.file.clone(),
            line: spot.location.line,
            column: spot.location.column,
            inlined,
            approximate: spot.location.approximate,
            family: spot.family,
            module: frame.module,
            instance: frame.instance,
            func: frame.func,
            at: place.at,
            trust: frame.trust,
            locals: if inlined {
                Vec::new()
            } else {
                locals(&frame, &place.locals)
            },
            stack: frame.stack.clone().filter(|_| !inlined),
            variables: Vec::new(),
        });
    }
    frames
}

/// The innermost frame of the program's own code: above it are those that a runtime throws or panics with. `None`: all
/// are of a runtime.
pub fn own(view: &mut View<'_>, thread: usize) -> Option<FrameId> {
    for activation in 0..view.depth(thread).min(YOUNG) {
        let mut id = FrameId {
            thread,
            activation,
            inlined: 0,
        };
        let place = view.place(id)?;
        let skipped = not_entered(view, id, &place);
        let mut chain = place.chain.iter().enumerate().skip(skipped);
        if let Some((inlined, _)) = chain.find(|it| it.1.family.is_none()) {
            id.inlined = inlined;
            return Some(id);
        }
    }
    None
}

/// How many of the functions that are inlined at an activation the program has not entered, as the user steps.
fn not_entered(view: &View<'_>, id: FrameId, place: &FramePlace) -> usize {
    match (id.thread, id.activation) {
        (0, 0) => view.not_entered().min(place.chain.len() - 1),
        _ => 0,
    }
}

/// The frames of what is on a stack.
pub fn frames(entries: &[Entry]) -> impl Iterator<Item = &Frame> {
    entries.iter().filter_map(|entry| match entry {
        Entry::Frame(frame) => Some(frame),
        Entry::Host(_) | Entry::Omitted(_) => None,
    })
}

fn locals(frame: &wdb_debuggee::Frame, declared: &[(Option<String>, String)]) -> Vec<Local> {
    (0..)
        .zip(&frame.locals)
        .map(|(index, value)| {
            let known = declared.get(index as usize);
            Local {
                index: LocalIndex(index),
                name: known.and_then(|(name, _)| name.clone()),
                ty: known.map(|(_, ty)| ty.clone()),
                value: value.clone(),
            }
        })
        .collect()
}
