//! Icons as strokes on a grid of 24, painted at any size in any colour.

use std::f32::consts::{PI, TAU};

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Vec2, pos2, vec2};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    Microphone,
    MicrophoneOff,
    Headphones,
    HeadphonesOff,
    Gear,
    Back,
    Forward,
    Down,
    More,
    Close,
    Check,
    Plus,
    Minus,
    Search,
    Warning,
    Leave,
    Eye,
    EyeOff,
    Link,
    Speech,
    Bell,
    Send,
    Star,
    StarFilled,
    Game,
    AddPerson,
    /// From here to there.
    Direct,
    /// By way of something in the middle.
    Bridge,
    Again,
    /// How good a connection is.
    Signal,
    Record,
    Stop,
}

impl Icon {
    /// Fills `rect`, which should be square.
    pub fn paint(self, painter: &Painter, rect: Rect, color: Color32) {
        let pen = Pen { painter, origin: rect.min, scale: rect.width() / 24.0, color };
        match self {
            Self::Microphone => microphone(&pen),
            Self::MicrophoneOff => {
                microphone(&pen);
                pen.line(&[(3.0, 3.0), (21.0, 21.0)]);
            }
            Self::Headphones => headphones(&pen),
            Self::HeadphonesOff => {
                headphones(&pen);
                pen.line(&[(3.0, 3.0), (21.0, 21.0)]);
            }
            Self::Gear => gear(&pen),
            Self::Back => pen.line(&[(15.0, 5.0), (8.0, 12.0), (15.0, 19.0)]),
            Self::Forward => pen.line(&[(9.0, 5.0), (16.0, 12.0), (9.0, 19.0)]),
            Self::Down => pen.line(&[(6.0, 9.5), (12.0, 15.5), (18.0, 9.5)]),
            Self::More => {
                for x in [5.0, 12.0, 19.0] {
                    pen.dot(x, 12.0, 1.7);
                }
            }
            Self::Close => {
                pen.line(&[(6.0, 6.0), (18.0, 18.0)]);
                pen.line(&[(18.0, 6.0), (6.0, 18.0)]);
            }
            Self::Check => pen.line(&[(5.0, 12.5), (10.0, 17.5), (19.0, 7.0)]),
            Self::Plus => {
                pen.line(&[(12.0, 5.0), (12.0, 19.0)]);
                pen.line(&[(5.0, 12.0), (19.0, 12.0)]);
            }
            Self::Minus => pen.line(&[(5.0, 12.0), (19.0, 12.0)]),
            Self::Search => {
                pen.circle(10.5, 10.5, 6.5);
                pen.line(&[(15.5, 15.5), (20.5, 20.5)]);
            }
            Self::Warning => {
                pen.closed(&[(12.0, 3.5), (22.0, 20.5), (2.0, 20.5)]);
                pen.line(&[(12.0, 10.0), (12.0, 14.5)]);
                pen.dot(12.0, 17.4, 1.2);
            }
            Self::Eye => eye(&pen),
            Self::EyeOff => {
                eye(&pen);
                pen.line(&[(4.0, 4.0), (20.0, 20.0)]);
            }
            Self::Bell => bell(&pen),
            Self::Send => {
                pen.closed(&[(3.5, 4.0), (21.0, 12.0), (3.5, 20.0), (6.5, 12.0)]);
                pen.line(&[(6.5, 12.0), (13.0, 12.0)]);
            }
            Self::Star => pen.closed(&star()),
            Self::StarFilled => pen.filled(&star()),
            Self::AddPerson => {
                pen.circle(9.5, 8.0, 4.0);
                pen.arc((9.5, 21.0), 7.0, PI, TAU);
                pen.line(&[(19.0, 7.0), (19.0, 13.0)]);
                pen.line(&[(16.0, 10.0), (22.0, 10.0)]);
            }
            Self::Game => {
                pen.rounded(2.5, 7.0, 19.0, 10.0, 5.0);
                pen.line(&[(6.0, 12.0), (10.0, 12.0)]);
                pen.line(&[(8.0, 10.0), (8.0, 14.0)]);
                pen.dot(15.0, 13.2, 1.2);
                pen.dot(18.0, 10.8, 1.2);
            }
            Self::Link => {
                pen.line(&[(9.0, 15.0), (15.0, 9.0)]);
                // Two links of a chain, open where the bar goes through.
                pen.line(&[(12.0, 7.0), (14.5, 4.5), (17.0, 4.0), (20.0, 7.0), (19.5, 9.5), (17.0, 12.0)]);
                pen.line(&[(12.0, 17.0), (9.5, 19.5), (7.0, 20.0), (4.0, 17.0), (4.5, 14.5), (7.0, 12.0)]);
            }
            Self::Speech => {
                pen.closed(&[
                    (3.5, 4.5),
                    (20.5, 4.5),
                    (20.5, 16.0),
                    (11.5, 16.0),
                    (7.0, 20.0),
                    (7.0, 16.0),
                    (3.5, 16.0),
                ]);
            }
            Self::Direct => {
                pen.dot(5.0, 12.0, 3.0);
                pen.dot(19.0, 12.0, 3.0);
                pen.line(&[(5.0, 12.0), (19.0, 12.0)]);
            }
            Self::Bridge => {
                pen.dot(4.5, 17.5, 2.6);
                pen.dot(19.5, 17.5, 2.6);
                pen.circle(12.0, 7.0, 3.0);
                pen.line(&[(4.5, 17.5), (10.0, 9.5)]);
                pen.line(&[(19.5, 17.5), (14.0, 9.5)]);
            }
            Self::Again => {
                pen.arc((12.0, 12.0), 8.0, -0.15 * PI, 1.5 * PI);
                pen.line(&[(8.5, 1.5), (12.5, 4.0), (8.5, 7.5)]);
            }
            Self::Signal => {
                pen.line(&[(5.0, 20.0), (5.0, 15.0)]);
                pen.line(&[(12.0, 20.0), (12.0, 10.0)]);
                pen.line(&[(19.0, 20.0), (19.0, 4.0)]);
            }
            Self::Record => {
                pen.circle(12.0, 12.0, 9.0);
                pen.dot(12.0, 12.0, 4.5);
            }
            Self::Stop => {
                pen.circle(12.0, 12.0, 9.0);
                pen.rounded(9.0, 9.0, 6.0, 6.0, 1.0);
            }
            Self::Leave => {
                pen.line(&[(10.0, 4.0), (4.0, 4.0), (4.0, 20.0), (10.0, 20.0)]);
                pen.line(&[(9.5, 12.0), (20.0, 12.0)]);
                pen.line(&[(15.5, 7.5), (20.0, 12.0), (15.5, 16.5)]);
            }
        }
    }
}

