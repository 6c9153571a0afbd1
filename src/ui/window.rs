//! Opening the window, and saying so in a sentence where that does not work. Main thread.

use std::sync::Arc;

use eframe::NativeOptions;
use egui::ViewportBuilder;

use super::App;
use crate::client::{Handle, StartError, Waker};

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    #[error("There is no display to open a window on.")]
    NoDisplay(#[source] eframe::Error),
    #[error("The window could not be opened: its graphics did not start.")]
    Graphics(#[source] eframe::Error),
    #[error(transparent)]
    Client(#[from] StartError),
}

const ICON: &[u8] = include_bytes!("../../assets/icon.png");

/// Opens the window and runs until it is closed. `start` is called once the window is there, with what wakes it, and
/// returns the client that it shows. The client gets [`crate::client::Command::Quit`] when the window closes; waiting
/// for its end is the caller's.
///
/// # Errors
/// No display, or no usable graphics on it. `start` was not called then.
pub fn run(start: impl FnOnce(Waker) -> Result<Handle, StartError>) -> Result<(), WindowError> {
    let mut viewport = ViewportBuilder::default()
        .with_title("Partyline")
        .with_app_id("partyline")
        .with_inner_size([1280.0, 800.0])
        .with_min_inner_size([480.0, 360.0]);
    match eframe::icon_data::from_png_bytes(ICON) {
        Ok(icon) => viewport = viewport.with_icon(icon),
        Err(error) => tracing::warn!(%error, "the icon could not be read"),
    }
    let options = NativeOptions { viewport, ..Default::default() };
    let create = |creation: &eframe::CreationContext<'_>| {
        let ctx = creation.egui_ctx.clone();
        let waker: Waker = Arc::new(move || ctx.request_repaint());
        let app: Box<dyn eframe::App> = Box::new(App::new(&creation.egui_ctx, start(waker)?));
        Ok(app)
    };
    eframe::run_native("partyline", options, Box::new(create)).map_err(|error| match error {
        eframe::Error::AppCreation(error) => match error.downcast::<StartError>() {
            Ok(error) => WindowError::Client(*error),
            Err(error) => WindowError::Graphics(eframe::Error::AppCreation(error)),
        },
        eframe::Error::Winit(_) | eframe::Error::WinitEventLoop(_) => WindowError::NoDisplay(error),
        _ => WindowError::Graphics(error),
    })
}
