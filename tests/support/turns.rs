//! Sound runs in real time: which tests of one program may run side by side.

use tokio::sync::{Semaphore, SemaphorePermit};

/// What two cores carry without a late packet.
const SIDE_BY_SIDE: u32 = 3;

static PLACES: Semaphore = Semaphore::const_new(SIDE_BY_SIDE as usize);

/// For a test that talks or listens.
pub async fn beside_few() -> SemaphorePermit<'static> {
    PLACES.acquire().await.expect("never closed")
}

/// For one that counts what the process holds or measures what it costs.
pub async fn alone() -> SemaphorePermit<'static> {
    PLACES.acquire_many(SIDE_BY_SIDE).await.expect("never closed")
}
