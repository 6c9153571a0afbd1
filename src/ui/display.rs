//! Text from outside made fit for one line of the window. Pure.

/// More than any honest name; the rest of a longer one is cut.
const MAX_CHARS: usize = 96;
/// Marks stacked on one letter; honest scripts stay below, "zalgo" text does not.
const MAX_MARKS: usize = 3;

/// `text` on one line: no control characters, no direction overrides, nothing invisible, no towers of marks, and
/// never longer than a line can be. Text without anything visible becomes `(no name)`.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(MAX_CHARS * 4));
    let mut length = 0;
    let mut marks = 0;
    for c in text.chars() {
        let c = if c.is_whitespace() { ' ' } else { c };
        if is_hidden(c) || (c == ' ' && (line.is_empty() || line.ends_with(' '))) {
            continue;
        }
        marks = if is_mark(c) { marks + 1 } else { 0 };
        if marks > MAX_MARKS {
            continue;
        }
        if length == MAX_CHARS {
            line.push('…');
            break;
        }
        line.push(c);
        length += 1;
    }
    line.truncate(line.trim_end().len());
    if line.is_empty() { "(no name)".to_owned() } else { line }
}

/// The two letters of an avatar without a picture.
pub fn initials(name: &str) -> String {
    let letters: String = name.chars().filter(|c| c.is_alphanumeric()).take(2).collect();
    if letters.is_empty() { "?".to_owned() } else { letters.to_uppercase() }
}

/// Steers the text around it, or takes no room: both let one name pass for another.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036f}' | '\u{0483}'..='\u{0489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_name_stays_as_it_is() {
        assert_eq!(one_line("Kestrel_9"), "Kestrel_9");
        assert_eq!(one_line("Žofie Ångström"), "Žofie Ångström");
    }

    #[test]
    fn a_hostile_name_stays_on_its_line() {
        assert_eq!(one_line("two\nlines\r\n\tand a tab"), "two lines and a tab");
        assert_eq!(one_line("safe\u{202e}gnp.exe\u{2066}"), "safegnp.exe");
        assert_eq!(one_line("\u{0}\u{7}bell\u{1b}[31m"), "bell[31m");
        assert_eq!(one_line("\u{200b}\u{feff} \n"), "(no name)");
    }

    #[test]
    fn an_endless_name_is_cut() {
        let line = one_line(&"x".repeat(10_000));
        assert_eq!(line.chars().count(), MAX_CHARS + 1);
        assert!(line.ends_with('…'));
    }

    #[test]
    fn marks_do_not_pile_up() {
        let line = one_line(&format!("a{}b", "\u{0301}".repeat(500)));
        assert_eq!(line.chars().count(), 2 + MAX_MARKS);
    }

    #[test]
    fn initials_skip_what_is_no_letter() {
        assert_eq!(initials("_x_Nova"), "XN");
        assert_eq!(initials("marlow_87"), "MA");
        assert_eq!(initials("--"), "?");
    }
}
