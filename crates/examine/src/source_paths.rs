//! Where source files are, when they are not where they were compiled: what the user has said.

use std::path::{Component, Path, PathBuf};

/// Directories to look in, and beginnings of paths that are replaced by others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourcePaths {
    /// Looked into in this order, for the longest tail of a path that is there.
    pub directories: Vec<PathBuf>,
    /// Each a beginning of paths, of whole components, and what replaces it; the first that fits counts.
    pub substitutions: Vec<(PathBuf, PathBuf)>,
    /// Files are looked for nowhere else, and never outside of these.
    pub only: bool,
}

impl SourcePaths {
    /// Where a file may be that the debug information calls `path`, the likeliest first. In what the user has said, `~` is
    /// `home`; in `path` it is a name like any other.
    pub fn candidates(&self, path: &str, home: Option<&Path>) -> Vec<PathBuf> {
        let path = Path::new(path);
        let in_home = |said: &Path| match (said.strip_prefix("~"), home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => said.to_owned(),
        };
        // What is put behind a directory must not lead to another one: `/`, `C:`.
        let inside = |tail: &&Path| {
            let mut components = tail.components();
            components.all(|component| match component {
                Component::Normal(_) | Component::CurDir => true,
                Component::ParentDir => !self.only,
                Component::RootDir | Component::Prefix(_) => false,
            })
        };
        let substituted = self.substitutions.iter().find_map(|(from, to)| {
            let rest = path.strip_prefix(from).ok().filter(inside)?;
            Some(in_home(to).join(rest))
        });
        let mut tail = path.components();
        let mut tails = vec![path];
        while tail.next().is_some() {
            tails.push(tail.as_path());
        }
        tails.retain(|tail| inside(tail) && !tail.as_os_str().is_empty());
        let directories = self.directories.iter().map(|it| in_home(it));
        let elsewhere =
            directories.flat_map(|directory| tails.iter().map(move |tail| directory.join(tail)));
        // A path to another machine is not opened: on Windows that would tell it who the user is.
        let remote = path.as_os_str().as_encoded_bytes();
        let remote = remote.starts_with(br"\\") || cfg!(windows) && remote.starts_with(b"//");
        let itself = (!self.only && !remote).then(|| path.to_owned());
        substituted
            .into_iter()
            .chain(itself)
            .chain(elsewhere)
            .collect()
    }

    /// Replaces `from` by `to`, and no longer by what did before.
    pub fn substitute(&mut self, from: PathBuf, to: PathBuf) {
        match self.substitutions.iter_mut().find(|it| it.0 == from) {
            Some(rule) => rule.1 = to,
            None => self.substitutions.push((from, to)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_looked_for_where_the_user_says() {
        let mut paths = SourcePaths::default();
        let all = |paths: &SourcePaths| {
            let found = paths.candidates("/build/app/src/main.c", None);
            found
                .iter()
                .map(|it| it.display().to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(all(&paths), ["/build/app/src/main.c"]);
        paths.directories.push("/elsewhere".into());
        paths.substitute("/buil".into(), "/not/this".into());
        let tails = [
            "/build/app/src/main.c",
            "/elsewhere/build/app/src/main.c",
            "/elsewhere/app/src/main.c",
            "/elsewhere/src/main.c",
            "/elsewhere/main.c",
        ];
        assert_eq!(all(&paths), tails);
        paths.substitute("/build/app".into(), "old".into());
        paths.substitute("/build/app".into(), "new".into());
        assert_eq!(all(&paths)[..2], ["new/src/main.c", tails[0]]);
    }
    #[test]
    fn what_debug_information_says_leads_only_where_the_user_lets_it() {
        let home = Path::new("/me");
        let mut paths = SourcePaths::default();
        let all = |paths: &SourcePaths, path: &str| {
            let found = paths.candidates(path, Some(home));
            found
                .iter()
                .map(|it| it.display().to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(all(&paths, "~/a.c"), ["~/a.c"]);
        assert_eq!(all(&paths, r"\\server\a.c"), [""; 0]);
        paths.directories.push("~/src".into());
        assert_eq!(all(&paths, "~/a.c")[1..], ["/me/src/~/a.c", "/me/src/a.c"]);
        paths.only = true;
        assert_eq!(all(&paths, "/b/a.c"), ["/me/src/b/a.c", "/me/src/a.c"]);
        assert_eq!(all(&paths, "../../a.c"), ["/me/src/a.c"]);
        paths.substitute("/b".into(), "~/else".into());
        assert_eq!(all(&paths, "/b/a.c")[0], "/me/else/a.c");
        assert_eq!(all(&paths, "/b/../../a.c"), ["/me/src/a.c"]);
    }
}