struct Pen<'a> {
    painter: &'a Painter,
    origin: Pos2,
    scale: f32,
    color: Color32,
}

impl Pen<'_> {
    fn at(&self, (x, y): (f32, f32)) -> Pos2 {
        self.origin + vec2(x, y) * self.scale
    }

    fn stroke(&self) -> Stroke {
        Stroke::new((2.0 * self.scale).max(1.2), self.color)
    }

    fn line(&self, points: &[(f32, f32)]) {
        self.painter.add(Shape::line(points.iter().map(|p| self.at(*p)).collect(), self.stroke()));
    }

    fn closed(&self, points: &[(f32, f32)]) {
        self.painter.add(Shape::closed_line(points.iter().map(|p| self.at(*p)).collect(), self.stroke()));
    }

    /// From the middle of the grid, which may be any shape that is seen whole from there.
    fn filled(&self, points: &[(f32, f32)]) {
        let middle = self.at((12.0, 12.5));
        let next = points.iter().cycle().skip(1);
        for (from, to) in points.iter().zip(next) {
            let corners = vec![middle, self.at(*from), self.at(*to)];
            self.painter.add(Shape::convex_polygon(corners, self.color, Stroke::NONE));
        }
        self.closed(points);
    }

    fn circle(&self, x: f32, y: f32, radius: f32) {
        self.painter.circle_stroke(self.at((x, y)), radius * self.scale, self.stroke());
    }

    fn dot(&self, x: f32, y: f32, radius: f32) {
        self.painter.circle_filled(self.at((x, y)), radius * self.scale, self.color);
    }

    fn rounded(&self, x: f32, y: f32, width: f32, height: f32, radius: f32) {
        let rect = Rect::from_min_size(self.at((x, y)), Vec2::new(width, height) * self.scale);
        self.painter.rect_stroke(rect, radius * self.scale, self.stroke(), StrokeKind::Middle);
    }

    /// Clockwise from `from` to `to` in radians, 0 being to the right.
    fn arc(&self, (x, y): (f32, f32), radius: f32, from: f32, to: f32) {
        let center = self.at((x, y));
        self.painter.add(Shape::line(arc(center, radius * self.scale, from, to), self.stroke()));
    }
}

