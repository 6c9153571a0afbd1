//! A report as a list of lines. It may have hundreds; it costs what is seen of it.

use egui::{Align2, Color32, Rect, Sense, Ui, WidgetInfo, accesskit::Role, pos2, vec2};

use crate::{
    model::{Absent, Difference, EndpointReport, Finding, Report},
    ui::{display::one_line, theme, theme::palette, widgets, wording::keeping},
};

const ROW_HEIGHT: f32 = 26.0;
const COUNT_WIDTH: f32 = 52.0;
const INDENT: f32 = 12.0;

enum Row<'a> {
    Endpoint(&'a EndpointReport),
    Finding(&'a Finding),
    /// Further findings than a report holds.
    More(u64),
    Absent(&'a Absent),
    UnusedHeading,
    Unused(&'static str, u64),
}

pub fn show(ui: &mut Ui, report: &Report) {
    let rows = rows(report);
    let size = vec2(ui.available_width(), rows.len() as f32 * ROW_HEIGHT);
    let (whole, _) = ui.allocate_exact_size(size, Sense::hover());
    let seen = ui.clip_rect();
    let index = |y: f32| ((y - whole.top()) / ROW_HEIGHT).max(0.0) as usize;
    let last = index(seen.bottom()) + 1;
    for (index, row) in rows.iter().enumerate().take(last).skip(index(seen.top())) {
        let top = pos2(whole.left(), whole.top() + index as f32 * ROW_HEIGHT);
        let rect = Rect::from_min_size(top, vec2(whole.width(), ROW_HEIGHT));
        row.show(ui, rect, index);
    }
}

fn rows(report: &Report) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for endpoint in &report.endpoints {
        rows.push(Row::Endpoint(endpoint));
        rows.extend(endpoint.findings.iter().map(Row::Finding));
        if endpoint.more_findings > 0 {
            rows.push(Row::More(endpoint.more_findings));
        }
        rows.extend(endpoint.absent.iter().map(Row::Absent));
    }
    if !report.unused.is_empty() {
        rows.push(Row::UnusedHeading);
    }
    rows.extend(report.unused.iter().map(|(name, count)| Row::Unused(name, *count)));
    rows
}

impl Row<'_> {
    fn is_heading(&self) -> bool {
        matches!(self, Self::Endpoint(_) | Self::UnusedHeading)
    }

    /// What it is, what there is to say of it, and how often.
    fn words(&self) -> (String, String, Option<u64>) {
        match self {
            Self::Endpoint(endpoint) => (endpoint.name.to_owned(), counts(endpoint), None),
            Self::Finding(finding) => {
                let path = if finding.path.is_empty() { "the body itself" } else { &finding.path };
                let what = format!("{}: {}", finding.part, one_line(path));
                (what, one_line(&keeping::difference(&finding.difference)), Some(finding.count))
            }
            Self::More(count) => ("further differences".to_owned(), String::new(), Some(*count)),
            Self::Absent(absent) => {
                let what = format!("{}: {}", absent.part, one_line(&absent.path));
                (what, "optional, not there".to_owned(), Some(absent.count))
            }
            Self::UnusedHeading => ("Seen, not used by Partyline".to_owned(), String::new(), None),
            Self::Unused(name, count) => ((*name).to_owned(), String::new(), Some(*count)),
        }
    }

    fn show(&self, ui: &mut Ui, rect: Rect, index: usize) {
        let colours = palette(ui);
        let (what, difference, count) = self.words();
        let spoken = [Some(what.as_str()), Some(difference.as_str()).filter(|text| !text.is_empty())];
        let mut spoken = spoken.into_iter().flatten().collect::<Vec<_>>().join(", ");
        if let Some(count) = count {
            spoken = format!("{spoken}, {count} times");
        }
        let response = ui.interact(rect, ui.scope_id().with(("report", index)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &spoken));

        let painter = ui.painter();
        let middle = rect.center().y;
        let mut left = rect.left();
        let mut right = rect.right();
        if self.is_heading() {
            widgets::hairline(ui, rect.left(), rect.right(), rect.top() + 0.5);
        } else {
            left += INDENT;
        }
        if let Some(count) = count {
            let at = pos2(left, middle);
            let text = format!("{count} ×");
            let font = theme::small();
            widgets::paint_line(painter, at, Align2::LEFT_CENTER, &text, font, colours.dim, COUNT_WIDTH);
            left += COUNT_WIDTH;
        }
        let room = (right - left) * if difference.is_empty() { 1.0 } else { 0.45 };
        let at = pos2(right, middle);
        let (place, cut_right) = widgets::paint_line(
            painter,
            at,
            Align2::RIGHT_CENTER,
            &difference,
            theme::small(),
            self.color(colours),
            room,
        );
        if !difference.is_empty() {
            right = place.left() - 12.0;
        }
        let font = if self.is_heading() { theme::semibold(13.0) } else { theme::small() };
        let at = pos2(left, middle);
        let (_, cut_left) =
            widgets::paint_line(painter, at, Align2::LEFT_CENTER, &what, font, colours.text, right - left);
        if cut_left || cut_right {
            response.on_hover_text(spoken);
        }
    }

    /// Of the difference: grave where the client would stumble, quiet where it would not notice.
    fn color(&self, colours: &theme::Palette) -> Color32 {
        match self {
            Self::Finding(Finding { difference: Difference::Unknown, .. }) => colours.dim,
            Self::Finding(_) => colours.warn,
            Self::Endpoint(endpoint) if endpoint.failed > 0 => colours.warn,
            Self::Endpoint(_) | Self::More(_) | Self::Absent(_) | Self::UnusedHeading | Self::Unused(..) => {
                colours.dim
            }
        }
    }
}

/// `12 seen, 11 parsed, 1 not parsed`.
fn counts(endpoint: &EndpointReport) -> String {
    let mut text = format!("{} seen, {} parsed", endpoint.seen, endpoint.parsed);
    for (count, what) in [
        (endpoint.failed, "not parsed"),
        (endpoint.refused, "refused"),
        (endpoint.not_examined, "without a body"),
        (endpoint.unjudged, "with a body missing or too large"),
    ] {
        if count > 0 {
            text.push_str(&format!(", {count} {what}"));
        }
    }
    text
}
