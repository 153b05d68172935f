//! Whatever the bytes: no panic, and what is whole is kept.

use crate::support::model;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use wdb_coredump::*;

fn written(dump: &CoreDump) -> Vec<u8> {
    let mut out = Vec::new();
    write(dump, &mut out).unwrap();
    out
}

/// Dumps of every shape, the same ones in every run.
fn samples(count: usize) -> Vec<CoreDump> {
    let mut runner = TestRunner::deterministic();
    let strategy = model::dump();
    (0..count)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect()
}

#[test]
fn a_dump_cut_off_anywhere_keeps_what_is_whole() {
    for dump in samples(8) {
        let bytes = written(&dump);
        let mut best = 0;
        for end in 0..bytes.len() {
            fuzz::dump(&bytes[..end]);
            let Ok(reading) = read(bytes[..end].to_vec().into()) else {
                continue;
            };
            let threads = &reading.dump.threads;
            let frames: usize = threads.iter().map(|thread| thread.frames.len()).sum();
            assert!(frames >= best, "fewer frames of more bytes");
            best = frames;
            for (cut, whole) in threads.iter().zip(&dump.threads) {
                for (cut, whole) in cut.frames.iter().zip(&whole.frames) {
                    assert_eq!((cut.func, cut.codeoffset), (whole.func, whole.codeoffset));
                }
            }
            let sections_end = reading.dump.process == dump.process;
            assert!(
                !reading.notes.is_empty()
                    || sections_end
                    || end + 200 > bytes.len()
                    || ends_a_section(&bytes, end)
            );
        }
        assert_eq!(
            best,
            dump.threads
                .iter()
                .map(|thread| thread.frames.len())
                .sum::<usize>()
        );
    }
}

/// Whether a file that ends at `end` ends between two sections: nothing then shows that it is cut.
fn ends_a_section(bytes: &[u8], end: usize) -> bool {
    let sections = wasmparser::Parser::new(0)
        .parse_all(bytes)
        .map_while(Result::ok);
    let mut ends = sections
        .filter_map(|payload| payload.as_section())
        .map(|(_, range)| range.end);
    end == 8 || ends.any(|section| section == end)
}

#[test]
fn a_dump_with_any_byte_changed_does_no_harm() {
    for dump in samples(4) {
        let bytes = written(&dump);
        for at in 0..bytes.len() {
            for change in [0x01, 0x80, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] ^= change;
                fuzz::dump(&bytes);
            }
        }
    }
}

proptest! {
    #[test]
    fn sections_of_any_bytes_do_no_harm(
        sections in proptest::collection::vec(
            (
                proptest::sample::select(vec![
                    "core", "coremodules", "coreinstances", "corestack", "wdb.process", "wdb.crash",
                    "wdb.capture", "wdb.modules", "wdb.hostframes", "wdb.values", "wdb.globals",
                    "wdb.memories", "wdb.tables", "wdb.data", "wdb.other", "5", "6", "11",
                ]),
                any::<bool>(),
                proptest::collection::vec(prop_oneof![0..4_u8, Just(0x7f), Just(0xff), any::<u8>()], 0..40),
            ),
            0..8,
        ),
    ) {
        let mut file = b"\0asm\x01\0\0\0\0\x07\x04core\0\0".to_vec();
        for (name, versioned, bytes) in sections {
            let mut payload = Vec::new();
            let id = name.parse().unwrap_or(0);
            if id == 0 {
                payload.push(name.len() as u8);
                payload.extend(name.as_bytes());
            }
            payload.extend(versioned.then_some(1));
            payload.extend(bytes);
            file.extend([id, payload.len() as u8]);
            file.extend(payload);
        }
        fuzz::dump(&file);
    }

    #[test]
    fn any_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        fuzz::dump(&bytes);
    }
}

/// Counts that no file can hold, in every place that has one.
#[test]
fn counts_without_bytes_reserve_no_memory() {
    let huge = [0xff, 0xff, 0xff, 0xff, 0x0f];
    for name in [
        "coremodules",
        "coreinstances",
        "corestack",
        "wdb.tables",
        "wdb.values",
        "wdb.data",
    ] {
        let lead: &[u8] = match name {
            "corestack" => b"\0\x04main",
            "wdb.tables" | "wdb.values" | "wdb.data" => b"\x01",
            _ => b"",
        };
        let mut file = b"\0asm\x01\0\0\0\0\x07\x04core\0\0".to_vec();
        let size = 1 + name.len() + lead.len() + huge.len();
        file.extend([0, size as u8, name.len() as u8]);
        file.extend(name.as_bytes());
        file.extend(lead);
        file.extend(huge);
        fuzz::dump(&file);
        let reading = read(file.into()).unwrap();
        let damaged = |note: &Note| {
            let message = &note.message;
            message.contains("unexpected end-of-file") || message.contains("says it has 4294967295")
        };
        assert!(
            reading.notes.iter().any(damaged),
            "{name}: {:?}",
            reading.notes
        );
    }
}

/// A memory of 16 exabytes is a few bytes of a dump.
#[test]
fn sizes_without_bytes_reserve_no_memory() {
    let file = b"\0asm\x01\0\0\0\0\x07\x04core\0\0\x05\x0c\x01\x04\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    let reading = read(file.to_vec().into()).unwrap();
    assert_eq!(reading.dump.memories[0].shape.pages, 1 << 48);
    assert_eq!(reading.dump.memories[0].contents.runs, []);
    fuzz::dump(file);
}

