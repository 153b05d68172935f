//! A guest with more debug information than any real one: units of C, written here and compiled by
//! clang as any program is.
//!
//! What a unit holds is in proportion what large programs hold: structures, most of them of its own
//! and some in a header of all units; functions with parameters, locals, scopes and line tables;
//! names that say something, and so are long.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, ensure};

/// What one unit adds at least to the `.debug_` sections of the linked module, measured with clang 22.
const KILOBYTES_OF_UNIT: u64 = 1450;

const STRUCTURES: usize = 3000;
const FUNCTIONS: usize = 300;
/// In the header, and so described again in each unit.
const SHARED_STRUCTURES: usize = 300;

/// The units that the crash has a frame of.
const FRAMES: usize = 12;

const CLANG: [&str; 7] = [
    "--target=wasm32-wasi",
    "-Wno-deprecated",
    "-I/usr/include/wasm32-wasi",
    "-L/usr/lib/wasm32-wasi",
    "-O0",
    "-g",
    "-fdebug-compilation-dir=/src",
];

/// Words for names, each with a number of its own behind it.
const WORDS: [&str; 16] = [
    "account",
    "ledger",
    "invoice",
    "shipment",
    "customer",
    "warehouse",
    "discount",
    "currency",
    "contract",
    "delivery",
    "supplier",
    "payment",
    "inventory",
    "schedule",
    "position",
    "quantity",
];

/// Makes `large.wasm` in the directory, with at least this many megabytes of debug information. It
/// divides by zero, twelve calls deep, each in another unit.
pub(super) fn module(directory: &Path, megabytes: u64) -> Result<PathBuf> {
    let units = (megabytes * 1000).div_ceil(KILOBYTES_OF_UNIT);
    let units = usize::try_from(units)?.max(FRAMES);
    fs::write(directory.join("shared.h"), header())?;
    let next = AtomicUsize::new(0);
    let compiler = || {
        loop {
            let unit = next.fetch_add(1, Ordering::Relaxed);
            if unit >= units {
                return Ok(());
            }
            fs::write(directory.join(format!("unit{unit}.c")), source(unit, units))?;
            clang(directory, &["-c", &format!("unit{unit}.c")])?;
        }
    };
    let cores = std::thread::available_parallelism()?.get();
    std::thread::scope(|scope| {
        let compilers: Vec<_> = (0..cores).map(|_| scope.spawn(compiler)).collect();
        compilers.into_iter().try_for_each(|compiler| {
            let compiled = compiler.join();
            compiled.unwrap_or_else(|_| anyhow::bail!("a compiler panicked"))
        })
    })?;
    let objects: Vec<String> = (0..units).map(|unit| format!("unit{unit}.o")).collect();
    // All of it stays, though the crash needs next to nothing.
    let mut args = vec!["-o", "large.wasm", "-Wl,--no-gc-sections"];
    args.extend(objects.iter().map(String::as_str));
    clang(directory, &args)?;
    for unit in 0..units {
        fs::remove_file(directory.join(format!("unit{unit}.o")))?;
        fs::remove_file(directory.join(format!("unit{unit}.c")))?;
    }
    Ok(directory.join("large.wasm"))
}

