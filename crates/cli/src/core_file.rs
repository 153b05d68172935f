//! The file that a dump is written to: named by a pattern, never overwriting, whole or not there.

mod unfinished;

use std::fmt::{self, Display, Write as _};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use wdb_terminal::CtrlC;

use crate::units;
use unfinished::Unfinished;
pub(crate) use unfinished::clean_up;

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
            if c != '%' {
                out.push(c);
                continue;
            }
            match chars.next() {
                Some('n') => out.push_str(&file_name(program)),
                Some('p') => _ = write!(out, "{pid}"),
                Some('t') => _ = write!(out, "{seconds}"),
                _ => out.push('%'),
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

/// Where a dump is to go.
pub(crate) struct Place(PathBuf);

impl Place {
    /// Where the user wants it. A directory that cannot be written to is better known before an hour of running than
    /// after.
    ///
    /// # Errors
    ///
    /// When no dump can be written there.
    pub(crate) fn named(pattern: &Pattern, program: &str) -> anyhow::Result<Place> {
        let place = Place::expanded(pattern, program);
        let path = &place.0;
        let directory = unfinished::directory_of(path);
        if let Ok(there) = path.metadata()
            && !there.is_file()
        {
            let what = if there.is_dir() {
                "a directory"
            } else {
                "a device"
            };
            bail!(
                "{} is {what}; a dump needs a file's name, and --no-core writes none",
                path.display()
            );
        }
        if !directory.is_dir() {
            bail!(
                "cannot write a core dump to {}: there is no such directory; make it, or give another place",
                directory.display()
            );
        }
        if let Err(cause) = Unfinished::create_in(directory) {
            bail!(
                "cannot write a core dump to {}: {cause}; give another place with --core, or none with --no-core",
                directory.display()
            );
        }
        Ok(place)
    }

    /// Where it goes when the user did not say: to the current directory. The program runs also where that cannot be
    /// written to, as in a container whose files are read-only; then a dump goes to the directory for temporary files.
    /// Why none could be written there either, for a warning.
    pub(crate) fn usual(program: &str) -> (Place, Option<String>) {
        let place = Place::expanded(&Pattern(USUAL.into()), program);
        let refused = Unfinished::create(unfinished::directory_of(&place.0)).err();
        let warning = refused.map(|cause| {
            format!(
                "no core dump can be written if the program crashes, here or in {}: {cause}; --core gives another place, and --no-core says that none is wanted",
                std::env::temp_dir().display()
            )
        });
        (place, warning)
    }

    fn expanded(pattern: &Pattern, program: &str) -> Place {
        let seconds = std::time::SystemTime::now()
            .duration_since(std::time::SystemTime::UNIX_EPOCH)
            .map_or(0, |time| time.as_secs());
        Place(pattern.expand(program, std::process::id(), seconds))
    }

    /// Writes the dump, and only when it is whole gives it its name. A name that is taken gets a number: `app.core`,
    /// `app.core.1`, `app.core.2`. One that is refused costs no dump. Ctrl-C twice gives it up.
    ///
    /// # Errors
    ///
    /// When it was given up, or is not whole. Then there is nothing.
    pub(crate) fn write(
        &self,
        ctrl_c: &CtrlC,
        dump: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
    ) -> anyhow::Result<Written> {
        let _writing = ctrl_c.writing();
        let path = &self.0;
        let write = || -> anyhow::Result<Written> {
            let (file, moved) = Unfinished::create(unfinished::directory_of(path))?;
            let wanted = Wanted {
                file: file.as_file(),
                ctrl_c,
            };
            let mut out = BufWriter::with_capacity(PIECE, wanted);
            if unfinished::is_compressed(path) {
                let mut encoder = zstd::Encoder::new(&mut out, zstd::DEFAULT_COMPRESSION_LEVEL)?;
                dump(&mut encoder)?;
                encoder.finish()?;
            } else {
                dump(&mut out)?;
            }
            out.flush()?;
            drop(out);
            let size = file.as_file().metadata().map_or(0, |it| it.len());
            let (named, refused) = file.finish(path)?;
            Ok(Written {
                path: named,
                size,
                refused: moved.or(refused).map(|why| (path.clone(), why)),
            })
        };
        write().with_context(|| format!("cannot write the core dump {}", path.display()))
    }
}

/// The usual name of a dump.
pub(crate) const USUAL: &str = "%n.%p.core";

/// How much is written between two looks at whether the dump is still wanted.
const PIECE: usize = 1 << 20;

/// The file of a dump, until it is given up.
struct Wanted<'a> {
    file: &'a File,
    ctrl_c: &'a CtrlC,
}

impl Write for Wanted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.ctrl_c.given_up() {
            return Err(io::Error::other("it was given up"));
        }
        self.file.write(&bytes[..bytes.len().min(PIECE)])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A dump that was written.
pub(crate) struct Written {
    /// Where it is.
    pub(crate) path: PathBuf,
    size: u64,
    /// Where it was to be, and why it is not.
    refused: Option<(PathBuf, io::Error)>,
}

impl Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = units::bytes(self.size);
        write!(f, "core dump: {} ({size})", self.path.display())
    }
}

impl Written {
    /// Why it is not where it was to be, for the user.
    pub(crate) fn note(&self) -> Option<String> {
        let (path, why) = self.refused.as_ref()?;
        Some(format!("note: it cannot be {}: {why}", path.display()))
    }
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
        let path = directory.path().join("a.zst");
        let pattern: Pattern = path.to_str().unwrap().parse().unwrap();
        let ctrl_c = CtrlC::new(|| {});
        let write = |text: &'static [u8]| {
            let place = Place::named(&pattern, "p").unwrap();
            let written = place.write(&ctrl_c, move |out| Ok(out.write_all(text)?));
            written.unwrap().path
        };
        assert_eq!(write(b"one"), path);
        assert_eq!(write(b"two"), directory.path().join("a.1.zst"));
        let place = Place::named(&pattern, "p").unwrap();
        let failed = place.write(&ctrl_c, |out| {
            out.write_all(b"half")?;
            bail!("the disk is full")
        });
        let error = failed.err().unwrap();
        assert!(format!("{error:#}").contains("the disk is full"));
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2);
        let one = zstd::decode_all(File::open(&path).unwrap());
        assert_eq!(one.unwrap(), b"one");
    }
}
