//! Which data segments a dump gets: the recorded runs, merged and split until every reader takes
//! them.

use std::ops::Range;

use crate::{CoreDump, Memory, MemoryId, MemorySource, Rest, WriteError};

/// wasmparser, and with it most readers, refuse a module with more than 100,000 data segments.
const MAX_SEGMENTS: usize = 100_000;

/// More runs than this are merged. What is left to the maximum is for runs that have to be split.
pub(crate) const MERGED_ABOVE: usize = 90_000;

/// No segment is longer: three fit into a section, whose size is a `u32`.
const MAX_LENGTH: u64 = 1 << 30;

/// A data segment to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) memory: MemoryId,
    pub(crate) range: Range<u64>,
}

/// The segments of all memories, in the order of memories and addresses.
pub(crate) fn plan(
    dump: &CoreDump,
    source: &mut dyn MemorySource,
) -> Result<Vec<Segment>, WriteError> {
    let mut segments = Vec::new();
    for (id, memory) in (0..).map(MemoryId).zip(&dump.memories) {
        let mut end = 0;
        for range in source.runs(id)? {
            if range.is_empty() || range.start < end || range.end > memory.shape.len() {
                return Err(WriteError::Invalid(format!(
                    "memory {}: the run {:#x}..{:#x} is empty, out of order, or outside of the memory",
                    id.0, range.start, range.end
                )));
            }
            end = range.end;
            segments.push(Segment { memory: id, range });
        }
    }
    let segments = merge(segments, &dump.memories, MERGED_ABOVE);
    // Splitting adds few: one for each GiB.
    let segments: Vec<_> = segments.into_iter().flat_map(split).collect();
    if segments.len() > MAX_SEGMENTS {
        return Err(WriteError::TooManySegments {
            count: segments.len(),
        });
    }
    Ok(segments)
}

/// Merges neighbours across the smallest gaps, as few as bring the number down to `limit`. A gap
/// must be known to be zero: otherwise the merged segment would say something that was not recorded.
fn merge(segments: Vec<Segment>, memories: &[Memory], limit: usize) -> Vec<Segment> {
    let Some(excess @ 1..) = segments.len().checked_sub(limit) else {
        return segments;
    };
    let gap = |left: &Segment, right: &Segment| {
        let rest = &memories.get(left.memory.position())?.contents.rest;
        let gap = left.range.end..right.range.start;
        (left.memory == right.memory && is_zero(rest, &gap)).then(|| gap.end - gap.start)
    };
    let mut gaps: Vec<u64> = segments
        .windows(2)
        .filter_map(|pair| gap(pair.first()?, pair.last()?))
        .collect();
    if gaps.is_empty() {
        return segments;
    }
    let needed = excess.min(gaps.len());
    let (smaller, &mut largest, _) = gaps.select_nth_unstable(needed - 1);
    // How many gaps of exactly the largest size to close.
    let mut ties = needed - smaller.iter().filter(|gap| **gap < largest).count();

    let mut merged: Vec<Segment> = Vec::with_capacity(limit);
    for segment in segments {
        if let Some(last) = merged.last_mut()
            && let Some(gap) = gap(last, &segment)
            && (gap < largest || (gap == largest && ties > 0))
        {
            if gap == largest {
                ties -= 1;
            }
            last.range.end = segment.range.end;
            continue;
        }
        merged.push(segment);
    }
    merged
}

/// Whether all bytes in a gap between runs are known to be zero.
fn is_zero(rest: &Rest, gap: &Range<u64>) -> bool {
    match rest {
        Rest::Unstated => gap.is_empty(),
        Rest::Zero => true,
        Rest::ZeroIn(ranges) => {
            let next = ranges.partition_point(|range| range.end < gap.end);
            gap.is_empty()
                || ranges
                    .get(next)
                    .is_some_and(|range| range.start <= gap.start)
        }
    }
}

fn split(segment: Segment) -> impl Iterator<Item = Segment> {
    let Segment { memory, range } = segment;
    let mut start = range.start;
    std::iter::from_fn(move || {
        let end = range.end.min(start.saturating_add(MAX_LENGTH));
        let piece = start..end;
        start = end;
        (!piece.is_empty()).then_some(Segment {
            memory,
            range: piece,
        })
    })
}

/// The longest front part of `sizes` whose sum is at most `limit`.
pub(crate) fn fitting(sizes: impl Iterator<Item = u64>, limit: u64) -> usize {
    sizes
        .scan(0_u64, |sum, size| {
            *sum = sum.saturating_add(size);
            (*sum <= limit).then_some(())
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Contents, MemoryShape};

    fn memory(rest: Rest) -> Memory {
        Memory {
            shape: MemoryShape {
                memory64: true,
                shared: false,
                page_size_log2: 16,
                pages: 1 << 20,
                maximum: None,
            },
            contents: Contents {
                runs: Vec::new(),
                rest,
            },
        }
    }

    fn segments(memory: u32, ranges: &[(u64, u64)]) -> Vec<Segment> {
        let segment = |(start, end): &(u64, u64)| Segment {
            memory: MemoryId(memory),
            range: *start..*end,
        };
        ranges.iter().map(segment).collect()
    }

    #[test]
    fn the_smallest_gaps_are_closed_and_no_more_than_needed() {
        let apart = segments(0, &[(0, 10), (20, 30), (35, 40), (45, 50), (90, 95)]);
        let memories = [memory(Rest::Zero)];
        assert_eq!(merge(apart.clone(), &memories, 5), apart);
        // Of two gaps of 5, one.
        let merged = segments(0, &[(0, 10), (20, 40), (45, 50), (90, 95)]);
        assert_eq!(merge(apart.clone(), &memories, 4), merged);
        let merged = segments(0, &[(0, 50), (90, 95)]);
        assert_eq!(merge(apart.clone(), &memories, 2), merged);
        assert_eq!(merge(apart, &memories, 1), segments(0, &[(0, 95)]));
    }

    #[test]
    fn a_gap_that_no_one_recorded_stays_open() {
        let apart = segments(0, &[(0, 10), (20, 30), (40, 50), (60, 70)]);
        assert_eq!(merge(apart.clone(), &[memory(Rest::Unstated)], 1), apart);
        let part = Rest::ZeroIn(vec![0..15, 15..35, 38..60]);
        let merged = segments(0, &[(0, 10), (20, 30), (40, 70)]);
        assert_eq!(merge(apart, &[memory(part)], 1), merged);
    }

    #[test]
    fn memories_stay_apart() {
        let mut apart = segments(0, &[(0, 10), (30, 40)]);
        apart.extend(segments(1, &[(40, 50), (52, 60)]));
        let memories = [memory(Rest::Zero), memory(Rest::Zero)];
        let mut merged = segments(0, &[(0, 40)]);
        merged.extend(segments(1, &[(40, 60)]));
        assert_eq!(merge(apart, &memories, 1), merged);
    }

    #[test]
    fn long_runs_are_split() {
        let [whole] = &segments(0, &[(5, 5 + (5 << 30))])[..] else {
            panic!()
        };
        let pieces: Vec<_> = split(whole.clone()).map(|piece| piece.range).collect();
        assert_eq!(pieces.len(), 5);
        assert!(
            pieces
                .iter()
                .all(|piece| piece.end - piece.start == 1 << 30)
        );
        assert!(pieces.is_sorted_by(|a, b| a.end == b.start));
    }
}