/// The points of an arc, clockwise from `from` to `to` in radians, 0 being to the right.
pub fn arc(center: Pos2, radius: f32, from: f32, to: f32) -> Vec<Pos2> {
    const STEPS: usize = 24;
    let angle = |i: usize| from + (to - from) * i as f32 / STEPS as f32;
    (0..=STEPS).map(|i| center + radius * Vec2::angled(angle(i))).collect()
}

fn microphone(pen: &Pen<'_>) {
    pen.rounded(9.0, 2.0, 6.0, 12.0, 3.0);
    pen.arc((12.0, 11.0), 7.0, PI, 0.0);
    pen.line(&[(12.0, 18.0), (12.0, 22.0)]);
}

fn headphones(pen: &Pen<'_>) {
    pen.arc((12.0, 12.0), 8.0, PI, TAU);
    pen.line(&[(4.0, 12.0), (4.0, 14.0)]);
    pen.line(&[(20.0, 12.0), (20.0, 14.0)]);
    pen.rounded(3.0, 14.0, 5.0, 7.0, 2.0);
    pen.rounded(16.0, 14.0, 5.0, 7.0, 2.0);
}

fn bell(pen: &Pen<'_>) {
    pen.arc((12.0, 10.0), 6.0, PI, TAU);
    pen.line(&[(6.0, 10.0), (6.0, 13.5), (4.0, 17.0), (20.0, 17.0), (18.0, 13.5), (18.0, 10.0)]);
    pen.line(&[(10.0, 20.5), (14.0, 20.5)]);
}

fn star() -> Vec<(f32, f32)> {
    const POINTS: usize = 5;
    (0..2 * POINTS)
        .map(|corner| {
            let radius = if corner % 2 == 0 { 9.5 } else { 4.0 };
            let point =
                pos2(12.0, 12.5) + radius * Vec2::angled(corner as f32 * PI / POINTS as f32 - PI / 2.0);
            (point.x, point.y)
        })
        .collect()
}

fn eye(pen: &Pen<'_>) {
    // Two flat arcs that meet in the corners.
    pen.arc((12.0, 18.5), 12.0, 1.18 * PI, 1.82 * PI);
    pen.arc((12.0, 5.5), 12.0, 0.18 * PI, 0.82 * PI);
    pen.circle(12.0, 12.0, 3.0);
}

fn gear(pen: &Pen<'_>) {
    const TEETH: usize = 8;
    let step = TAU / TEETH as f32;
    let outline: Vec<(f32, f32)> = (0..TEETH)
        .flat_map(|tooth| {
            let middle = tooth as f32 * step;
            [(-0.34, 7.2), (-0.22, 10.0), (0.22, 10.0), (0.34, 7.2)].map(|(turn, radius)| {
                let point = pos2(12.0, 12.0) + radius * Vec2::angled(middle + turn * step);
                (point.x, point.y)
            })
        })
        .collect();
    pen.closed(&outline);
    pen.circle(12.0, 12.0, 3.2);
}
