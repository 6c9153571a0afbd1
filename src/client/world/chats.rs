//! Reading and writing messages, and notifications.

use super::World;
use crate::client::input::ChatsEffect;

impl World {
    pub(super) fn about_chats(&self, effect: ChatsEffect) {
        match effect {}
    }
}
