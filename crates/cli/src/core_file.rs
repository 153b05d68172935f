//! The file that a dump is written to: named by a pattern, never overwriting, whole or not there.

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use tempfile::NamedTempFile;

/// A pattern for the names of dumps: `%n` is the program's name, `%p` the process id, `%t` the time in
/// seconds since 1970, `%%` a percent sign. With the ending `.zst` the dump is compressed.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(String);

impl std::str::FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut rest = text;
        while let Some(at) = rest.find('%') {
            rest = &rest[at + 1..];
            match rest.chars().next() {
                Some(c @ ('n' | 'p' | 't' | '%')) => rest = &rest[c.len_utf8()..],
                Some(c) => return Err(format!("there is no %{c}; use %n, %p, %t or %%")),
                None => return Err("it ends in a single %; write %% for a percent sign".into()),
            }
        }
        if Path::new(text).file_name().is_none() {
            return Err("it names no file".into());
        }
        Ok(Pattern(text.to_owned()))
    }
}

impl Pattern {
    fn expand(&self, program: &str, pid: u32, seconds: u64) -> PathBuf {
        let mut out = String::new();
        let mut chars = self.0.chars();
        while let Some(c) = chars.next() {
            match (c, c == '%') {
                (_, true) => match chars.next() {
                    Some('n') => out.push_str(&file_name(program)),
                    Some('p') => _ = write!(out, "{pid}"),
                    Some('t') => _ = write!(out, "{seconds}"),
                    _ => out.push('%'),
                },
                (c, false) => out.push(c),
            }
        }
        PathBuf::from(out)
    }
}

/// A program's name as a part of a file name.
fn file_name(program: &str) -> String {
    let base = Path::new(program)
        .file_name()
        .map_or(program.into(), |name| name.to_string_lossy());
    let mut stem = &*base;
    for ending in [".zst", ".wasm", ".wat"] {
        stem = stem.strip_suffix(ending).unwrap_or(stem);
    }
    stem.chars()
        .map(|c| if c == '/' || c.is_control() { '_' } else { c })
        .collect()
}

/// A place for a dump that does not exist yet.
pub(crate) struct CoreFile {
    path: PathBuf,
    file: NamedTempFile,
}

impl CoreFile {
    /// Finds the place, before the program runs: a directory that cannot be written to is better
    /// known before an hour of running than after.
    pub(crate) fn create(pattern: &Pattern, program: &str) -> anyhow::Result<CoreFile> {
        let seconds = std::time::SystemTime::now()
            .duration_since(std::time::SystemTime::UNIX_EPOCH)
            .map_or(0, |time| time.as_secs());
        let path = pattern.expand(program, std::process::id(), seconds);
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        if path.is_dir() {
            bail!(
                "{} is a directory; a dump needs a file's name",
                path.display()
            );
        }
        if !directory.is_dir() {
            bail!(
                "cannot write a core dump to {}: there is no such directory; make it, or give another place",
                directory.display()
            );
        }
        let file = tempfile::Builder::new()
            .prefix(".wdb-core-")
            .tempfile_in(directory)
            .map_err(|error| {
                // The library adds the temporary file's name, which means nothing to anybody.
                let error = error.to_string();
                let cause = error.split(" at path ").next().unwrap_or_default();
                anyhow!(
                    "cannot write a core dump to {}: {cause}; give another place with --core, or none with --no-core",
                    directory.display()
                )
            })?;
        Ok(CoreFile { path, file })
    }

    /// Writes the dump, and only when it is whole gives it its name. A name that is taken gets a
    /// number: `app.core`, `app.core.1`, `app.core.2`.
    pub(crate) fn write(
        mut self,
        dump: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
    ) -> anyhow::Result<PathBuf> {
        let path = self.path;
        (|| {
            let mut out = BufWriter::with_capacity(1 << 20, self.file.as_file());
            if path.extension().is_some_and(|ending| ending == "zst") {
                let mut encoder = zstd::Encoder::new(&mut out, zstd::DEFAULT_COMPRESSION_LEVEL)?;
                dump(&mut encoder)?;
                encoder.finish()?;
            } else {
                dump(&mut out)?;
            }
            anyhow::Ok(out.flush()?)
        })()
        .with_context(|| format!("cannot write the core dump {}", path.display()))?;
        let mut free = path.clone();
        for number in 1..=u32::MAX {
            match self.file.persist_noclobber(&free) {
                Ok(_) => break,
                Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                    self.file = error.file;
                    free = numbered(&path, number);
                }
                Err(error) => {
                    return Err(error.error)
                        .with_context(|| format!("cannot write the core dump {}", free.display()));
                }
            }
        }
        Ok(free)
    }
}

/// `app.core.1`; before the ending for one that says how to read the file: `app.core.1.zst`.
fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    if path.extension().is_some_and(|ending| ending == "zst") {
        name = path.with_extension("").into_os_string();
        name.push(format!(".{number}.zst"));
    } else {
        name.push(format!(".{number}"));
    }
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let pattern: Pattern = "/x/%n.%p-%t%%.core".parse().unwrap();
        assert_eq!(
            pattern.expand("dir/app.wasm", 7, 9),
            Path::new("/x/app.7-9%.core")
        );
        assert_eq!(
            pattern.expand("a\nb.wasm.zst", 7, 9),
            Path::new("/x/a_b.7-9%.core")
        );
        for bad in ["%q", "x%", "", "/"] {
            assert!(bad.parse::<Pattern>().is_err(), "{bad}");
        }
    }

    #[test]
    fn never_overwrites_and_leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        let pattern: Pattern = directory
            .path()
            .join("a.zst")
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        let write = |text: &'static [u8]| {
            CoreFile::create(&pattern, "p")
                .unwrap()
                .write(move |out| Ok(out.write_all(text)?))
        };
        assert_eq!(write(b"one").unwrap(), directory.path().join("a.zst"));
        assert_eq!(write(b"two").unwrap(), directory.path().join("a.1.zst"));
        let failed = CoreFile::create(&pattern, "p").unwrap().write(|out| {
            out.write_all(b"half")?;
            bail!("the disk is full")
        });
        assert!(format!("{:#}", failed.unwrap_err()).contains("the disk is full"));
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2);
        let one = zstd::decode_all(std::fs::File::open(directory.path().join("a.zst")).unwrap());
        assert_eq!(one.unwrap(), b"one");
    }
}
