//! `cargo xtask dist`: the archive of a release for this machine's platform, as the release workflow makes it.
//!
//! The archive holds one directory with the stripped program, the completions of the shells, the man
//! pages and the licences. Its name is the one that `cargo binstall` looks for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use sha2::{Digest as _, Sha256};

/// What lies in the archive as it is in the repository.
const DOCUMENTS: &[&str] = &["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// The completions: the shell as `wdb completions` calls it, and the name that the shell looks for.
const COMPLETIONS: &[(&str, &str)] = &[
    ("bash", "wdb.bash"),
    ("zsh", "_wdb"),
    ("fish", "wdb.fish"),
    ("powershell", "_wdb.ps1"),
];

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    ensure!(
        arguments.is_empty(),
        "`cargo xtask dist` takes no arguments"
    );
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    succeed(
        Command::new(cargo)
            .args(["build", "--release", "--locked", "--package", "wdb"])
            .current_dir(crate::root()),
    )?;
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| crate::root().join("target"), PathBuf::from);
    let file = format!("wdb{}", std::env::consts::EXE_SUFFIX);
    let program = target.join("release").join(&file);

    let name = format!("wdb-{}-{}", env!("CARGO_PKG_VERSION"), platform()?);
    let dist = target.join("dist");
    let directory = dist.join(&name);
    if directory.exists() {
        fs::remove_dir_all(&directory)?;
    }
    let completions = directory.join("completions");
    let man = directory.join("man");
    fs::create_dir_all(&completions)?;
    fs::create_dir_all(&man)?;
    fs::copy(&program, directory.join(&file))
        .with_context(|| format!("cannot copy {}", program.display()))?;
    for document in DOCUMENTS {
        fs::copy(crate::root().join(document), directory.join(document))?;
    }
    for (shell, completion) in COMPLETIONS {
        let script = succeed(Command::new(&program).args(["completions", shell]))?;
        fs::write(completions.join(completion), script)?;
    }
    succeed(Command::new(&program).arg("man-pages").arg(&man))?;

    let archive = pack(&dist, &name)?;
    let bytes = fs::read(&archive)?;
    let sum = Sha256::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>();
    let archive_name = archive.file_name().unwrap_or_default().display();
    // As sha256sum writes and checks it.
    let line = format!("{sum}  {archive_name}\n");
    fs::write(dist.join(format!("{archive_name}.sha256")), line)?;
    println!(
        "{}: {:.1} MiB; the program in it: {:.1} MiB",
        archive.display(),
        mebibytes(bytes.len() as u64),
        mebibytes(fs::metadata(&program)?.len()),
    );
    Ok(())
}

/// The platform's name, as Rust and `cargo binstall` have it: `x86_64-unknown-linux-gnu`.
fn platform() -> Result<String> {
    let text = succeed(Command::new("rustc").arg("-vV"))?;
    let text = String::from_utf8_lossy(&text);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("`rustc -vV` names no host")
}

/// Packs a directory with the system's tar. That of Windows writes zip files too, by the name's ending.
fn pack(dist: &Path, name: &str) -> Result<PathBuf> {
    let (ending, flags) = if cfg!(windows) {
        ("zip", "-acf")
    } else {
        ("tar.gz", "-czf")
    };
    let archive = dist.join(format!("{name}.{ending}"));
    succeed(
        Command::new("tar")
            .arg(flags)
            .arg(&archive)
            .arg(name)
            .current_dir(dist),
    )?;
    Ok(archive)
}

/// Runs a command that must succeed; what it printed.
fn succeed(command: &mut Command) -> Result<Vec<u8>> {
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run {:?}", command.get_program()))?;
    ensure!(output.status.success(), "{command:?}: {}", output.status);
    Ok(output.stdout)
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1 << 20) as f64
}
