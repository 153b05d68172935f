//! The frames of one C stack, solved: the stack pointer at the entry of each.

use std::ops::RangeInclusive;
use std::rc::Rc;

use super::interpret::State;
use super::symbolic::{ALIGNMENT, Base, Width};

/// The frames of a thread that work on the same C stack, innermost first.
#[derive(Debug, Default)]
pub(super) struct Chain {
    pub(super) links: Vec<Link>,
    /// How many frames had been met that may have moved the pointer in unknown ways when the last link
    /// was added.
    pub(super) breaks: usize,
}

/// A frame in a chain.
#[derive(Debug)]
pub(super) struct Link {
    /// Its position in the thread.
    pub(super) frame: usize,
    /// Whether the pointer here is what it was at the entry of the next inner link, or for the innermost
    /// the current one.
    pub(super) connected: bool,
    /// What its function has done until its place.
    pub(super) state: Option<Rc<State>>,
}

/// What is known of a C stack itself.
#[derive(Clone, Debug)]
pub(super) struct Ends {
    pub(super) width: Width,
    /// Where the pointer is now.
    pub(super) current: Option<i64>,
    /// Where it was when the program was entered, if the outermost link is of the function that was
    /// entered.
    pub(super) initial: Option<i64>,
    /// Where it may be when a function is entered.
    pub(super) range: RangeInclusive<u64>,
}

/// What is known of the stack pointer in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KnownPointer {
    /// At the entry of the function.
    pub(super) entry: Option<i64>,
    /// At the frame's place.
    pub(super) pointer: Option<i64>,
}

impl Chain {
    /// The pointer in each link, as far as it can be known: from the current pointer towards the outer
    /// frames, and from the initial one towards the inner. `None` when that contradicts itself or what a C
    /// stack is: then something that was relied on does not hold.
    pub(super) fn solve(&self, ends: &Ends) -> Option<Vec<KnownPointer>> {
        let width = ends.width;
        let mut solved = Vec::with_capacity(self.links.len());
        let mut above = ends.current;
        for link in &self.links {
            let pointer = above.filter(|_| link.connected);
            let entry = pointer.and_then(|pointer| link.entry(pointer, width));
            solved.push(KnownPointer { entry, pointer });
            above = entry;
        }
        let mut below = ends.initial;
        for (link, known) in self.links.iter().zip(&mut solved).rev() {
            let entry = below.or(known.entry);
            let pointer = link.pointer(entry, width).or(known.pointer);
            if known.entry.is_some_and(|known| Some(known) != entry)
                || known.pointer.is_some_and(|known| Some(known) != pointer)
            {
                return None;
            }
            *known = KnownPointer { entry, pointer };
            // Of a frame whose entry is not known nothing comes down that has not gone up.
            below = pointer.filter(|_| link.connected && entry.is_some());
        }
        self.holds(&solved, ends).then_some(solved)
    }

    /// Whether these are the frames of a stack: aligned, growing towards the outer ones, ending within the
    /// range. The innermost may lie below the range: the stack has overflowed then.
    fn holds(&self, solved: &[KnownPointer], ends: &Ends) -> bool {
        let mut bottom = *ends.range.start();
        for (position, (link, known)) in self.links.iter().zip(solved).enumerate() {
            if known.pointer.is_some_and(|pointer| !link.aligned(pointer)) {
                return false;
            }
            let Some(entry) = known.entry else {
                continue;
            };
            let size = known.pointer.map(|pointer| entry.wrapping_sub(pointer));
            if entry & (ALIGNMENT - 1) != 0 || size.is_some_and(|size| ends.width.wrap(size) < 0) {
                return false;
            }
            // Where the distance to the next outer frame is not known, the entry itself must do.
            let goes_on = self
                .links
                .get(position + 1)
                .zip(solved.get(position + 1))
                .is_some_and(|(outer, known)| outer.connected && known.entry.is_some());
            if !goes_on {
                let address = ends.width.address(entry);
                if address < bottom || !ends.range.contains(&address) {
                    return false;
                }
                bottom = address;
            }
        }
        true
    }
}

impl Link {
    /// The pointer at the function's entry, given the one at the link's place.
    fn entry(&self, pointer: i64, width: Width) -> Option<i64> {
        let here = self.state.as_ref()?.pointer?;
        // Of an aligned pointer it is not known how far down it was aligned.
        (here.base == Base::Entry).then(|| width.wrap(pointer.wrapping_sub(here.offset)))
    }

    /// The pointer at the link's place, given the one at the function's entry.
    fn pointer(&self, entry: Option<i64>, width: Width) -> Option<i64> {
        self.state.as_ref()?.pointer?.at(entry, &[], width)
    }

    /// Whether the pointer at the link's place is aligned as the code has aligned it.
    fn aligned(&self, pointer: i64) -> bool {
        match self.state.as_ref().and_then(|state| state.pointer) {
            Some(here) => match here.base {
                Base::Aligned { mask, .. } => pointer.wrapping_sub(here.offset) & !mask == 0,
                _ => true,
            },
            None => true,
        }
    }
}
