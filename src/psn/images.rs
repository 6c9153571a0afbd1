//! Pictures, which other hosts than the API's serve to anybody.

use reqwest::Method;

use super::{Error, Psn, call::Call};
use crate::model::ImageUrl;

/// In bytes; an avatar is some ten thousand.
const MAX_IMAGE: usize = 2 << 20;

impl Psn {
    /// The bytes of a picture, undecoded and at most 2 MiB, without our token and outside the budget.
    ///
    /// # Errors
    /// [`Error::NoPicture`] for an address that nothing is fetched from.
    pub async fn image(&self, image: &ImageUrl) -> Result<Vec<u8>, Error> {
        let url = self.http.endpoints().image(image).ok_or(Error::NoPicture)?;
        let call = Call::new("picture", Method::GET, url).anonymous().beside_the_budget().at_most(MAX_IMAGE);
        Ok(self.http.send(call).await?.body.clone())
    }
}
