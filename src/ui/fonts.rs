//! Fonts of the system for what the bundled one lacks: found in a thread of their own, and not before a glyph is missing.
//! Looking for one font among those found, and mapping it into memory, is the window's thread's.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use egui::{Context, FallbackRequest, FontFamily, FontProvider, epaint::text::FontInsert};
use egui_system_font_provider::SystemFontProvider;

/// Lets texts of any script, and emoji, find their glyphs. Once per window. Until they are found, or where the system has
/// none, boxes stand in.
pub fn fall_back_on_the_system(ctx: &Context) {
    ctx.add_font_provider(Arc::new(NotLookedFor { ctx: ctx.clone(), asked: AtomicBool::new(false) }));
}

/// Stands in until a glyph is missing: somebody who never meets one pays nothing.
struct NotLookedFor {
    ctx: Context,
    asked: AtomicBool,
}

impl FontProvider for NotLookedFor {
    fn font_for(&self, _request: &FallbackRequest<'_>) -> Option<FontInsert> {
        if !self.asked.swap(true, Ordering::Relaxed) {
            let ctx = self.ctx.clone();
            let spawned = thread::Builder::new().name("ui-fonts".to_owned()).spawn(move || look(&ctx));
            if let Err(error) = spawned {
                tracing::warn!(%error, "fonts of the system are not looked for");
            }
        }
        None
    }
}

/// The first answer comes when all fonts are listed, which takes long; it must not be a frame that waits for it.
fn look(ctx: &Context) {
    let system = SystemFontProvider::new();
    let request = FallbackRequest { cluster: EMOJI, family: &FontFamily::Proportional };
    let emoji = system.font_for(&request);
    tracing::debug!(emoji = emoji.is_some(), "the fonts of the system are listed");
    ctx.set_font_providers(vec![Arc::new(Found { system, emoji })]);
}

/// In fonts of emoji alone: many a font of text has some of them, without their colours.
const EMOJI: &str = "🧡";

/// The fonts of the system, those of emoji before all.
struct Found {
    system: SystemFontProvider,
    /// It was read once already: what egui is given up front, it must be able to read.
    emoji: Option<FontInsert>,
}

impl FontProvider for Found {
    fn fonts_for_family(&self, _family: &FontFamily) -> Vec<FontInsert> {
        self.emoji.iter().cloned().collect()
    }

    fn font_for(&self, request: &FallbackRequest<'_>) -> Option<FontInsert> {
        self.system.font_for(request)
    }
}
