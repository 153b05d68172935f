//! Pages of a stack.

use super::support::{Fixtures, dump, modules, reading};
use wdb_debuggee::PostMortem;
use wdb_debuggee::coredump::HostFrame;
use wdb_examine::View;
use wdb_examine::frames::{self, Entry};

/// The pages of `length` frames, one after the other, and one more.
fn pages(view: &mut View<'_>, length: u32) -> Vec<Entry> {
    let count = view.frame_count(0);
    let starts = (0..=count).step_by(length as usize);
    let pages = starts.map(|start| frames::page(view, 0, start..start + length));
    pages.collect::<Vec<_>>().concat()
}

#[test]
fn the_pages_of_a_stack_are_the_whole() {
    for (name, module) in [
        ("c-div-zero.wasmtime", "c-div-zero"),
        ("c-variables.wasmtime", "c-variables"),
        ("rust-types.wasmtime", "rust-types"),
        ("cpp-types.wasmtime", "cpp-types"),
    ] {
        let mut debuggee = dump(name, module);
        let mut resolver = Fixtures::new(modules(module));
        let mut view = View::new(&mut debuggee, &mut resolver).unwrap();
        let whole = frames::entries(&mut view, 0);
        assert!(whole.len() > 1, "{name}");
        for length in [1, 2, 3, 7, 1_000] {
            assert_eq!(pages(&mut view, length), whole, "{name}: {length}");
        }
        let count = view.frame_count(0);
        for range in [
            count..u32::MAX,
            u32::MAX..u32::MAX,
            3..3,
            count + 7..count + 9,
        ] {
            assert_eq!(frames::page(&mut view, 0, range.clone()), [], "{range:?}");
        }
        assert_eq!(frames::page(&mut view, 9, 0..5), []);
        for entry in &whole {
            if let Entry::Frame(frame) = entry {
                assert_eq!(view.frame_numbered(0, frame.index), Some(frame.id));
                assert_eq!(view.frame_number(frame.id), frame.index);
                assert_eq!(frames::frame(&mut view, frame.id).as_ref(), Some(frame));
            }
        }
        assert_eq!(view.frame_numbered(0, count), None);
    }
}

/// Of an inlined function that the user has not entered yet there is no frame.
#[test]
fn functions_ahead_have_no_numbers() {
    let mut debuggee = dump("rust-types.wasmtime", "rust-types");
    let mut resolver = Fixtures::new(modules("rust-types"));
    let mut memo = wdb_examine::view::Memo::default();
    let count = View::over(&mut debuggee, &mut resolver, &mut memo).frame_count(0);
    let inlined = {
        let mut view = View::over(&mut debuggee, &mut resolver, &mut memo);
        view.place(wdb_examine::view::FrameId::default())
            .unwrap()
            .chain
            .len()
            - 1
    };
    memo.not_entered = inlined;
    let mut view = View::over(&mut debuggee, &mut resolver, &mut memo);
    assert_eq!(view.frame_count(0) as usize, count as usize - inlined);
    let whole = frames::entries(&mut view, 0);
    assert_eq!(pages(&mut view, 2), whole);
}

/// Host code belongs to the page of the frame that it is before.
#[test]
fn host_code_is_in_one_page() {
    let mut dump = reading("c-div-zero.wasmtime");
    let thread = &mut dump.dump.threads[0];
    let depth = thread.frames.len() as u32;
    thread.host_frames = [0, 1, 1, depth, depth + 3]
        .map(|before| HostFrame {
            before,
            name: format!("host {before}"),
        })
        .to_vec();
    let modules = modules("c-div-zero");
    let known = modules.iter().cloned().map(Some).collect();
    let mut debuggee = PostMortem::new(dump, known);
    let mut resolver = Fixtures::new(modules);
    let mut view = View::new(&mut debuggee, &mut resolver).unwrap();
    let whole = frames::entries(&mut view, 0);
    let hosts = |entries: &[Entry]| {
        entries
            .iter()
            .filter(|it| matches!(it, Entry::Host(_)))
            .count()
    };
    assert_eq!(hosts(&whole), 5);
    for length in [1, 2, 100] {
        assert_eq!(pages(&mut view, length), whole, "{length}");
    }
    assert_eq!(hosts(&frames::page(&mut view, 0, 0..1)), 1);
}

/// A page of a deep recursion is found without the frames before it.
#[test]
fn a_page_of_a_deep_stack_costs_a_page() {
    let mut dump = reading("c-div-zero.wasmtime");
    let frames = &mut dump.dump.threads[0].frames;
    let frame = frames[1].clone();
    frames.splice(1..1, vec![frame; 200_000]);
    let modules = modules("c-div-zero");
    let known = modules.iter().cloned().map(Some).collect();
    let mut debuggee = PostMortem::new(dump, known);
    let mut resolver = Fixtures::new(modules);
    let mut view = View::new(&mut debuggee, &mut resolver).unwrap();
    let count = view.frame_count(0);
    let begun = std::time::Instant::now();
    // Each of these would be found in the time of one of them if all frames were made.
    for start in (0..count).step_by(100) {
        assert_eq!(frames::page(&mut view, 0, start..start + 1).len(), 1);
    }
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}
