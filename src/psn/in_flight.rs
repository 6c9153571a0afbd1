//! Calls under way, so that who asks the same at the same time shares one answer. Nothing is cached: an answer that has
//! arrived is nobody else's.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, WeakShared},
};
use url::Url;

use super::Error;

/// Address and headers of a reading call.
pub(super) type Key = (Url, Vec<(&'static str, String)>);

/// What all who asked get.
pub(super) type Outcome<T> = Result<Arc<T>, Error>;

type Answer<T> = BoxFuture<'static, Outcome<T>>;

/// Cheap to share.
pub(super) struct InFlight<T>(Arc<Mutex<HashMap<Key, WeakShared<Answer<T>>>>>);

impl<T> Clone for InFlight<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for InFlight<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Send + Sync + 'static> InFlight<T> {
    /// Joins the call that is under way, or is the one that makes it. Whoever waits drives it: it ends when all have gone.
    pub async fn join(
        &self,
        key: Key,
        call: impl Future<Output = Outcome<T>> + Send + 'static,
    ) -> Outcome<T> {
        let answer = {
            let mut calls = self.calls();
            match calls.get(&key).and_then(WeakShared::upgrade) {
                Some(answer) => answer,
                None => {
                    calls.retain(|_, call| call.upgrade().is_some());
                    let answer = call.boxed().shared();
                    calls.extend(answer.downgrade().map(|call| (key.clone(), call)));
                    answer
                }
            }
        };
        let outcome = answer.clone().await;
        let mut calls = self.calls();
        if calls.get(&key).and_then(WeakShared::upgrade).is_some_and(|call| call.ptr_eq(&answer)) {
            calls.remove(&key);
        }
        outcome
    }

    /// Something may have changed: who asks from now on must not be answered from before.
    pub fn forget(&self) {
        self.calls().clear();
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<Key, WeakShared<Answer<T>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::oneshot;

    use super::*;

    /// Counts how often the service is really asked.
    #[derive(Default)]
    struct Service {
        calls: InFlight<usize>,
        asked: Arc<AtomicUsize>,
    }

    impl Service {
        fn ask(&self, path: &str, answer: oneshot::Receiver<()>) -> impl Future<Output = usize> + use<> {
            let key =
                (Url::parse("http://127.0.0.1/").and_then(|url| url.join(path)).expect("a URL"), vec![]);
            let (calls, asked) = (self.calls.clone(), Arc::clone(&self.asked));
            let call = async move {
                let count = asked.fetch_add(1, Ordering::Relaxed) + 1;
                let _ = answer.await;
                Ok(Arc::new(count))
            };
            async move { *calls.join(key, call).await.expect("answered") }
        }
    }

    #[tokio::test]
    async fn who_asks_the_same_at_once_shares_one_answer_also_when_the_first_goes_away() {
        let service = Service::default();
        let (answer, waiting) = oneshot::channel();
        let (_idle, idle) = oneshot::channel();
        let (_other, other) = oneshot::channel();
        let mut first = Box::pin(service.ask("/friends", waiting));
        assert!(futures_util::poll!(&mut first).is_pending());
        let second = tokio::spawn(service.ask("/friends", idle));
        let third = tokio::spawn(service.ask("/friends", other));
        tokio::task::yield_now().await;
        drop(first);
        answer.send(()).expect("somebody waits");
        assert_eq!((second.await.expect("no panic"), third.await.expect("no panic")), (1, 1));
        assert_eq!(service.asked.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn what_is_asked_later_or_otherwise_or_after_a_change_is_asked_anew() {
        let service = Service::default();
        let at_once = || {
            let (answer, waiting) = oneshot::channel();
            answer.send(()).expect("it is there");
            waiting
        };
        assert_eq!(service.ask("/friends", at_once()).await, 1);
        assert_eq!(service.ask("/friends", at_once()).await, 2, "later");
        let (answer, waiting) = oneshot::channel();
        let mut slow = Box::pin(service.ask("/friends", waiting));
        assert!(futures_util::poll!(&mut slow).is_pending());
        assert_eq!(service.ask("/blocks", at_once()).await, 4, "otherwise");
        service.calls.forget();
        assert_eq!(service.ask("/friends", at_once()).await, 5, "after a change");
        answer.send(()).expect("it waits");
        assert_eq!(slow.await, 3);
        assert!(service.calls.calls().is_empty());
    }
}
