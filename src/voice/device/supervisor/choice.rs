//! Which devices may be opened for a choice, and in which order. Pure.

use crate::model::{DeviceChoice, SoundDevice};

/// The chosen device, then the system's default, then any: whichever exist, in this order.
pub fn choose(choice: &DeviceChoice, list: &[SoundDevice]) -> Vec<String> {
    let chosen = match choice {
        DeviceChoice::Default => None,
        DeviceChoice::Device(id) => list.iter().find(|device| device.id == *id),
    };
    let default = list.iter().find(|device| device.is_default);
    let mut ids: Vec<String> =
        chosen.into_iter().chain(default).chain(list.first()).map(|device| device.id.clone()).collect();
    ids.dedup();
    ids
}

/// It is what was chosen, and no stand-in.
pub fn is_choice(choice: &DeviceChoice, id: &str, list: &[SoundDevice]) -> bool {
    match choice {
        DeviceChoice::Default => list.iter().any(|device| device.id == id && device.is_default),
        DeviceChoice::Device(chosen) => chosen == id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(ids: &[&str], default: &str) -> Vec<SoundDevice> {
        ids.iter()
            .map(|&id| SoundDevice {
                id: id.into(),
                name: id.to_uppercase(),
                is_default: id == default,
                is_bluetooth: false,
            })
            .collect()
    }

    #[test]
    fn the_default_is_followed_unless_another_is_chosen_and_there() {
        let devices = list(&["a", "b", "c"], "b");
        let pinned = |id: &str| DeviceChoice::Device(id.into());
        assert_eq!(choose(&DeviceChoice::Default, &devices), ["b", "a"]);
        assert_eq!(choose(&pinned("c"), &devices), ["c", "b", "a"]);
        assert_eq!(choose(&pinned("gone"), &devices), ["b", "a"]);
        assert_eq!(choose(&pinned("b"), &devices), ["b", "a"]);
        assert_eq!(choose(&DeviceChoice::Default, &list(&["a"], "")), ["a"], "no default: any");
        assert!(choose(&pinned("c"), &[]).is_empty());
    }

    #[test]
    fn a_stand_in_is_told_from_the_choice() {
        let devices = list(&["a", "b"], "b");
        assert!(is_choice(&DeviceChoice::Default, "b", &devices));
        assert!(!is_choice(&DeviceChoice::Default, "a", &devices));
        assert!(is_choice(&DeviceChoice::Device("a".into()), "a", &devices));
        assert!(!is_choice(&DeviceChoice::Device("gone".into()), "b", &devices));
    }
}
