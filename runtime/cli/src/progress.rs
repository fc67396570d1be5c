use std::io::{self, IsTerminal as _};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use godwit_model::text::shown;
use indicatif::{ProgressBar, ProgressStyle};

/// Below this, saying what is being done would only flicker.
const PATIENCE: Duration = Duration::from_secs(1);

/// Says on a terminal what takes so long, from the first second until dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    shown: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Shows what `work` is, for as long as it takes.
    pub(crate) fn during<T>(doing: impl Into<String>, work: impl FnOnce() -> T) -> T {
        let _shown = Self::new(doing);
        work()
    }

    pub(crate) fn new(doing: impl Into<String>) -> Self {
        if !io::stderr().is_terminal() {
            return Self { shown: None };
        }
        let doing = shown(&doing.into());
        let (done, is_done) = mpsc::channel::<()>();
        let show = move || {
            if is_done.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})");
            let line = ProgressBar::new_spinner().with_message(doing);
            let line = match style {
                Ok(style) => line.with_style(style),
                Err(_) => line,
            };
            line.enable_steady_tick(Duration::from_millis(100));
            let _ = is_done.recv();
            line.finish_and_clear();
        };
        let thread = thread::Builder::new().name("progress".to_owned()).spawn(show);
        Self { shown: thread.ok().map(|thread| (done, thread)) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((done, thread)) = self.shown.take() {
            drop(done);
            // The line is cleared before anything else is printed.
            let _ = thread.join();
        }
    }
}
