//! `cargo xtask fixtures`: builds the files of `fixtures/` by recipe, and checks that they belong
//! together.
//!
//! A recipe is a shell script, run in one scratch directory into which its inputs are copied, so
//! that compilers see file names only and no path of this machine. `fixtures/manifest.txt` has a
//! line for each file built: its name, the SHA-256 of the recipe with its inputs, its own SHA-256.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

mod recipes;

use recipes::Recipe;

/// `expect CODE TEXT ARGS`, for scripts: runs a guest under wasmtime, which must end so.
const EXPECT: &str = "\
expect() {
  want=$1 text=$2; shift 2
  got=0; wasmtime run \"$@\" > log 2>&1 || got=$?
  if test $got != $want || ! grep -qF -e \"$text\" log; then
    echo \"wasmtime run $*: code $got, not $want with '$text'\"; cat log; exit 1
  fi
}
";

/// What the manifest says of one built file.
#[derive(Clone, PartialEq)]
struct Record {
    recipe: String,
    built: String,
}

/// File name to record, in the order of the names.
type Manifest = BTreeMap<String, Record>;

pub(crate) fn run(args: &[String]) -> Result<()> {
    let recipes = recipes::all();
    match args.first().map(String::as_str) {
        Some("--check") => check(&recipes),
        Some("--list") => {
            recipes
                .iter()
                .for_each(|recipe| println!("{}", recipe.name));
            Ok(())
        }
        Some(option) if option.starts_with('-') => bail!("fixtures has no option {option}"),
        _ => build_named(&recipes, args),
    }
}

fn build_named(recipes: &[Recipe], names: &[String]) -> Result<()> {
    for name in names {
        ensure!(
            recipes.iter().any(|recipe| recipe.name == *name),
            "there is no fixture {name}; `cargo xtask fixtures --list` prints the names"
        );
    }
    let chosen: Vec<&Recipe> = recipes
        .iter()
        .filter(|r| names.is_empty() || names.contains(&r.name))
        .collect();
    missing_tools(&chosen)?;
    let mut manifest = read_manifest()?;
    for recipe in chosen {
        println!("{}", recipe.name);
        build(recipe, &mut manifest).with_context(|| format!("fixture {}", recipe.name))?;
        write_manifest(&manifest)?;
    }
    Ok(())
}

/// Names every missing tool at once, with where it comes from.
fn missing_tools(recipes: &[&Recipe]) -> Result<()> {
    let mut missing = String::new();
    for (tool, source) in recipes::TOOLS {
        let needed = recipes.iter().any(|recipe| script(recipe).contains(tool));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = Path::new(tool).is_absolute() && Path::new(tool).exists()
            || std::env::split_paths(&path).any(|dir| dir.join(tool).exists());
        if needed && !found {
            write!(missing, "\n  {tool}: {source}")?;
        }
    }
    ensure!(missing.is_empty(), "tools are missing:{missing}");
    Ok(())
}

fn script(recipe: &Recipe) -> String {
    format!("{EXPECT}{}", recipe.script)
}