fn clang(directory: &Path, args: &[&str]) -> Result<()> {
    let output = Command::new("clang-22")
        .args(CLANG)
        .args(args)
        .current_dir(directory)
        .output()
        .context("cannot run clang-22: apt-get install clang-22 lld-22 wasi-libc")?;
    ensure!(
        output.status.success(),
        "clang-22 ended with {}:\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// A name of two words, which nothing else has that has another number.
fn name(number: usize) -> String {
    let word = |number: usize| WORDS[number % WORDS.len()];
    format!("{}_{}_{number}", word(number), word(number / WORDS.len()))
}

fn header() -> String {
    let mut text = String::from("#include <stddef.h>\n");
    for at in 0..SHARED_STRUCTURES {
        structure(&mut text, "shared", at, 0);
    }
    text
}

/// A structure that points to the one before it and has the one before that in it.
fn structure(text: &mut String, prefix: &str, at: usize, salt: usize) {
    let _ = writeln!(text, "struct {prefix}_{} {{", name(at));
    for member in 0..10 {
        let member_name = name(salt + at * 10 + member);
        let _ = match member {
            0 | 4 => writeln!(text, "  int {member_name};"),
            1 => writeln!(text, "  const char *{member_name};"),
            2 => writeln!(text, "  double {member_name};"),
            3 if at > 0 => writeln!(text, "  struct {prefix}_{} *{member_name};", name(at - 1)),
            5 => writeln!(text, "  unsigned char {member_name}[{}];", at % 60 + 4),
            6 if at % 4 == 3 => writeln!(text, "  struct {prefix}_{} {member_name};", name(at - 1)),
            7 => writeln!(text, "  int (*{member_name})(int, const char *);"),
            8 => writeln!(text, "  unsigned {member_name} : {};", at % 20 + 1),
            _ => writeln!(text, "  long long {member_name};"),
        };
    }
    text.push_str("};\n");
}

/// The first functions of the units call one another; that of the last one of them divides by zero.
fn source(unit: usize, units: usize) -> String {
    let mut text = String::from("#include \"shared.h\"\n");
    let prefix = format!("unit{unit}");
    let salt = unit * STRUCTURES * 10;
    for at in 0..STRUCTURES {
        structure(&mut text, &prefix, at, salt);
    }
    for at in 0..FUNCTIONS {
        let (own, shared) = (name(STRUCTURES - 1 - at), name(at % SHARED_STRUCTURES));
        let local = |number: usize| name(salt + at * 7 + number);
        let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(local);
        let _ = write!(
            text,
            "static int {prefix}_{function}(struct {prefix}_{own} *{a}, const struct shared_{shared} *{b}, int {c}) {{
  int {d} = {c} * {at};
  for (int {e} = 0; {e} < {c}; {e}++) {{
    struct {prefix}_{own} *next_{e} = {a} + {e};
    long long sum_{e} = sizeof *{b};
    if (next_{e} == {a}) {{
      double ratio_{e} = sum_{e} / 3.0;
      {d} += (int)ratio_{e};
    }}
    {d} += (int)sum_{e};
  }}
  return {d};
}}
",
            function = name(at),
        );
    }
    // The functions are static, and would not be compiled if nothing named them.
    let _ = writeln!(text, "void *{prefix}_functions[] = {{");
    for at in 0..FUNCTIONS {
        let _ = writeln!(text, "  (void *){prefix}_{},", name(at));
    }
    text.push_str("};\n");
    let stride = (units - 1) / (FRAMES - 1);
    if unit.is_multiple_of(stride) && unit / stride < FRAMES {
        let frame = unit / stride;
        let rest = if frame + 1 < FRAMES {
            let _ = writeln!(text, "int frame{}(int);", frame + 1);
            format!("frame{}(depth + 1)", frame + 1)
        } else {
            "100 / (depth - depth)".to_owned()
        };
        let _ = write!(
            text,
            "int frame{frame}(int depth) {{
  struct {prefix}_{first} record = {{depth}};
  int total = {prefix}_{function}(&record, NULL, 1);
  return total + {rest};
}}
",
            first = name(STRUCTURES - 1),
            function = name(0)
        );
    }
    if unit == 0 {
        text.push_str("int main(void) {\n  return frame0(1);\n}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_frame_is_in_one_unit_and_calls_the_next() {
        for units in [FRAMES, FRAMES + 1, 25] {
            let sources: Vec<String> = (0..units).map(|unit| source(unit, units)).collect();
            for frame in 0..FRAMES {
                let head = format!("int frame{frame}(int depth) {{");
                let holds = |source: &&String| source.contains(&head);
                let holders: Vec<&String> = sources.iter().filter(holds).collect();
                assert_eq!(holders.len(), 1, "frame {frame} of {units} units");
                let call = format!("frame{}(depth + 1)", frame + 1);
                let trap = "100 / (depth - depth)";
                let rest = if frame + 1 < FRAMES { &call } else { trap };
                assert!(holders[0].contains(rest), "frame {frame} of {units} units");
            }
        }
    }
}
