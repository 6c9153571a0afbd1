//! Text from outside made fit for the window: names on one line, messages on several. Pure.

use unicode_general_category::{GeneralCategory, get_general_category};

/// More than any honest name; the rest of a longer one is cut.
const MAX_NAME: usize = 96;
/// Twice what the service takes for one message; the rest of a longer one is cut.
const MAX_MESSAGE: usize = 4_000;
/// Lines of one message.
const MAX_LINES: usize = 200;
/// Marks stacked on one letter; honest scripts stay at or below, "zalgo" text does not.
const MAX_MARKS: usize = 4;

/// `text` on one line: no control characters, no direction overrides, nothing invisible, no towers of marks, and
/// never longer than a line can be. Text without anything visible becomes `(no name)`.
pub fn one_line(text: &str) -> String {
    let line = short(text);
    if line.is_empty() { "(no name)".to_owned() } else { line }
}

/// The same, and empty where nothing of it is visible.
pub fn short(text: &str) -> String {
    let mut line = Cleaned::new(MAX_NAME);
    for c in text.chars() {
        let c = if is_blank(c) { ' ' } else { c };
        if c == ' ' && (line.text.is_empty() || line.text.ends_with(' ')) {
            continue;
        }
        if !line.push(c) {
            break;
        }
    }
    line.finish()
}

/// `text` as it was written, line by line, and harmless like [`one_line`]: no more than one empty line in a row, and never
/// longer than a message can be. Empty where nothing of it is visible.
pub fn message(text: &str) -> String {
    let mut cleaned = Cleaned::new(MAX_MESSAGE);
    let mut breaks = 0;
    for c in text.replace("\r\n", "\n").chars() {
        let c = match c {
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
            c if is_blank(c) => ' ',
            c => c,
        };
        if c == '\n' {
            if cleaned.text.is_empty() || cleaned.text.ends_with("\n\n") {
                continue;
            }
            breaks += 1;
            if breaks == MAX_LINES {
                cleaned.text.push('…');
                break;
            }
        }
        if !cleaned.push(c) {
            break;
        }
    }
    cleaned.finish()
}

/// The two letters of an avatar without a picture.
pub fn initials(name: &str) -> String {
    let letters: String = name.chars().filter(|c| c.is_alphanumeric()).take(2).collect();
    if letters.is_empty() { "?".to_owned() } else { letters.to_uppercase() }
}

/// Text that takes in no more than it should.
struct Cleaned {
    text: String,
    /// In characters.
    length: usize,
    limit: usize,
    marks: usize,
    last: char,
}

impl Cleaned {
    fn new(limit: usize) -> Self {
        Self { text: String::new(), length: 0, limit, marks: 0, last: ' ' }
    }

    /// Returns whether there is room for more.
    fn push(&mut self, c: char) -> bool {
        // These make one picture of several and join letters; on plain Latin they would only hide.
        let joins = matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}');
        if joins && (self.last.is_ascii() || matches!(self.last, '\u{200c}' | '\u{200d}')) {
            return true;
        }
        if !joins && c != '\n' && is_hidden(c) {
            return true;
        }
        self.marks = if is_mark(c) { self.marks + 1 } else { 0 };
        if self.marks > MAX_MARKS {
            return true;
        }
        if self.length == self.limit {
            self.text.push('…');
            return false;
        }
        self.text.push(c);
        self.length += 1;
        self.last = c;
        true
    }

    fn finish(mut self) -> String {
        self.text.truncate(self.text.trim_end().len());
        self.text
    }
}

/// Steers the text around it, or takes no room: both let one name pass for another.
fn is_hidden(c: char) -> bool {
    use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator, PrivateUse, Surrogate};
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    matches!(
        get_general_category(c),
        Control | Format | LineSeparator | ParagraphSeparator | PrivateUse | Surrogate
    ) || matches!(c, '\u{034f}' | '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}')
}

/// Room without anything in it, whatever its letter is called.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}'
        )
}

/// Stands on, below or around the letter before it.
fn is_mark(c: char) -> bool {
    !c.is_ascii()
        && matches!(get_general_category(c), GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_name_stays_as_it_is() {
        for name in ["Kestrel_9", "Žofie Ångström", "さくら組", "नमस्ते दोस्तों", "ครอบครัวที่นี่", "👨‍👩‍👧 ❤️", "می‌خواهم"]
        {
            assert_eq!(one_line(name), name);
        }
    }

    #[test]
    fn a_hostile_name_stays_on_its_line() {
        assert_eq!(one_line("two\nlines\r\n\tand a tab"), "two lines and a tab");
        assert_eq!(one_line("safe\u{202e}gnp.exe\u{2066}"), "safegnp.exe");
        assert_eq!(one_line("\u{0}\u{7}bell\u{1b}[31m"), "bell[31m");
        assert_eq!(one_line("\u{200b}\u{feff} \n"), "(no name)");
        assert_eq!(one_line("\u{3164}\u{2800}\u{e0041}"), "(no name)");
        assert_eq!(one_line("No\u{200d}va\u{200c}\u{fe0f}"), "Nova");
    }

    #[test]
    fn an_endless_name_is_cut() {
        let line = one_line(&"x".repeat(10_000));
        assert_eq!(line.chars().count(), MAX_NAME + 1);
        assert!(line.ends_with('…'));
    }

    #[test]
    fn marks_do_not_pile_up() {
        for mark in ["\u{0301}", "\u{0e49}", "\u{0941}", "\u{20dd}", "\u{fe0f}"] {
            let line = one_line(&format!("é{}b", mark.repeat(500)));
            assert!(line.chars().count() <= 2 + MAX_MARKS, "{line:?}");
        }
    }

    #[test]
    fn a_message_keeps_its_lines_and_nothing_that_harms() {
        assert_eq!(message("one\r\ntwo\n\n\n\n\nthree\n\n"), "one\ntwo\n\nthree");
        assert_eq!(message("a\tb\u{202e}c\u{1b}[2J"), "a bc[2J");
        assert_eq!(message("\n\u{200b}\n "), "");
    }

    #[test]
    fn a_message_without_end_is_cut() {
        assert_eq!(message(&"y".repeat(100_000)).chars().count(), MAX_MESSAGE + 1);
        assert_eq!(message(&"y\n".repeat(100_000)).lines().count(), MAX_LINES);
    }

    #[test]
    fn initials_skip_what_is_no_letter() {
        assert_eq!(initials("_x_Nova"), "XN");
        assert_eq!(initials("marlow_87"), "MA");
        assert_eq!(initials("--"), "?");
    }
}
