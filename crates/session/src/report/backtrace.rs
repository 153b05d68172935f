//! From the frames of a thread to the frames that the source has.

use wdb_module::LocalIndex;

use super::{Entry, Frame, Local};
use crate::stop::{FrameId, Stop};

/// A report holds as many frames of a thread from the young end of its stack, and from the old one. An
/// engine's own limits are below the sum, unless somebody raised them; a hostile dump has millions.
const YOUNG: usize = 80_000;
const OLD: usize = 20_000;

/// What is on the stack of a thread, youngest first.
pub(super) fn entries(stop: &mut Stop<'_>, thread: usize) -> Vec<Entry> {
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
        let mut id = FrameId {
            thread,
            activation,
            inlined: 0,
        };
        let (Some(place), Some(frame)) = (stop.place(id), stop.frame(id)) else {
            continue;
        };
        for (depth, spot) in place.chain.iter().enumerate() {
            let inlined = depth + 1 < place.chain.len();
            id.inlined = depth;
            entries.push(Entry::Frame(Frame {
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
            }));
            index += 1;
        }
    }
    entries.extend(hosts.map(|host| Entry::Host(host.name)));
    entries
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