/// Work that grows with the square of the sections or segments would not end in a minute.
#[test]
fn many_small_parts_take_time_in_proportion() {
    let mut file = b"\0asm\x01\0\0\0".to_vec();
    for _ in 0..100_000 {
        file.extend(b"\0\x10\x09corestack\0\x00\x01\0\0\0");
        file.extend(b"\0\x07\x04core\0\0");
    }
    // Segments that all overlap, and shrink: each lies inside of the one before.
    let mut data = Vec::new();
    for at in 0..50_000_u32 {
        data.extend([
            0,
            0x41,
            0x80 | at as u8,
            0x80 | (at >> 7) as u8,
            (at >> 14) as u8 & 0x3f,
            0x0b,
            1,
            7,
        ]);
    }
    file.extend(b"\x05\x04\x01\x00\xff\x01");
    let count = [0xd0, 0x86, 0x03];
    let size = (data.len() + count.len()) as u32;
    file.push(11);
    file.extend([
        size as u8 | 0x80,
        (size >> 7) as u8 | 0x80,
        (size >> 14) as u8,
    ]);
    file.extend(count);
    file.extend(data);
    let start = std::time::Instant::now();
    let reading = read(file.clone().into()).unwrap();
    assert_eq!(reading.dump.memories[0].contents.runs.len(), 50_000);
    validate(&file.into(), &[]);
    assert!(
        start.elapsed() < std::time::Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
}

fn leb(mut number: u32) -> Vec<u8> {
    let mut out = Vec::new();
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
    out
}

fn custom(name: &str, payload: &[u8]) -> Vec<u8> {
    let mut body = leb(name.len() as u32);
    body.extend(name.as_bytes());
    body.extend(payload);
    [vec![0], leb(body.len() as u32), body].concat()
}

/// A dump with one thread of that name.
fn one_thread(name: &str, count: u32, frames: &[u8]) -> Vec<u8> {
    let stack = [
        &[0],
        &leb(name.len() as u32)[..],
        name.as_bytes(),
        &leb(count),
        frames,
    ]
    .concat();
    let sections = [
        custom("core", b"\0\0"),
        custom("coremodules", b"\x01\0\x01m"),
        custom("coreinstances", b"\x01\0\0\0\0"),
        custom("corestack", &stack),
    ];
    [&b"\0asm\x01\0\0\0"[..], &sections.concat()].concat()
}

/// A frame of the first function with locals that are missing, a byte each.
fn frame_of_missing(locals: u32) -> Vec<u8> {
    [
        &b"\0\0\0\0"[..],
        &leb(locals),
        &vec![1; locals as usize],
        b"\0",
    ]
    .concat()
}

/// A value that is missing is a byte of the file and fifty of memory.
#[test]
fn more_values_than_a_program_has_are_not_kept() {
    let values = |file: Vec<u8>| {
        let reading = read(file.into()).unwrap();
        let frames = reading.dump.threads.iter().flat_map(|it| &it.frames);
        let kept: Vec<usize> = frames.map(|frame| frame.locals.len()).collect();
        let note = reading
            .notes
            .iter()
            .map(ToString::to_string)
            .find(|it| it.contains("values"));
        (kept, note.unwrap_or_default())
    };
    assert_eq!(
        values(one_thread("main", 1, &frame_of_missing(50_000))),
        (vec![50_000], String::new())
    );
    assert_eq!(
        values(one_thread("main", 1, &frame_of_missing(50_001))),
        (
            vec![50_000],
            "left out 1 values of frames: more than any program has".to_owned()
        )
    );
    let (kept, note) = values(one_thread(
        "main",
        100,
        &frame_of_missing(50_000).repeat(100),
    ));
    assert_eq!(kept.len(), 100);
    assert_eq!(kept.iter().sum::<usize>(), 250_000);
    assert_eq!(
        note,
        "left out 4750000 values of frames: more than any program has"
    );
}

/// A note is made only if it is kept, and has a part of the name only.
#[test]
fn long_names_in_many_notes_cost_little() {
    let name = "A".repeat(1 << 20);
    let file = one_thread(&name, 200_000, &b"\0\x01\x05\x09\0\0".repeat(200_000));
    let start = std::time::Instant::now();
    let reading = read(file.clone().into()).unwrap();
    assert_eq!(reading.notes.len(), 51);
    assert!(reading.notes.iter().all(|note| note.message.len() < 300));
    validate(&file.into(), &[]);
    assert!(
        start.elapsed() < std::time::Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
}

/// Two bytes list a module, three a memory, four an instance.
#[test]
fn more_parts_than_a_program_has_are_not_kept() {
    let many = |one: &[u8]| [&leb(150_000)[..], &one.repeat(150_000)].concat();
    let memories = many(b"\0\0");
    let sections = [
        custom("core", b"\0\0"),
        custom("coremodules", &many(b"\0\0")),
        custom("coreinstances", &many(b"\0\0\0\0")),
        [vec![5], leb(memories.len() as u32), memories].concat(),
    ];
    let file = [&b"\0asm\x01\0\0\0"[..], &sections.concat()].concat();
    let reading = read(file.clone().into()).unwrap();
    let dump = &reading.dump;
    let kept = [
        dump.modules.len(),
        dump.instances.len(),
        dump.memories.len(),
    ];
    assert_eq!(kept, [20_000; 3]);
    assert_eq!(reading.notes.len(), 3, "{:?}", reading.notes);
    fuzz::dump(&file);
}
