//! Text that is read from right to left, put into the order it is painted in: egui shapes words, and sets them from left to
//! right whatever they are. Pure.

use std::{borrow::Cow, ops::Range};

use unicode_bidi::{BidiClass, BidiInfo, bidi_class};

/// Whether any of it is read from right to left. All else is egui's own business.
pub fn is_needed(text: &str) -> bool {
    !text.is_ascii() && text.chars().any(is_rtl)
}

/// One line, in the order it is painted in.
pub fn line(text: &str) -> Cow<'_, str> {
    if !is_needed(text) {
        return Cow::Borrowed(text);
    }
    lines(text, |_| true).join(" ").into()
}

/// Every line of `text`, in the order it is painted in. `fits`: whether what is given has room on one line.
pub fn lines(text: &str, fits: impl Fn(&str) -> bool) -> Vec<String> {
    let info = BidiInfo::new(text, None);
    let mut painted = Vec::new();
    for paragraph in &info.paragraphs {
        let content = text.get(paragraph.range.clone()).unwrap_or_default().trim_end_matches('\n');
        let start = paragraph.range.start;
        for range in broken(content, &fits) {
            // The space that a line is broken at would be painted before it.
            let end =
                text.get(start + range.start..start + range.end).map_or(0, |line| line.trim_end().len());
            let range = start + range.start..start + range.start + end;
            if range.is_empty() {
                painted.push(String::new());
                continue;
            }
            let (levels, runs) = info.visual_runs(paragraph, range);
            let mut line = String::new();
            for run in runs {
                let Some(part) = text.get(run.clone()) else { continue };
                match levels.get(run.start) {
                    Some(level) if level.is_rtl() => push_reversed(&mut line, part),
                    _ => line.push_str(part),
                }
            }
            painted.push(line);
        }
    }
    painted
}

/// Where lines begin and end: after a space, as late as it fits.
fn broken(text: &str, fits: &impl Fn(&str) -> bool) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let (mut start, mut end) = (0, 0);
    for word in text.split_inclusive(' ') {
        let longer = end + word.len();
        if end > start && !text.get(start..longer).is_some_and(|line| fits(line.trim_end())) {
            lines.push(start..end);
            start = end;
        }
        end = longer;
    }
    lines.push(start..end);
    lines
}

/// The pieces of a run in reverse. A word stays as it is: the shaper turns it round with its letters joined.
fn push_reversed(line: &mut String, run: &str) {
    let mut pieces: Vec<Range<usize>> = Vec::new();
    let mut in_word = false;
    for (at, c) in run.char_indices() {
        let end = at + c.len_utf8();
        // A mark belongs to what it stands on.
        let joins = in_word && is_of_word(c)
            || bidi_class(c) == BidiClass::NSM
            || matches!(c, '\u{200c}' | '\u{200d}');
        match pieces.last_mut() {
            Some(piece) if joins => piece.end = end,
            _ => {
                pieces.push(at..end);
                in_word = is_of_word(c);
            }
        }
    }
    for piece in pieces.into_iter().rev() {
        let piece = run.get(piece).unwrap_or_default();
        let mut chars = piece.chars();
        match (chars.next(), chars.next()) {
            (Some(one), None) => line.push(mirrored(one)),
            _ => line.push_str(piece),
        }
    }
}

/// The comma of Arabic comes from the font of its letters, and is shaped with them.
fn is_of_word(c: char) -> bool {
    is_rtl(c) || c == '\u{60c}'
}

fn is_rtl(c: char) -> bool {
    !c.is_ascii() && matches!(bidi_class(c), BidiClass::R | BidiClass::AL)
}

fn mirrored(c: char) -> char {
    match c {
        '(' => ')',
        ')' => '(',
        '[' => ']',
        ']' => '[',
        '{' => '}',
        '}' => '{',
        '<' => '>',
        '>' => '<',
        '«' => '»',
        '»' => '«',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_from_the_left_stays_as_it_is() {
        assert!(matches!(line("Žofie, さくら 👍"), Cow::Borrowed(_)));
    }

    #[test]
    fn words_change_places_and_keep_their_letters() {
        assert_eq!(line("שלום עולם"), "עולם שלום");
        assert_eq!(line("Nova: שלום עולם!"), "Nova: עולם שלום!");
        assert_eq!(line("مرحبا، عالم"), "عالم مرحبا،");
        assert_eq!(line("מחר (21:00) PS5"), "PS5 (21:00) מחר");
    }

    #[test]
    fn every_line_is_turned_for_itself() {
        let text = "אחת שתיים שלוש\nfour";
        let painted = lines(text, |line| line.chars().count() <= 9);
        assert_eq!(painted, ["שתיים אחת", "שלוש", "four"]);
    }

    #[test]
    fn a_word_that_fits_nowhere_has_a_line_of_its_own() {
        assert_eq!(lines("אבגדה וזח", |_| false).len(), 2);
        assert_eq!(lines("", |_| false).len(), 0);
    }
}
