//! A file that has no name before it is whole, and of which nothing is left when it is not finished.
//!
//! Linux makes files without a name (`O_TMPFILE`): they are gone when the process is, whatever ended it. Where the
//! file system or the system has none it is a temporary file, which every way out removes but SIGKILL.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Seek as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::{NamedTempFile, PersistError};

/// The temporary file that is to be removed when the process ends. Locked while a finished file gets its name, so that
/// what ends the process waits for that.
static TEMPORARY: Mutex<Option<PathBuf>> = Mutex::new(None);

fn temporary() -> MutexGuard<'static, Option<PathBuf>> {
    TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// To be called before the process ends because of a signal: removes what is not finished, or waits until what is
/// finished has its name.
pub(crate) fn clean_up() {
    let mut temporary = temporary();
    if let Some(path) = temporary.take() {
        // If it cannot be removed now, it cannot be removed at all.
        _ = std::fs::remove_file(path);
    }
    // The process ends: nothing may be begun any more.
    std::mem::forget(temporary);
}

/// A file that is being written.
pub(super) enum Unfinished {
    /// It has no name.
    #[cfg(target_os = "linux")]
    Nameless(File),
    /// It has one that is not its own.
    Temporary(NamedTempFile),
}

impl Unfinished {
    /// Makes one in a directory, or else in that for temporary files; then with the reason.
    pub(super) fn create(directory: &Path) -> Result<(Self, Option<io::Error>), io::Error> {
        match Self::create_in(directory) {
            Ok(file) => Ok((file, None)),
            Err(why) => match Self::create_in(&std::env::temp_dir()) {
                Ok(file) => Ok((file, Some(why))),
                Err(_) => Err(why),
            },
        }
    }

    pub(super) fn create_in(directory: &Path) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if let Ok(file) = linux::nameless(directory) {
            return Ok(Unfinished::Nameless(file));
        }
        let mut current = temporary();
        let file = temporary_in(directory)?;
        *current = Some(file.path().to_owned());
        Ok(Unfinished::Temporary(file))
    }

    pub(super) fn as_file(&self) -> &File {
        match self {
            #[cfg(target_os = "linux")]
            Unfinished::Nameless(file) => file,
            Unfinished::Temporary(file) => file.as_file(),
        }
    }

    /// The file is whole: puts it on the disk and then gives it this name, with a number where it is taken. A name that
    /// is refused costs nothing: then it gets a shorter one, or one in the directory for temporary files, or keeps the
    /// temporary one.
    ///
    /// Its path, and why it is not this one.
    pub(super) fn finish(self, path: &Path) -> io::Result<(PathBuf, Option<io::Error>)> {
        // What ends the process waits until this is unlocked.
        let mut current = temporary();
        sync(self.as_file())?;
        let (named, refused) = self.settle(path)?;
        *current = None;
        // So that the name is there too after a power failure, where directories can be synced.
        let synced = File::open(directory_of(&named)).and_then(|it| it.sync_all());
        drop(synced);
        Ok((named, refused))
    }

    #[cfg_attr(not(target_os = "linux"), allow(irrefutable_let_patterns))]
    fn settle(self, path: &Path) -> io::Result<(PathBuf, Option<io::Error>)> {
        let elsewhere = std::env::temp_dir();
        let short = short_name(path);
        let here = [path.to_owned(), path.with_file_name(&short)];
        let there = [
            elsewhere.join(path.file_name().unwrap_or(&short)),
            elsewhere.join(&short),
        ];
        let mut file = self;
        let mut refused = None;
        for (directory, names) in [(directory_of(path), here), (&elsewhere, there)] {
            file = match file.name_as_one_of(&names, &mut refused) {
                Ok(path) => return Ok((path, refused)),
                Err(file) => file,
            };
            // From another file system, or without a name that it could get, it comes here as a copy.
            let is_here = match &file {
                Unfinished::Temporary(file) => is_in(file.path(), directory),
                #[cfg(target_os = "linux")]
                Unfinished::Nameless(_) => false,
            };
            if !is_here {
                let Ok(copy) = file.copy(directory) else {
                    continue;
                };
                file = match copy.name_as_one_of(&names, &mut refused) {
                    Ok(path) => return Ok((path, refused)),
                    Err(copy) => copy,
                };
            }
            if let Unfinished::Temporary(file) = file {
                let (_, path) = file.keep().map_err(|error| error.error)?;
                return Ok((path, refused));
            }
        }
        Err(refused.unwrap_or_else(|| io::ErrorKind::Other.into()))
    }

    fn copy(&self, directory: &Path) -> io::Result<Self> {
        let copy = temporary_in(directory)?;
        let (mut from, mut to) = (self.as_file(), copy.as_file());
        from.rewind()?;
        io::copy(&mut from, &mut to)?;
        sync(to)?;
        Ok(Unfinished::Temporary(copy))
    }

    /// Gives the file the first of these names that is not refused; `refused` is why the first of all was.
    fn name_as_one_of(
        mut self,
        names: &[PathBuf],
        refused: &mut Option<io::Error>,
    ) -> Result<PathBuf, Self> {
        for name in names {
            match self.name(name) {
                Ok(path) => return Ok(path),
                Err((file, error)) => {
                    self = file;
                    refused.get_or_insert(error);
                }
            }
        }
        Err(self)
    }

    /// Gives the file a name that is not taken: this one, or one with a number.
    fn name(mut self, path: &Path) -> Result<PathBuf, (Self, io::Error)> {
        let mut free = path.to_owned();
        for number in 1_u32.. {
            match self.name_once(&free) {
                Ok(()) => break,
                Err((file, error)) if error.kind() == io::ErrorKind::AlreadyExists => {
                    self = file;
                    free = numbered(path, number);
                }
                Err(refused) => return Err(refused),
            }
        }
        Ok(free)
    }

    fn name_once(self, path: &Path) -> Result<(), (Self, io::Error)> {
        match self {
            #[cfg(target_os = "linux")]
            Unfinished::Nameless(file) => match linux::name(&file, path) {
                Ok(()) => Ok(()),
                Err(error) => Err((Unfinished::Nameless(file), error)),
            },
            Unfinished::Temporary(file) => match rename(file, path) {
                Ok(_) => Ok(()),
                Err(refused) => Err((Unfinished::Temporary(refused.file), refused.error)),
            },
        }
    }
}

