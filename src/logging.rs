//! The log: a file a day beside the settings, five of them; on stderr instead where there is no window. It never holds a token, and
//! ids and names print redacted by their types.

use partyline::store::Paths;
use tracing_appender::{
    non_blocking::WorkerGuard,
    rolling::{RollingFileAppender, Rotation},
};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, filter_fn},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// Other crates log addresses: they are silent unless asked for by name.
const FILTER: &str = "off,partyline=info";
const FILTER_STDERR: &str = "off,partyline=warn";
const FILES_KEPT: usize = 5;

/// `PARTYLINE_LOG` overrides what is logged, in the syntax of `RUST_LOG`, for this program's own lines alone: other crates
/// print headers with tokens at their finest levels. Keep the guard until the end: it flushes.
pub fn start(paths: Option<&Paths>, to_file: bool) -> Option<WorkerGuard> {
    let filter = |usual: &str| EnvFilter::try_from_env("PARTYLINE_LOG").unwrap_or_else(|_| usual.into());
    let ours = filter_fn(|line| line.target().starts_with("partyline"));
    let file = paths.filter(|_| to_file).and_then(|paths| {
        std::fs::create_dir_all(paths.logs()).ok()?;
        RollingFileAppender::builder()
            .rotation(Rotation::DAILY)
            .filename_prefix("partyline")
            .filename_suffix("log")
            .max_log_files(FILES_KEPT)
            .build(paths.logs())
            .ok()
    });
    let (layer, guard) = match file {
        Some(file) => {
            let (writer, guard) = tracing_appender::non_blocking(file);
            let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(writer);
            (layer.with_filter(filter(FILTER).and(ours)).boxed(), Some(guard))
        }
        None => {
            let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
            (layer.with_filter(filter(FILTER_STDERR).and(ours)).boxed(), None)
        }
    };
    tracing_subscriber::registry().with(layer).init();
    log_panics();
    guard
}

/// A panic is a bug: it belongs into the log as well as on stderr.
fn log_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
        usual(panic);
    }));
}
