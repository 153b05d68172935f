//! Reading from the sparse memory of a dump.

use std::ops::Range;

use wdb_coredump::{Contents, Rest, Run};

use crate::{Certainty, Error};

/// The addresses of a run.
pub(crate) fn range(run: &Run) -> Range<u64> {
    run.address..run.address.saturating_add(run.bytes.len() as u64)
}

/// Fills `buffer` with the bytes of `wanted`, which lies inside the memory and is as long.
pub(crate) fn read(
    contents: &Contents,
    wanted: Range<u64>,
    buffer: &mut [u8],
) -> Result<Certainty, Error> {
    buffer.fill(0);
    let mut certainty = Certainty::Known;
    let mut at = wanted.start;
    let first = contents
        .runs
        .partition_point(|run| range(run).end <= wanted.start);
    for run in contents.runs.iter().skip(first) {
        let addresses = range(run);
        if addresses.start >= wanted.end {
            break;
        }
        let start = addresses.start.max(wanted.start);
        let end = addresses.end.min(wanted.end);
        certainty = certainty.max(gap(&contents.rest, at..start)?);
        let from = part(&run.bytes, start - addresses.start, end - start);
        let to = part_mut(buffer, start - wanted.start, end - start);
        if let (Some(from), Some(to)) = (from, to) {
            to.copy_from_slice(from);
        }
        at = end;
    }
    Ok(certainty.max(gap(&contents.rest, at..wanted.end)?))
}

fn part(bytes: &[u8], start: u64, length: u64) -> Option<&[u8]> {
    let start = usize::try_from(start).ok()?;
    bytes.get(start..start.checked_add(usize::try_from(length).ok()?)?)
}

fn part_mut(bytes: &mut [u8], start: u64, length: u64) -> Option<&mut [u8]> {
    let start = usize::try_from(start).ok()?;
    bytes.get_mut(start..start.checked_add(usize::try_from(length).ok()?)?)
}

/// How sure it is that the bytes of `gap`, which are in no run, are zero.
fn gap(rest: &Rest, gap: Range<u64>) -> Result<Certainty, Error> {
    if gap.start >= gap.end {
        return Ok(Certainty::Known);
    }
    match rest {
        Rest::Zero => Ok(Certainty::Known),
        Rest::Unstated => Ok(Certainty::AssumedZero),
        Rest::ZeroIn(zero) => {
            let mut at = gap.start;
            let first = zero.partition_point(|range| range.end <= at);
            for range in zero.get(first..).unwrap_or_default() {
                if range.start > at || at >= gap.end {
                    break;
                }
                at = range.end;
            }
            if at >= gap.end {
                Ok(Certainty::Known)
            } else {
                Err(Error::Absent { address: at })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(rest: Rest) -> Contents {
        let run = |address, bytes: &'static [u8]| Run {
            address,
            bytes: bytes.into(),
        };
        Contents {
            runs: vec![run(4, b"abcd"), run(8, b"ef"), run(20, b"xyz")],
            rest,
        }
    }

    fn bytes(rest: Rest, wanted: Range<u64>) -> Result<(Certainty, Vec<u8>), Error> {
        let mut buffer = vec![0xaa; (wanted.end - wanted.start) as usize];
        read(&contents(rest), wanted, &mut buffer).map(|certainty| (certainty, buffer))
    }

    #[test]
    fn bytes_of_touching_runs_are_known() {
        let (certainty, found) = bytes(Rest::Unstated, 5..10).unwrap();
        assert_eq!((certainty, &found[..]), (Certainty::Known, &b"bcdef"[..]));
        let (certainty, found) = bytes(Rest::Unstated, 6..6).unwrap();
        assert_eq!((certainty, found.len()), (Certainty::Known, 0));
    }

    #[test]
    fn a_gap_is_zero_assumed_zero_or_absent() {
        let (certainty, found) = bytes(Rest::Zero, 8..22).unwrap();
        assert_eq!(certainty, Certainty::Known);
        assert_eq!(found, b"ef\0\0\0\0\0\0\0\0\0\0xy");
        assert_eq!(
            bytes(Rest::Unstated, 0..5).unwrap().0,
            Certainty::AssumedZero
        );
        let zero = || Rest::ZeroIn(vec![0..4, 10..15, 15..18]);
        assert_eq!(bytes(zero(), 0..18).unwrap().0, Certainty::Known);
        let absent = bytes(zero(), 12..21).unwrap_err();
        assert!(matches!(absent, Error::Absent { address: 18 }), "{absent}");
    }

    /// A walk through all ranges for each gap would not end in a minute.
    #[test]
    fn many_gaps_and_ranges_take_time_in_proportion() {
        let count = 200_000;
        let runs = (0..count).map(|at| Run {
            address: at * 4,
            bytes: b"x"[..].into(),
        });
        let zero = (0..count).map(|at| at * 4 + 1..at * 4 + 4).collect();
        let contents = Contents {
            runs: runs.collect(),
            rest: Rest::ZeroIn(zero),
        };
        let start = std::time::Instant::now();
        let mut buffer = vec![1; count as usize * 4];
        let certainty = read(&contents, 0..count * 4, &mut buffer);
        assert_eq!(certainty.unwrap(), Certainty::Known);
        assert!(buffer.chunks(4).all(|it| it == b"x\0\0\0"));
        assert!(start.elapsed() < std::time::Duration::from_secs(10));
    }
}
