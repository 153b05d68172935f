//! From the frames of a thread to the frames that the source has.

use wdb_module::LocalIndex;

use super::{Entry, Frame, Local};
use crate::stop::{FrameId, Stop};

/// A report holds as many frames of a thread from the young end of its stack, and from the old one. An
/// engine's own limits are below the sum, unless somebody raised them; a hostile dump has millions.
const YOUNG: usize = 80_000;
const OLD: usize = 20_000;

/// What is on the stack of a thread, youngest first.
pub(crate) fn entries(stop: &mut Stop<'_>, thread: usize) -> Vec<Entry> {
    let mut entries = Vec::new();
    let threads = stop.threads();
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
        let frames = of_activation(stop, thread, activation, index);
        index += u32::try_from(frames.len()).unwrap_or(0);
        entries.extend(frames.into_iter().map(Entry::Frame));
    }
    entries.extend(hosts.map(|host| Entry::Host(host.name)));
    entries
}

/// The frame of this id.
pub(crate) fn frame(stop: &mut Stop<'_>, id: FrameId) -> Option<Frame> {
    let number = stop.frame_number(id);
    let youngest = FrameId { inlined: 0, ..id };
    let first = stop.frame_number(youngest);
    let frames = of_activation(stop, id.thread, id.activation, first);
    frames
        .into_iter()
        .find(|it| it.id == id && it.index == number)
}

/// The frames of an activation: the functions that were inlined where it stands, and itself. `index` is the
/// number of the first.
fn of_activation(stop: &mut Stop<'_>, thread: usize, activation: usize, index: u32) -> Vec<Frame> {
    let mut id = FrameId {
        thread,
        activation,
        inlined: 0,
    };
    let (Some(place), Some(frame)) = (stop.place(id), stop.frame(id)) else {
        return Vec::new();
    };
    // Those that the program has not entered, as the user steps.
    let ahead = if thread == 0 && activation == 0 {
        stop.ahead().min(place.chain.len() - 1)
    } else {
        0
    };
    let mut frames = Vec::new();
    for ((depth, spot), index) in place.chain.iter().enumerate().skip(ahead).zip(index..) {
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

fn locals(frame: &wdb_target::Frame, declared: &[(Option<String>, String)]) -> Vec<Local> {
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
