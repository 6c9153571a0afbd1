//! One connection: a row that says it in short, and below it everything while it is open.

use egui::{
    Align2, CornerRadius, Frame, Margin, Rect, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo,
    accesskit::Role, pos2, vec2,
};

use crate::{
    client::SignedIn,
    model::{LinkPhase, LinkReport, LinkSample, OtherEnd},
    ui::{
        display::one_line,
        names, theme,
        theme::palette,
        widgets::{self, Icon},
        wording::links as words,
    },
};

const FACT_WIDTH: f32 = 210.0;
const FACT_HEIGHT: f32 = 42.0;
const PLOT_WIDTH: f32 = 170.0;

/// Returns whether its row was pressed.
pub fn show(ui: &mut Ui, signed_in: &SignedIn, link: &LinkReport, open: bool, addresses: &mut bool) -> bool {
    let pressed = row(ui, signed_in, link, open);
    if open {
        let colours = palette(ui);
        let radius = CornerRadius { nw: 0, ne: 0, sw: theme::CARD_RADIUS, se: theme::CARD_RADIUS };
        // One card: the line between them is one.
        ui.add_space(-ui.spacing().item_spacing.y - 1.0);
        Frame::new()
            .fill(colours.card)
            .stroke(Stroke::new(1.0, colours.line))
            .corner_radius(radius)
            .inner_margin(Margin::same(16))
            .show(ui, |ui| {
                ui.set_width(ui.available_width());
                ui.spacing_mut().item_spacing = vec2(12.0, 12.0);
                plots(ui, &link.history);
                facts(ui, link);
                ways(ui, link, addresses);
            });
    }
    ui.add_space(if open { 8.0 } else { 0.0 });
    pressed
}

fn row(ui: &mut Ui, signed_in: &SignedIn, link: &LinkReport, open: bool) -> bool {
    let colours = palette(ui);
    let name = match link.with {
        OtherEnd::Bridge => "The party's bridge".to_owned(),
        OtherEnd::Member(account) => {
            names::known(signed_in, account).map_or("Somebody".to_owned(), |name| one_line(name.as_str()))
        }
    };
    let short = words::in_short(link);
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), theme::ROW_HEIGHT), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, open, format!("{name}, {short}")));
    widgets::scroll_to_focus(&response);
    if !ui.is_rect_visible(rect) {
        return response.clicked();
    }

    let radius = match open {
        true => CornerRadius { nw: theme::CARD_RADIUS, ne: theme::CARD_RADIUS, sw: 0, se: 0 },
        false => CornerRadius::same(theme::CARD_RADIUS),
    };
    let painter = ui.painter();
    painter.rect(rect, radius, colours.card, Stroke::new(1.0, colours.line), StrokeKind::Inside);
    if response.hovered() {
        painter.rect_filled(rect, radius, colours.line.gamma_multiply(0.35));
    }
    widgets::focus_ring(ui, &response, rect, f32::from(theme::CARD_RADIUS));

    let icon = match (link.state, link.with) {
        (LinkPhase::Connecting, _) => Icon::More,
        (LinkPhase::Interrupted, _) => Icon::Again,
        (LinkPhase::Connected, OtherEnd::Bridge) => Icon::Bridge,
        (LinkPhase::Connected, OtherEnd::Member(_)) => Icon::Direct,
    };
    let color = if link.state == LinkPhase::Interrupted { colours.warn } else { colours.dim };
    let at = rect.left_center() + vec2(16.0, 0.0);
    icon.paint(painter, Align2::LEFT_CENTER.anchor_size(at, Vec2::splat(16.0)), color);
    let fold = if open { Icon::Down } else { Icon::Forward };
    let at = rect.right_center() - vec2(16.0, 0.0);
    fold.paint(painter, Align2::RIGHT_CENTER.anchor_size(at, Vec2::splat(14.0)), colours.faint);

    // What is measured keeps its room; a long name is cut.
    let (left, right) = (rect.left() + 44.0, rect.right() - 42.0);
    let at = pos2(right, rect.center().y);
    let room = (right - left) * 0.62;
    let (text, _) =
        widgets::paint_line(painter, at, Align2::RIGHT_CENTER, &short, theme::small(), color, room);
    let at = pos2(left, rect.center().y);
    let room = text.left() - 12.0 - left;
    let (_, cut) =
        widgets::paint_line(painter, at, Align2::LEFT_CENTER, &name, theme::strong(), colours.text, room);
    let response = if cut { response.on_hover_text(name) } else { response };
    response.clicked()
}

fn plots(ui: &mut Ui, history: &[LinkSample]) {
    let width = ui.available_width();
    let gap = ui.spacing().item_spacing.x;
    let columns = (((width + gap) / (PLOT_WIDTH + gap)) as usize).clamp(1, 3);
    // A fraction too much, and the last would be on a line of its own.
    let each = ((width - gap * (columns - 1) as f32) / columns as f32).floor();
    let values = |of: fn(&LinkSample) -> Option<f32>| history.iter().map(of).collect::<Vec<_>>();
    let millis = |value: f32| format!("{value:.0} ms");
    ui.horizontal_wrapped(|ui| {
        let rtt = values(|sample| sample.rtt.map(|rtt| rtt.as_secs_f32() * 1000.0));
        widgets::plot(ui, "Round trip", each, &rtt, 50.0, millis);
        // One curve: what is lost on the way here is what is heard.
        let loss = values(|sample| Some(sample.lost_here * 100.0));
        widgets::plot(ui, "Lost here", each, &loss, 5.0, |value| words::share(value / 100.0));
        let buffer = values(|sample| Some(sample.buffer.as_secs_f32() * 1000.0));
        widgets::plot(ui, "Buffer", each, &buffer, 100.0, millis);
    });
}

fn facts(ui: &mut Ui, link: &LinkReport) {
    grid(ui, &words::facts(link));
}

/// The two addresses, once they are asked for.
fn ways(ui: &mut Ui, link: &LinkReport, addresses: &mut bool) {
    let Some(pair) = &link.path else { return };
    if widgets::text_button(ui, if *addresses { "Hide addresses" } else { "Show addresses" }).clicked() {
        *addresses = !*addresses;
    }
    if *addresses {
        let of = |address: &str| one_line(address);
        grid(
            ui,
            &[
                ("Address here", of(pair.local.address.as_str())),
                ("Address there", of(pair.remote.address.as_str())),
            ],
        );
    }
}

/// Names and what they stand for, in as many columns as there is room for.
fn grid(ui: &mut Ui, facts: &[(&'static str, String)]) {
    let (width, gap) = (ui.available_width(), ui.spacing().item_spacing.x);
    let columns = (((width + gap) / (FACT_WIDTH + gap)) as usize).max(1);
    let each = (width - gap * (columns - 1) as f32) / columns as f32;
    let rows = facts.len().div_ceil(columns);
    let (rect, _) = ui.allocate_exact_size(vec2(width, rows as f32 * FACT_HEIGHT), Sense::hover());
    for (index, (name, value)) in facts.iter().enumerate() {
        let (column, row) = (index % columns, index / columns);
        let offset = vec2(column as f32 * (each + gap), row as f32 * FACT_HEIGHT);
        let place = Rect::from_min_size(rect.min + offset, vec2(each, FACT_HEIGHT));
        widgets::place(ui, place, egui::Layout::default(), |ui| widgets::fact(ui, name, value));
    }
}
