//! The signals that are sent to wdb: Ctrl-C, which what is at work may take, and those that end the process.

use anyhow::Context;
use wdb_terminal::CtrlC;

use crate::core_file;

/// Listens from now on. Ctrl-C ends the process until something begins that it can stop; SIGTERM and SIGHUP end it at
/// once. No end leaves half a dump, and none comes before a finished dump has its name.
pub(crate) fn listen() -> anyhow::Result<CtrlC> {
    let ctrl_c = CtrlC::new(core_file::clean_up);
    let handler = ctrl_c.clone();
    ctrlc::set_handler(move || handler.pressed()).context("cannot listen for Ctrl-C")?;
    #[cfg(unix)]
    unix::listen(&ctrl_c).context("cannot listen for signals")?;
    Ok(ctrl_c)
}

#[cfg(unix)]
mod unix {
    use std::io;
    use std::sync::Arc;

    use nix::sys::signal::{SigHandler, Signal, signal};
    use signal_hook::consts::{SIGHUP, SIGTERM, SIGXFSZ};
    use signal_hook::iterator::Signals;
    use wdb_terminal::CtrlC;

    pub(super) fn listen(ctrl_c: &CtrlC) -> io::Result<()> {
        // A file that grows beyond the limit is an error of the write, and not the end of the process.
        signal_hook::flag::register(SIGXFSZ, Arc::default())?;
        let mut ends = vec![SIGTERM];
        if !ignores_hangup()? {
            ends.push(SIGHUP);
        }
        let mut signals = Signals::new(ends)?;
        let ctrl_c = ctrl_c.clone();
        std::thread::Builder::new()
            .name("signals".into())
            .spawn(move || {
                if let Some(signal) = signals.forever().next() {
                    ctrl_c.prepare_end();
                    // As it ends a process that does not handle it, so that the parent sees it. The first process of a
                    // container cannot be ended so.
                    if std::process::id() != 1 {
                        _ = signal_hook::low_level::emulate_default_handler(signal);
                    }
                    std::process::exit(128 + signal)
                }
            })?;
        Ok(())
    }

    /// Whether the process was started to outlive its terminal (nohup).
    fn ignores_hangup() -> io::Result<bool> {
        // There is no other way to ask without unsafe code.
        // SAFETY: to ignore a signal is no handler, so no code of ours runs at one.
        #[allow(unsafe_code)]
        let before = unsafe { signal(Signal::SIGHUP, SigHandler::SigIgn) }?;
        let ignored = matches!(before, SigHandler::SigIgn);
        if !ignored {
            // SAFETY: as above; the default is no code of ours either.
            #[allow(unsafe_code)]
            unsafe { signal(Signal::SIGHUP, SigHandler::SigDfl) }?;
        }
        Ok(ignored)
    }
}
