//! Avatars and game icons, drawn from a number: a mirrored pattern in one colour, the same for the same number. Served
//! without sign-in, as the service's static hosts do.

use axum::{
    Router,
    extract::Path,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};

use super::{refusal::Refusal, world::Shared};

/// Names of sizes as profiles use them, and the width in pixels.
pub(super) const SIZES: [(&str, u32); 4] = [("s", 64), ("m", 128), ("l", 240), ("xl", 480)];
/// Squares across the pattern.
const SQUARES: u32 = 8;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/pictures/{seed}/{size}", get(picture))
}

/// Where the picture of this number is; sizes are those of [`SIZES`].
pub(super) fn url(origin: &str, seed: u64, size: &str) -> String {
    format!("{origin}/pictures/{seed:016x}/{size}.png")
}

/// No picture is there.
pub(super) fn missing_url(origin: &str, size: &str) -> String {
    format!("{origin}/pictures/none/{size}.png")
}

async fn picture(Path((seed, size)): Path<(String, String)>) -> Result<Response, Refusal> {
    let seed = u64::from_str_radix(&seed, 16).map_err(|_| Refusal::NotFound)?;
    let width = SIZES
        .into_iter()
        .find(|(name, _)| size.strip_suffix(".png") == Some(*name))
        .map(|(_, width)| width)
        .ok_or(Refusal::NotFound)?;
    let png = draw(seed, width).map_err(|_| Refusal::Internal)?;
    let headers = [(header::CONTENT_TYPE, "image/png"), (header::CACHE_CONTROL, "max-age=86400")];
    Ok((headers, png).into_response())
}

/// Two colours, so that even the largest is a few kilobytes.
fn draw(seed: u64, width: u32) -> Result<Vec<u8>, png::EncodingError> {
    // Numbers of neighbours must not look alike.
    let pattern = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let tone = |shift: u32| 96 + ((pattern >> shift) as u8 >> 1);
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, width, width);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(vec![30, 34, 46, tone(40), tone(48), tone(56)]);
    let mut pixels = Vec::with_capacity((width * width) as usize);
    for y in 0..width {
        for x in 0..width {
            let (column, row) = (x * SQUARES / width, y * SQUARES / width);
            let mirrored = column.min(SQUARES - 1 - column);
            pixels.push((pattern >> (mirrored + row * SQUARES / 2) & 1) as u8);
        }
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(png)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_is_the_same_picture_in_every_size() {
        for (_, width) in SIZES {
            let drawn = draw(7, width).expect("drawn");
            assert_eq!(drawn, draw(7, width).expect("drawn"));
            assert_ne!(drawn, draw(8, width).expect("drawn"));
            let picture = png::Decoder::new(std::io::Cursor::new(&drawn)).read_info().expect("a picture");
            assert_eq!((picture.info().width, picture.info().height), (width, width));
            assert!(drawn.len() < 32_000, "{}", drawn.len());
        }
    }
}
