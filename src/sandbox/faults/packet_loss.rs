//! The share of voice packets to lose, shared with every peer.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

#[derive(Clone, Default)]
pub(in crate::sandbox) struct PacketLoss(Arc<AtomicU32>);

impl PacketLoss {
    pub(super) fn set(&self, share: f32) {
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        self.0.store(share.to_bits(), Relaxed);
    }

    /// Whether this packet is to be lost.
    pub fn strikes(&self) -> bool {
        let share = f32::from_bits(self.0.load(Relaxed));
        share > 0.0 && rand::random::<f32>() < share
    }
}
