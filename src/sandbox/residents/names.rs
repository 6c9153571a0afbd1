//! Invented names and lines in many scripts, for neighbours by the thousand: what a client must be able to show.

use std::borrow::Cow;

/// Beginnings of online ids. The service's own are plain; a client must not rely on it.
const STEMS: [&str; 32] = [
    "quillback",
    "Fernhollow",
    "dusk-and-dawn",
    "RUST_BELT",
    "Северный_ветер",
    "тихая_гавань",
    "Ёжик",
    "Βόρειος",
    "μικρό_λιμάνι",
    "潮騒",
    "ゆきあかり",
    "カモメ",
    "静かな港",
    "海风",
    "夜航船",
    "등대지기",
    "바람개비",
    "نسيم_البحر",
    "قمر",
    "שקט_בנמל",
    "גשם",
    "नाविक",
    "เรือใบ",
    "🦊fox",
    "🌙✨",
    "👩‍👩‍👧‍👦crew",
    "🏴‍☠️jolly",
    "Zo\u{308}e\u{301}",
    "Z\u{351}\u{36b}\u{343}a\u{30d}\u{316}lg\u{321}o",
    "Ñandú",
    "ﬁn_ﬂow",
    "İstanbul_ışık",
];

/// Real names, of those who have one.
const REAL_NAMES: [(&str, &str); 12] = [
    ("Marisol", "Quintero-Vašek"),
    ("Олег", "Тихомиров"),
    ("Ελένη", "Παπαδάκη"),
    ("結衣", "佐々木"),
    ("伟", "欧阳"),
    ("서연", "남궁"),
    ("ليلى", "المنصوري"),
    ("נועה", "בן־דוד"),
    ("अनन्या", "शर्मा"),
    ("Þórdís", "Sæmundsdóttir"),
    ("Nguyễn Thị", "Ánh"),
    ("O", "'"),
];

const ABOUTS: [&str; 8] = [
    "",
    "Night shift, mostly around after two.",
    "Пишите, если нужен четвёртый.",
    "よろしくお願いします！🎮",
    "لا أتكلم كثيرا لكنني ألعب جيدا",
    "two\nlines\tand a tab",
    "",
    "\u{202e}right to left by force\u{202c}",
];

/// What is written in groups: scripts, directions, lengths, and characters that must not reach a terminal.
const LINES: [&str; 20] = [
    "anyone up for a round?",
    "give me ten minutes",
    "gg 😂😂",
    "кто сегодня в гавань?",
    "Είμαι εδώ σε πέντε λεπτά",
    "今夜も集まろう。二十一時でどう？",
    "收到，马上来",
    "오늘은 못 가요 ㅠㅠ",
    "أنا جاهز، من معي؟",
    "אני בא, חכו לי (5 דקות)",
    "mixed: abc אבג 123 دهو xyz",
    "bell \u{7} escape \u{1b}[31mred\u{1b}[0m back\u{8}space nul \u{0} end",
    "\u{202e}gnirts desrever a si siht",
    "zero\u{200b}width\u{200d}joiners\u{feff}and\u{ad}soft hyphens",
    "👨‍👩‍👧‍👦 🏳️‍🌈 🇳🇴 👍🏽 1️⃣",
    "Z\u{351}\u{36b}\u{343}\u{36a}\u{302}a\u{30d}\u{316}\u{32e}l\u{321}\u{353}\u{31e}g\u{321}\u{32e}o",
    "<b>not bold</b> &amp; {not} a %s template",
    "line one\nline two\r\nline three\n\n\nafter a gap",
    "https://party.playstation.com/not-a-real-link",
    "…",
];

/// How often a very long name or line comes.
const LONG_EVERY: usize = 61;
const LONG: usize = 240;

/// The online id of a neighbour: different for every index.
pub(super) fn online_id(index: usize) -> Cow<'static, str> {
    let stem = STEMS.get(index % STEMS.len()).copied().unwrap_or_default();
    let number = index / STEMS.len();
    if index % LONG_EVERY == LONG_EVERY - 1 {
        return Cow::Owned(format!("{}_{index}", stem.repeat(LONG / stem.len())));
    }
    if number == 0 { Cow::Borrowed(stem) } else { Cow::Owned(format!("{stem}_{number}")) }
}

pub(super) fn real_name(index: usize) -> Option<(&'static str, &'static str)> {
    if index.is_multiple_of(3) { REAL_NAMES.get(index / 3 % REAL_NAMES.len()).copied() } else { None }
}

pub(super) fn about(index: usize) -> &'static str {
    ABOUTS.get(index % ABOUTS.len()).copied().unwrap_or_default()
}

/// The name of a group; some have none.
pub(super) fn group(index: usize) -> String {
    match index % 5 {
        0 => String::new(),
        1 => format!("{} & co", online_id(index * 7)),
        _ => format!("{} {}", STEMS.get(index * 3 % STEMS.len()).copied().unwrap_or_default(), index),
    }
}

pub(super) fn line(index: usize) -> Cow<'static, str> {
    if index % LONG_EVERY == LONG_EVERY - 1 {
        return Cow::Owned("and another thing, ".repeat(LONG / 8));
    }
    Cow::Borrowed(LINES.get(index % LINES.len()).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn thousands_of_names_are_all_different_and_some_are_hard() {
        let names: HashSet<_> = (0..5000).map(online_id).collect();
        assert_eq!(names.len(), 5000);
        assert!(names.iter().any(|name| name.len() > 200) && names.iter().any(|name| !name.is_ascii()));
        let lines: Vec<_> = (0..100).map(line).collect();
        assert!(
            lines.iter().any(|line| line.contains('\u{1b}')) && lines.iter().any(|line| line.len() > 500)
        );
    }
}
