//! What must hold for any bytes: for the fuzz target and, seeded, for the ordinary tests.

use bytes::Bytes;

use crate::segments::MERGED_ABOVE;
use crate::{WriteError, find_base, read, refine, validate, write};

/// Reads `data` as a dump. If it is one, whatever was read can be used without its modules, be
/// written, and is then read back equal, without notes.
///
/// # Panics
///
/// When one of these does not hold.
pub fn dump(data: &[u8]) {
    let file = Bytes::copy_from_slice(data);
    validate(&file, &[]);
    let Ok(mut reading) = read(file) else { return };
    let modules = vec![None; reading.dump.modules.len()];
    assert_eq!(find_base(&reading, &modules), (reading.base, None));
    refine(&mut reading, &modules);

    let mut written = Vec::new();
    match write(&reading.dump, &mut written) {
        Ok(()) => {}
        // Nothing is known of the bytes between the runs, so that they cannot be merged.
        Err(WriteError::TooManySegments { .. }) => return,
        Err(error) => panic!("what was read cannot be written: {error}"),
    }
    let written = Bytes::from(written);
    match read(written.clone()) {
        Ok(again) => {
            let memories = reading.dump.memories.iter();
            let runs: usize = memories.map(|memory| memory.contents.runs.len()).sum();
            if runs <= MERGED_ABOVE {
                assert_eq!(again.dump, reading.dump);
            }
            assert_eq!(again.notes, []);
        }
        Err(error) => panic!("what was written cannot be read: {error}"),
    }
}