fn build(recipe: &Recipe, manifest: &mut Manifest) -> Result<()> {
    let work = crate::root().join("target/fixtures");
    for input in &recipe.inputs {
        let copy = work.join(
            input
                .trim_start_matches("src/")
                .trim_start_matches("built/"),
        );
        fs::create_dir_all(copy.parent().unwrap_or(&work))?;
        let bytes = read_input(input)?;
        // An unchanged file keeps its time, so that cargo does not build it again.
        if fs::read(&copy).ok().as_ref() != Some(&bytes) {
            fs::write(&copy, bytes).with_context(|| format!("cannot write {}", copy.display()))?;
        }
    }
    let mut shell = Command::new("sh");
    shell
        .args(["-euc", &format!("{EXPECT}{}", recipe.script)])
        .current_dir(&work);
    // What `cargo run` and the user's habits would leak into the compilers.
    for name in [
        "LD_LIBRARY_PATH",
        "RUSTUP_TOOLCHAIN",
        "RUSTFLAGS",
        "RUSTC",
        "CARGO_TARGET_DIR",
        "CPATH",
    ] {
        shell.env_remove(name);
    }
    let output = shell
        .env("RUST_BACKTRACE", "0")
        .output()
        .context("cannot run sh")?;
    ensure!(
        output.status.success(),
        "its script ended with {}:\n{}\n{}{}",
        output.status,
        recipe.script,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let recipe_hash = hash_recipe(recipe)?;
    for name in &recipe.outputs {
        let bytes = fs::read(work.join(name)).with_context(|| format!("no {name} came out"))?;
        no_path_of_this_machine(&bytes).with_context(|| format!("in {name}"))?;
        let record = Record {
            recipe: recipe_hash.clone(),
            built: hex(Sha256::digest(&bytes)),
        };
        let stored = stored_path(name);
        // The same bytes may compress differently in another zstd: leave the file alone.
        if manifest
            .get(name)
            .is_none_or(|old| old.built != record.built)
            || !stored.exists()
        {
            fs::create_dir_all(stored.parent().unwrap_or(&stored))?;
            fs::write(&stored, zstd::encode_all(&bytes[..], 19)?)?;
        }
        manifest.insert(name.clone(), record);
    }
    Ok(())
}

/// The bytes of an input, named by its path in `fixtures/`; one in `built/` is named without the
/// `.zst` it is stored with.
fn read_input(input: &str) -> Result<Vec<u8>> {
    match input.strip_prefix("built/") {
        Some(name) => read_stored(name),
        None => {
            let path = fixtures().join(input);
            fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
        }
    }
}

pub(crate) fn read_stored(name: &str) -> Result<Vec<u8>> {
    let path = stored_path(name);
    let packed = fs::read(&path).with_context(|| {
        format!(
            "cannot read {}; `cargo xtask fixtures` makes it",
            path.display()
        )
    })?;
    zstd::decode_all(&packed[..]).with_context(|| format!("{} is damaged", path.display()))
}

fn stored_path(name: &str) -> PathBuf {
    let dir = if name.ends_with(".core") {
        "dumps"
    } else {
        "built"
    };
    fixtures().join(dir).join(format!("{name}.zst"))
}

fn fixtures() -> PathBuf {
    crate::root().join("fixtures")
}

/// Covers the script and every input, by name and content.
fn hash_recipe(recipe: &Recipe) -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(&recipe.script);
    for input in &recipe.inputs {
        hash.update(format!("\0{input}\0"));
        hash.update(Sha256::digest(read_input(input)?));
    }
    Ok(hex(hash.finalize()))
}

