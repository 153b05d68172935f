//! Paths and URLs that dumps, modules and debug information name, which may come from someone else.
//!
//! Local files are opened where they are said to be, as every debugger does. Nothing is fetched from a network, and `~` is a
//! name like any other: only in what the user types is it the home directory.

use std::path::{Path, PathBuf};

/// A recorded path, unless it leads to another machine: to open such a one on Windows shows that machine who the user is.
pub(crate) fn path(text: &str) -> Option<PathBuf> {
    let remote =
        text.starts_with(r"\\") || cfg!(windows) && text.starts_with(['/', '\\']) && is_pair(text);
    (!remote).then(|| PathBuf::from(text))
}

/// Whether the second character is a slash, too.
fn is_pair(text: &str) -> bool {
    text.get(1..).is_some_and(|it| it.starts_with(['/', '\\']))
}

/// The file of a URL: of a relative one, beside the module, or of one with `file:` on this machine.
pub(crate) fn url(module: Option<&Path>, url: &str) -> Option<PathBuf> {
    if let Some(rest) = url.strip_prefix("file://") {
        let rest = rest.strip_prefix("localhost").unwrap_or(rest);
        return path(rest).filter(|_| rest.starts_with('/'));
    }
    if url.contains("://") {
        return None;
    }
    Some(module?.parent()?.join(path(url)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leads_to_another_machine() {
        for remote in [
            r"\\server\share\app.wasm",
            r"\\?\UNC\server\share",
            r"\\.\pipe\x",
        ] {
            assert_eq!(path(remote), None, "{remote}");
            assert_eq!(url(Some(Path::new("/a/b.wasm")), remote), None, "{remote}");
        }
        for remote in [
            "file://server/share/a.map",
            "https://x/a.map",
            "webpack://a/b.c",
            r"file://\\server\a",
        ] {
            assert_eq!(url(Some(Path::new("/a/b.wasm")), remote), None, "{remote}");
        }
    }

    #[test]
    fn a_path_is_what_it_says() {
        assert_eq!(path("~/a.wasm"), Some("~/a.wasm".into()));
        let module = Some(Path::new("/a/b.wasm"));
        assert_eq!(url(module, "c.map"), Some("/a/c.map".into()));
        assert_eq!(url(module, "~/c.map"), Some("/a/~/c.map".into()));
        assert_eq!(url(None, "c.map"), None);
        for file in ["file:///x/c.map", "file://localhost/x/c.map"] {
            assert_eq!(url(None, file), Some("/x/c.map".into()));
        }
    }
}
