//! The completions and man pages as their users have them: bash completes, and each subcommand has a page.

use std::fs;
use std::process::Command;

use libtest_mimic::Failed;

const WDB: &str = env!("CARGO_BIN_EXE_wdb");

/// What bash offers after `wdb` and `words`.
fn offered(words: &[&str]) -> Result<String, Failed> {
    let directory = tempfile::tempdir()?;
    let script = directory.path().join("wdb.bash");
    let printed = Command::new(WDB).args(["completions", "bash"]).output()?;
    fs::write(&script, printed.stdout)?;
    // What bash does when the user presses Tab at the end of the last word.
    let complete = r#"
        source "$1"; shift
        COMP_WORDS=(wdb "$@") COMP_CWORD=$#
        _wdb wdb "${@: -1}" "${@: -2:1}"
        echo "${COMPREPLY[@]}""#;
    let output = Command::new("bash")
        .args(["--norc", "-c", complete, "bash"])
        .arg(&script)
        .args(words)
        .output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

pub(crate) fn completions() -> Result<(), Failed> {
    assert_eq!(offered(&["rep"])?, "report");
    assert_eq!(offered(&["run", "--time"])?, "--timeout");
    Ok(())
}

pub(crate) fn man_pages() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let status = Command::new(WDB)
        .arg("man-pages")
        .arg(directory.path())
        .status()?;
    assert!(status.success());
    let help = Command::new(WDB).arg("--help").output()?.stdout;
    let help = String::from_utf8(help)?;
    let commands = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help");
    let mut count = 0;
    for command in commands {
        let page = fs::read_to_string(directory.path().join(format!("wdb-{command}.1")))?;
        assert!(page.contains(".SH SYNOPSIS"), "{command}");
        count += 1;
    }
    assert!(count >= 6, "{count}");
    Ok(())
}
