//! The connection to one member, and while it is not up yet, the one that it is to replace. Pure.

/// 0: none.
#[derive(Debug, Default)]
pub struct Slot {
    current: u64,
    /// It carries voices until `current` is up, and stays where `current` comes to nothing.
    replaced: u64,
    closing: Vec<u64>,
}

impl Slot {
    pub fn current(&self) -> u64 {
        self.current
    }

    pub fn replaced(&self) -> u64 {
        self.replaced
    }

    pub fn holds(&self, connection: u64) -> bool {
        connection != 0 && (self.current == connection || self.replaced == connection)
    }

    pub fn is_empty(&self) -> bool {
        self.current == 0 && self.replaced == 0
    }

    /// In place of the current one.
    pub fn put(&mut self, connection: u64) {
        let previous = std::mem::replace(&mut self.current, connection);
        self.close(previous);
    }

    /// To replace the current one, once it is up.
    pub fn put_beside(&mut self, connection: u64) {
        let previous = std::mem::replace(&mut self.current, connection);
        self.end_replaced();
        self.replaced = previous;
    }

    /// The current one is up, or the other is no more.
    pub fn end_replaced(&mut self) {
        let replaced = std::mem::take(&mut self.replaced);
        self.close(replaced);
    }

    /// The current one came to nothing. `true`: the one it should have replaced is there.
    pub fn fall_back(&mut self) -> bool {
        if self.replaced == 0 {
            return false;
        }
        let standing = std::mem::take(&mut self.replaced);
        self.put(standing);
        true
    }

    pub fn clear(&mut self) {
        self.end_replaced();
        self.put(0);
    }

    /// What nobody needs any more, once.
    pub fn take_closing(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.closing)
    }

    fn close(&mut self, connection: u64) {
        self.closing.extend((connection != 0).then_some(connection));
    }
}
