//! Opening the window, and saying so in a sentence where that does not work. Main thread.

use eframe::NativeOptions;
use egui::ViewportBuilder;

use super::{App, SandboxOffer, Start, StartFailure, fonts, start::waker};

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    #[error("There is no display to open a window on.")]
    NoDisplay(#[source] eframe::Error),
    #[error("The window could not be opened: its graphics did not start.")]
    Graphics(#[source] eframe::Error),
    #[error("{0}")]
    Client(StartFailure),
}

const ICON: &[u8] = include_bytes!("../../assets/icon.png");

/// Opens the window and runs until it is closed. `start` is called once the window is there, with what wakes it, and
/// returns the client that it shows. The client gets [`crate::client::Command::Quit`] when the window closes; waiting
/// for its end is the caller's. `sandbox`, where given, is what "Try the sandbox" starts.
///
/// # Errors
/// No display, or no usable graphics on it. `start` was not called then.
pub fn run(start: Start, sandbox: Option<Start>) -> Result<(), WindowError> {
    let mut viewport = ViewportBuilder::default()
        .with_title("Partyline")
        .with_app_id("partyline")
        .with_inner_size([1280.0, 800.0])
        .with_min_inner_size([480.0, 360.0]);
    match eframe::icon_data::from_png_bytes(ICON) {
        Ok(icon) => viewport = viewport.with_icon(icon),
        Err(error) => tracing::warn!(%error, "the icon could not be read"),
    }
    // Ours looks for fonts no sooner than one is missing.
    let options = NativeOptions { viewport, system_font_fallback: false, ..Default::default() };
    let create = |creation: &eframe::CreationContext<'_>| {
        let ctx = &creation.egui_ctx;
        fonts::fall_back_on_the_system(ctx);
        let handle = start(waker(ctx))?;
        let app: Box<dyn eframe::App> = Box::new(App::new(ctx, handle, SandboxOffer::new(sandbox)));
        Ok(app)
    };
    eframe::run_native("partyline", options, Box::new(create)).map_err(|error| match error {
        eframe::Error::AppCreation(failure) => WindowError::Client(failure),
        eframe::Error::Winit(_) | eframe::Error::WinitEventLoop(_) => WindowError::NoDisplay(error),
        _ => WindowError::Graphics(error),
    })
}
