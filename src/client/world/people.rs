//! Asking the service about people, and for what is done about them.

use super::World;
use crate::client::input::PeopleEffect;

impl World {
    pub(super) fn about_people(&self, effect: PeopleEffect) {
        match effect {}
    }
}
