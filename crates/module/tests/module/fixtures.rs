//! Real programs: what we say about their functions is what wasmparser's own reader says.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use bytes::Bytes;
use wasmparser::{KnownCustom, Name, Parser, Payload};
use wdb_module::{Binary, FuncIndex, Module, Operator};

/// The unpacked modules and components in `fixtures/built`, by name.
fn fixtures() -> BTreeMap<String, Bytes> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/built");
    let files = std::fs::read_dir(&folder)
        .unwrap()
        .map(|f| f.unwrap().path());
    let fixtures: BTreeMap<_, _> = files
        .filter(|path| path.to_string_lossy().ends_with(".wasm.zst"))
        .map(|path| {
            let packed = std::fs::File::open(&path).unwrap();
            let bytes = zstd::decode_all(packed).unwrap();
            let name = path.file_name().unwrap().to_string_lossy();
            (name.into_owned(), Bytes::from(bytes))
        })
        .collect();
    assert!(!fixtures.is_empty(), "no fixtures in {}", folder.display());
    fixtures
}

/// What wasmparser says of one core module. Ranges count from the file's first byte.
#[derive(Debug, Default, PartialEq)]
struct Reference {
    module: Range<u64>,
    bodies: Vec<Range<u64>>,
    names: BTreeMap<u32, String>,
    locals: BTreeMap<(u32, u32), String>,
    custom: Vec<(String, Range<u64>)>,
}

fn wide(range: Range<usize>) -> Range<u64> {
    range.start as u64..range.end as u64
}

/// The core modules of a file in file order, in which they start.
fn reference(bytes: &[u8]) -> Vec<Reference> {
    // Of each module or component that is open: whether it is a module.
    let mut open = Vec::new();
    let mut modules: Vec<Reference> = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.unwrap();
        if let Payload::Version {
            encoding, range, ..
        } = &payload
        {
            open.push(*encoding == wasmparser::Encoding::Module);
            if open.last() == Some(&true) {
                let start = range.start as u64;
                modules.push(Reference {
                    module: start..start,
                    ..Reference::default()
                });
            }
            continue;
        }
        if let Payload::End(end) = payload {
            if open.pop() == Some(true) {
                modules.last_mut().unwrap().module.end = end as u64;
            }
            continue;
        }
        if open.last() != Some(&true) {
            continue;
        }
        let module = modules.last_mut().unwrap();
        match payload {
            Payload::CodeSectionEntry(body) => module.bodies.push(wide(body.range())),
            Payload::CustomSection(section) => {
                let end = section.range().end;
                let range = section.data_offset()..end;
                module.custom.push((section.name().to_owned(), wide(range)));
                if let KnownCustom::Name(subsections) = section.as_known() {
                    for name in subsections {
                        names(name.unwrap(), module);
                    }
                }
            }
            _ => {}
        }
    }
    modules
}

fn names(name: Name<'_>, module: &mut Reference) {
    match name {
        Name::Function(map) => {
            for naming in map {
                let naming = naming.unwrap();
                module.names.insert(naming.index, naming.name.to_owned());
            }
        }
        Name::Local(map) => {
            for function in map {
                let function = function.unwrap();
                for naming in function.names {
                    let naming = naming.unwrap();
                    let key = (function.index, naming.index);
                    module.locals.insert(key, naming.name.to_owned());
                }
            }
        }
        _ => {}
    }
}

/// The same from our side.
fn ours(module: &Module) -> Reference {
    let start = module.file_offset().0;
    let functions = (0..module.function_count()).map(FuncIndex);
    let mut locals = BTreeMap::new();
    for func in functions.clone() {
        for local in 0..module.locals(func).unwrap().len() as u32 {
            if let Some(name) = module.local_name(func, wdb_module::LocalIndex(local)) {
                locals.insert((func.0, local), name.to_owned());
            }
        }
    }
    Reference {
        module: start..start + module.bytes().len() as u64,
        bodies: functions
            .clone()
            .filter_map(|func| module.function(func).unwrap().body)
            .map(|body| module.to_file(body.start).0..module.to_file(body.end).0)
            .collect(),
        names: functions
            .filter_map(|func| Some((func.0, module.function_name(func)?.to_owned())))
            .collect(),
        locals,
        custom: module
            .custom_sections()
            .map(|(name, range)| (name.to_owned(), range.start.0..range.end.0))
            .collect(),
    }
}

#[test]
fn functions_and_names_are_what_wasmparser_reads() {
    for (name, bytes) in fixtures() {
        let binary = Binary::parse(bytes.clone()).unwrap();
        let reference = reference(&bytes);
        assert_eq!(binary.modules().len(), reference.len(), "{name}");
        for (module, reference) in binary.modules().iter().zip(&reference) {
            let ours = ours(module);
            assert!(
                ours == *reference,
                "{name}: {ours:#?} is not {reference:#?}"
            );
            assert_eq!(module.notes(), [], "{name}");
        }
    }
}

#[test]
fn every_instruction_of_every_function_is_read_to_its_end() {
    for (name, bytes) in fixtures() {
        for module in Binary::parse(bytes).unwrap().modules() {
            for func in (0..module.function_count()).map(FuncIndex) {
                let Some(body) = module.function(func).unwrap().body else {
                    continue;
                };
                let last = module.instructions(func).last().unwrap().unwrap();
                assert_eq!(last.1, Operator::End, "{name}, function {func}");
                assert_eq!(last.0.0 + 1, body.end.0, "{name}, function {func}");
            }
        }
    }
}

#[test]
fn accessors_agree_with_each_other() {
    for (name, bytes) in fixtures() {
        println!("{name}");
        wdb_module::fuzz::module(&bytes);
    }
}
