//! Rows of different heights below each other, and the place in them that stays where it is while others come and go. Pure.

use std::ops::Range;

use super::rows::{Key, Row};

/// Closer to the end than this is at the end, in points.
const AT_END: f32 = 4.0;

/// Where each row begins, from the top of the first, in points.
#[derive(Debug, Default)]
pub struct Column {
    /// One more than there are rows: the last is where all end.
    tops: Vec<f32>,
}

/// What the eye rests on.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Anchor {
    /// The newest message.
    #[default]
    End,
    /// A row, whose end is `below` the upper edge: a name may come or go above its text.
    Row { key: Key, below: f32 },
}

impl Column {
    pub fn new(heights: impl Iterator<Item = f32>) -> Self {
        let mut tops = vec![0.0];
        let mut end = 0.0;
        for height in heights {
            end += height;
            tops.push(end);
        }
        Self { tops }
    }

    pub fn height(&self) -> f32 {
        self.tops.last().copied().unwrap_or(0.0)
    }

    pub fn top(&self, index: usize) -> f32 {
        self.tops.get(index).copied().unwrap_or_else(|| self.height())
    }

    /// The rows between two heights.
    pub fn between(&self, from: f32, to: f32) -> Range<usize> {
        let rows = self.tops.len().saturating_sub(1);
        let first = self.tops.partition_point(|top| *top <= from).saturating_sub(1);
        let end = self.tops.partition_point(|top| *top < to);
        first.min(rows)..end.min(rows)
    }

    /// How far to scroll so that the anchor is where it was, in a view of `room`.
    pub fn offset(&self, anchor: &Anchor, rows: &[Row], room: f32) -> f32 {
        let end = (self.height() - room).max(0.0);
        match anchor {
            Anchor::End => end,
            Anchor::Row { key, below } => match rows.iter().position(|row| row.key == *key) {
                Some(index) => (self.top(index + 1) - below).clamp(0.0, end),
                None => end,
            },
        }
    }

    /// What is looked at after scrolling by `offset`, in a view of `room`.
    pub fn anchor(&self, rows: &[Row], offset: f32, room: f32) -> Anchor {
        if offset + room >= self.height() - AT_END {
            return Anchor::End;
        }
        // A message, for days and the top change when older messages arrive.
        let lasting = |row: &Row| matches!(row.key, Key::Message(_) | Key::Outgoing(_));
        let found = self
            .between(offset, offset + room)
            .find_map(|index| rows.get(index).filter(|row| lasting(row)).map(|row| (index, row)));
        found.map_or(Anchor::End, |(index, row)| Anchor::Row {
            key: row.key.clone(),
            below: self.top(index + 1) - offset,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::rows::Content, *};

    fn rows(names: &[&str]) -> Vec<Row> {
        names
            .iter()
            .map(|name| match *name {
                "top" => Row { key: Key::Top, content: Content::Top },
                uid => {
                    Row { key: Key::Message(uid.into()), content: Content::Message { index: 0, head: false } }
                }
            })
            .collect()
    }

    #[test]
    fn only_rows_in_view_are_met() {
        let column = Column::new([10.0, 20.0, 30.0].into_iter());
        assert_eq!(column.height(), 60.0);
        assert_eq!(column.between(0.0, 10.0), 0..1);
        assert_eq!(column.between(10.0, 31.0), 1..3);
        assert_eq!(column.between(59.0, 500.0), 2..3);
        assert_eq!(Column::new(std::iter::empty()).between(0.0, 100.0), 0..0);
    }

    #[test]
    fn who_reads_stays_where_they_are_when_older_messages_arrive() {
        let few = rows(&["top", "c", "d", "e"]);
        let column = Column::new([30.0, 40.0, 40.0, 40.0].into_iter());
        let anchor = column.anchor(&few, 45.0, 60.0);
        assert_eq!(anchor, Anchor::Row { key: Key::Message("c".into()), below: 25.0 });
        let more = rows(&["top", "a", "b", "c", "d", "e"]);
        let column = Column::new([30.0, 25.0, 25.0, 40.0, 40.0, 40.0].into_iter());
        assert_eq!(column.offset(&anchor, &more, 60.0), 95.0);
    }

    #[test]
    fn who_is_at_the_end_stays_there() {
        let before = rows(&["top", "a", "b"]);
        let column = Column::new([30.0, 40.0, 40.0].into_iter());
        let anchor = column.anchor(&before, 50.0, 60.0);
        assert_eq!(anchor, Anchor::End);
        let column = Column::new([30.0, 40.0, 40.0, 500.0].into_iter());
        assert_eq!(column.offset(&anchor, &rows(&["top", "a", "b", "c"]), 60.0), 550.0);
    }

    #[test]
    fn fewer_rows_than_there_is_room_for_begin_at_the_top() {
        let column = Column::new([30.0].into_iter());
        assert_eq!(column.offset(&Anchor::End, &rows(&["top"]), 400.0), 0.0);
    }
}
