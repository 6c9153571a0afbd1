//! The one place that waits for the browser's answer: a paste, a second start of the program and the loopback page all bring
//! it here, and only the first right one counts. Any thread.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::psn::{Expected, Redirect, RedirectError};

#[derive(Default)]
pub struct WayBack(Mutex<Option<Waiting>>);

struct Waiting {
    expected: Expected,
    taken: oneshot::Sender<Redirect>,
}

impl WayBack {
    /// What comes back for this sign-in; an older wait ends with an error.
    pub fn wait_for(&self, expected: Expected) -> oneshot::Receiver<Redirect> {
        let (taken, receiver) = oneshot::channel();
        *self.waiting() = Some(Waiting { expected, taken });
        receiver
    }

    /// An address that the desktop handed over. `false`: it is not for a sign-in of this client.
    pub fn bring_address(&self, address: &str) -> bool {
        self.bring(|expected| expected.read(address)).is_ok()
    }

    /// What the user pasted.
    ///
    /// # Errors
    /// Why it is not what is waited for; the wait goes on.
    pub fn bring_pasted(&self, text: &str) -> Result<(), RedirectError> {
        self.bring(|expected| expected.read_pasted(text))
    }

    fn bring(
        &self,
        read: impl FnOnce(&Expected) -> Result<Redirect, RedirectError>,
    ) -> Result<(), RedirectError> {
        let mut waiting = self.waiting();
        let open = waiting.as_ref().filter(|waiting| !waiting.taken.is_closed());
        let redirect = read(&open.ok_or(RedirectError::OtherSignIn)?.expected)?;
        // A second redirect of the same sign-in finds nobody.
        match waiting.take().map(|waiting| waiting.taken.send(redirect)) {
            Some(Ok(())) => Ok(()),
            Some(Err(_)) | None => Err(RedirectError::OtherSignIn),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Option<Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "com.example.app://redirect?code=v3.abcdef&state=s1";

    fn expected() -> Expected {
        let redirect_uri = "com.example.app://redirect".parse().expect("an address");
        Expected { redirect_uri, state: "s1".into() }
    }

    #[test]
    fn the_first_redirect_counts_and_a_second_one_is_refused() {
        let way_back = WayBack::default();
        let mut taken = way_back.wait_for(expected());
        assert!(way_back.bring_address(ADDRESS));
        assert!(!way_back.bring_address(ADDRESS));
        assert_eq!(way_back.bring_pasted(ADDRESS), Err(RedirectError::OtherSignIn));
        assert_eq!(taken.try_recv(), Ok(Redirect::Code("v3.abcdef".into())));
    }

    #[test]
    fn a_wrong_one_does_not_end_the_wait() {
        let way_back = WayBack::default();
        let mut taken = way_back.wait_for(expected());
        assert!(!way_back.bring_address("com.example.app://redirect?code=v3.abcdef&state=s2"));
        assert_eq!(way_back.bring_pasted("hello"), Err(RedirectError::NotARedirect));
        assert_eq!(way_back.bring_pasted("v3.abcdef"), Ok(()));
        assert_eq!(taken.try_recv(), Ok(Redirect::Code("v3.abcdef".into())));
    }

    #[test]
    fn nothing_counts_before_and_after_a_sign_in() {
        let way_back = WayBack::default();
        assert!(!way_back.bring_address(ADDRESS));
        drop(way_back.wait_for(expected()));
        assert!(!way_back.bring_address(ADDRESS), "it was given up");
    }
}