pub(crate) fn hex(digest: impl AsRef<[u8]>) -> String {
    digest
        .as_ref()
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn no_path_of_this_machine(bytes: &[u8]) -> Result<()> {
    let home = std::env::var("HOME").unwrap_or_default();
    for path in [crate::root().to_string_lossy().into_owned(), home] {
        let found = path.len() > 1 && bytes.windows(path.len()).any(|at| at == path.as_bytes());
        ensure!(
            !found,
            "it holds a path of this machine, {path}: map it away in its recipe"
        );
    }
    Ok(())
}

/// Compares the recipes and sources as they are now with what the manifest recorded, and the
/// manifest with the stored files. Needs no toolchain.
fn check(recipes: &[Recipe]) -> Result<()> {
    let manifest = read_manifest()?;
    let readme = fs::read_to_string(fixtures().join("README.md")).unwrap_or_default();
    let mut faults = Vec::new();
    let mut expected = Vec::new();
    for recipe in recipes {
        let name = &recipe.name;
        let rebuild = format!("run `cargo xtask fixtures {name}` and commit what it changes");
        if !readme.contains(&format!("`{name}`")) {
            faults.push(format!("fixtures/README.md does not list `{name}`"));
        }
        let hash = hash_recipe(recipe)?;
        for output in &recipe.outputs {
            expected.push(stored_path(output));
            let Some(record) = manifest.get(output) else {
                faults.push(format!("{output} was never built: {rebuild}"));
                continue;
            };
            if record.recipe != hash {
                faults.push(format!(
                    "{output} is older than its sources or recipe: {rebuild}"
                ));
            }
            match read_stored(output) {
                Err(error) => faults.push(format!("{error:#}: {rebuild}")),
                Ok(bytes) if hex(Sha256::digest(&bytes)) != record.built => {
                    faults.push(format!(
                        "{output} is not the file that was recorded: {rebuild}"
                    ));
                }
                Ok(_) => {}
            }
        }
    }
    for dir in ["built", "dumps"] {
        for entry in fs::read_dir(fixtures().join(dir))? {
            let path = entry?.path();
            if !expected.contains(&path) {
                faults.push(format!("{} has no recipe: delete it", path.display()));
            }
        }
    }
    for name in manifest
        .keys()
        .filter(|name| !expected.contains(&stored_path(name)))
    {
        faults.push(format!(
            "fixtures/manifest.txt names {name}, which has no recipe"
        ));
    }
    ensure!(
        faults.is_empty(),
        "fixtures do not belong together\n  {}",
        faults.join("\n  ")
    );
    println!("{} fixture files belong to their recipes", expected.len());
    Ok(())
}

fn manifest_path() -> PathBuf {
    fixtures().join("manifest.txt")
}

fn read_manifest() -> Result<Manifest> {
    let text = match fs::read_to_string(manifest_path()) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Manifest::new()),
        Err(error) => return Err(error).context("cannot read fixtures/manifest.txt"),
    };
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(
            |line| match line.split_whitespace().collect::<Vec<_>>()[..] {
                [name, recipe, built] => Ok((
                    name.to_string(),
                    Record {
                        recipe: recipe.into(),
                        built: built.into(),
                    },
                )),
                _ => bail!("fixtures/manifest.txt: {line:?} is not `name recipe built`"),
            },
        )
        .collect()
}

fn write_manifest(manifest: &Manifest) -> Result<()> {
    let mut text = String::from(
        "# Written by `cargo xtask fixtures`.\n\
         # File, SHA-256 of its recipe and sources, SHA-256 of the file before compression.\n",
    );
    for (name, Record { recipe, built }) in manifest {
        writeln!(text, "{name} {recipe} {built}")?;
    }
    fs::write(manifest_path(), text).context("cannot write fixtures/manifest.txt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_fixtures_belong_to_their_recipes() {
        check(&recipes::all()).unwrap();
    }

    #[test]
    fn a_recipe_is_told_from_another() {
        let mut all = recipes::all();
        let recipe = all.swap_remove(0);
        let before = hash_recipe(&recipe).unwrap();
        let other_flags = Recipe {
            script: recipe.script.clone() + " -O1",
            ..recipe
        };
        assert_ne!(before, hash_recipe(&other_flags).unwrap());
        let other_input = Recipe {
            inputs: vec!["src/c-abort.c".into()],
            ..other_flags
        };
        assert_ne!(before, hash_recipe(&other_input).unwrap());
    }

    #[test]
    fn a_stale_recipe_is_a_fault_that_says_what_to_run() {
        let mut all = recipes::all();
        all[0].script += " -O1";
        let fault = format!("{:#}", check(&all).unwrap_err());
        assert!(
            fault.contains(&format!("run `cargo xtask fixtures {}`", all[0].name)),
            "{fault}"
        );
    }

    #[test]
    fn a_path_of_this_machine_is_refused() {
        let leak = format!("before {} after", crate::root().join("src").display());
        assert!(no_path_of_this_machine(leak.as_bytes()).is_err());
        assert!(no_path_of_this_machine(b"/src/c-div-zero.c").is_ok());
    }
}
