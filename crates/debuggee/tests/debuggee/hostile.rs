//! Modules and dumps that were damaged on purpose: no panic, and an end.

use std::path::Path;

use wdb_coredump::{Base, Dialect, GlobalId, InstanceId, Slot, Value};
use wdb_debuggee::{Debuggee, PostMortem, fuzz};
use wdb_module::{Binary, FuncIndex};

fn unpacked(path: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures")
        .join(path);
    let packed = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    zstd::decode_all(&packed[..]).unwrap()
}

/// The generator `splitmix64`.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % limit as u64) as usize
    }

    /// Changes some bytes of `range`, mostly to those of instructions.
    fn damage(&mut self, bytes: &mut [u8], range: std::ops::Range<usize>) {
        for _ in 0..=self.below(8) {
            let at = range.start + self.below(range.len());
            bytes[at] = match self.below(4) {
                // Control flow, variables.
                0 => self.below(0x12) as u8,
                1 => 0x20 + self.below(5) as u8,
                // Arithmetic.
                2 => 0x6a + self.below(0x20) as u8,
                _ => self.below(256) as u8,
            };
        }
    }
}

/// The code section of a module.
fn code(bytes: &[u8]) -> std::ops::Range<usize> {
    let binary = Binary::parse(bytes.to_vec().into()).unwrap();
    let range = binary.modules()[0].code_section().unwrap();
    range.start.0 as usize..range.end.0 as usize
}

#[test]
fn code_of_every_kind_is_followed() {
    for name in [
        "wat-gc",
        "wat-exception",
        "wat-tail-call",
        "wat-memory64",
        "wat-multi-value",
        "wat-traps",
        "cpp-exception",
        "rust-overflow",
    ] {
        let bytes = unpacked(&format!("built/{name}.wasm.zst"));
        fuzz::code(&bytes);
    }
}

#[test]
fn damaged_code_is_followed_as_far_as_it_goes() {
    let mut random = Random(1);
    for name in ["wat-gc", "wat-exception", "wat-traps", "c-null-read"] {
        let bytes = unpacked(&format!("built/{name}.wasm.zst"));
        let code = code(&bytes);
        let count = if bytes.len() > 10_000 { 30 } else { 1000 };
        for _ in 0..count {
            let mut damaged = bytes.clone();
            random.damage(&mut damaged, code.clone());
            fuzz::code(&damaged);
        }
    }
}

#[test]
fn damaged_stacks_are_walked() {
    let mut random = Random(2);
    let bytes = unpacked("built/c-div-zero.wasm.zst");
    let dump = unpacked("dumps/c-div-zero.wasmtime.core.zst");
    let code = code(&bytes);
    for _ in 0..300 {
        let mut reading = wdb_coredump::read(dump.clone().into()).unwrap();
        let mut damaged = bytes.clone();
        if random.below(2) == 0 {
            random.damage(&mut damaged, code.clone());
        }
        let frames = &mut reading.dump.threads[0].frames;
        for _ in 0..random.below(4) {
            let at = random.below(frames.len());
            match random.below(5) {
                0 => frames[at].codeoffset = random.below(400) as u32,
                1 => frames[at].func = FuncIndex(random.below(100) as u32),
                2 => frames[at].instance = InstanceId(random.below(3) as u32),
                3 => frames.swap(0, at),
                _ => {
                    let frame = frames[at].clone();
                    frames.resize(frames.len() + random.below(50), frame);
                }
            }
        }
        for global in &mut reading.dump.globals {
            if random.below(8) == 0 {
                let value = random.below(usize::MAX) as i64;
                global.value = Slot::Known(match random.below(2) {
                    0 => Value::I32(value as i32),
                    _ => Value::I64(value),
                });
            }
        }
        for global in &mut reading.dump.instances[0].globals {
            if random.below(8) == 0 {
                *global = Some(GlobalId(random.below(4) as u32));
            }
        }
        if random.below(4) == 0 {
            let again = reading.dump.threads[0].clone();
            reading.dump.threads.push(again);
        }
        reading.dialect = [Dialect::Wasmtime, Dialect::Wdb, Dialect::Wasmer][random.below(3)];
        reading.base = Base::Body;
        let binary = Binary::parse(damaged.into()).unwrap();
        let module = binary.modules().first().cloned();
        PostMortem::new(reading, vec![module]).threads().unwrap();
    }
}
