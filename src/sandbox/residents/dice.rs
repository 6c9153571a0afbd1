//! Dice that fall the same way in every run.

/// The throw of this player in this turn.
pub(super) fn roll(player: u64, turn: u64) -> u64 {
    let mut bits = (player << 32 ^ player >> 32 ^ turn).wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}