/// Whether a temporary file, whose path is absolute, is there and in this directory.
fn is_in(file: &Path, directory: &Path) -> bool {
    let directory = std::path::absolute(directory);
    directory.is_ok_and(|it| file.parent() == Some(&it)) && file.exists()
}

fn temporary_in(directory: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder
        .prefix(".wdb-core-")
        .tempfile_in(directory)
        .map_err(|error| {
            // The library adds the temporary file's name, which means nothing to the user.
            let text = error.to_string();
            let cause = text.split(" at path ").next().unwrap_or_default();
            io::Error::new(error.kind(), cause)
        })
}

/// Puts the file on the disk, where its file system does that.
fn sync(file: &File) -> io::Result<()> {
    file.sync_all().or_else(|error| match error.kind() {
        io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => Ok(()),
        _ => Err(error),
    })
}

/// Gives a temporary file another name, if that is not taken.
fn rename(file: NamedTempFile, to: &Path) -> Result<File, PersistError> {
    match file.persist_noclobber(to) {
        Err(refused) if refused.error.kind() != io::ErrorKind::AlreadyExists => {
            rename_over_own(refused.file, to)
        }
        done => done,
    }
}

/// For file systems that know neither hard links nor a renaming that does not overwrite (exFAT, some network mounts):
/// what is overwritten is our own.
fn rename_over_own(file: NamedTempFile, to: &Path) -> Result<File, PersistError> {
    match File::create_new(to) {
        Ok(_) => file
            .persist(to)
            .inspect_err(|_| _ = std::fs::remove_file(to)),
        Err(error) => Err(PersistError { error, file }),
    }
}

pub(super) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// A name that no file system finds too long.
fn short_name(path: &Path) -> OsString {
    let ending = if is_compressed(path) { ".zst" } else { "" };
    format!("wdb.{}.core{ending}", std::process::id()).into()
}

/// `app.core.1`; before the ending for one that says how to read the file: `app.core.1.zst`.
fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    if is_compressed(path) {
        name = path.with_extension("").into_os_string();
        name.push(format!(".{number}.zst"));
    } else {
        name.push(format!(".{number}"));
    }
    name.into()
}

/// Whether a file of this name is to be compressed.
pub(super) fn is_compressed(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "zst")
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::io;
    use std::os::fd::AsRawFd as _;
    use std::path::Path;

    use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, openat};

    /// Only the user may read it: memory can hold secrets.
    pub(super) fn nameless(directory: &Path) -> io::Result<File> {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let file = openat(CWD, directory, flags, Mode::RUSR | Mode::WUSR)?;
        Ok(File::from(file))
    }

    /// Fails where the name is taken.
    pub(super) fn name(file: &File, path: &Path) -> io::Result<()> {
        // open(2): by its number in /proc every process may, by the descriptor only one with a capability.
        let by_number = format!("/proc/self/fd/{}", file.as_raw_fd());
        match linkat(CWD, by_number, CWD, path, AtFlags::SYMLINK_FOLLOW) {
            Err(rustix::io::Errno::NOENT) => linkat(file, "", CWD, path, AtFlags::EMPTY_PATH)?,
            linked => linked?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_in_the_directory_that_it_was_made_in() {
        let here = tempfile::tempdir_in(".").unwrap();
        let relative = Path::new(".").join(here.path().file_name().unwrap());
        let other = tempfile::tempdir().unwrap();
        for directory in [&*relative, here.path(), other.path()] {
            let file = temporary_in(directory).unwrap();
            assert!(is_in(file.path(), directory), "{file:?} {directory:?}");
            let elsewhere = directory.join("deeper");
            assert!(!is_in(file.path(), &elsewhere), "{file:?} {elsewhere:?}");
        }
        let file = temporary_in(&relative).unwrap();
        let path = file.path().to_owned();
        drop(file);
        assert!(!is_in(&path, &relative), "it is gone");
    }
}
