//! Where source files are, when they are not where they were compiled: what the user has said.

use std::path::{Path, PathBuf};

/// Directories to look in, and beginnings of paths that stand for others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourcePaths {
    /// Looked into in this order, for the longest tail of a path that is there.
    pub directories: Vec<PathBuf>,
    /// Each a beginning of paths, of whole components, and what stands there instead; the first that fits counts.
    pub substitutions: Vec<(PathBuf, PathBuf)>,
}

impl SourcePaths {
    /// Where a file may be that the debug information calls `path`, the likeliest first.
    pub fn candidates(&self, path: &str) -> impl Iterator<Item = PathBuf> {
        let path = Path::new(path);
        let substituted = self.substitutions.iter().find_map(|(from, to)| {
            let rest = path.strip_prefix(from).ok()?;
            Some(to.join(rest))
        });
        let mut tail = path.components();
        let mut tails = vec![path];
        while tail.next().is_some() {
            tails.push(tail.as_path());
        }
        tails.retain(|tail| tail.is_relative() && !tail.as_os_str().is_empty());
        let elsewhere = self
            .directories
            .iter()
            .flat_map(move |directory| tails.clone().into_iter().map(|tail| directory.join(tail)));
        substituted
            .into_iter()
            .chain([path.to_owned()])
            .chain(elsewhere)
    }

    /// Lets `to` stand for `from`, in place of what did before.
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
            let found = paths.candidates("/build/app/src/main.c");
            found.map(|it| it.display().to_string()).collect::<Vec<_>>()
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
}
