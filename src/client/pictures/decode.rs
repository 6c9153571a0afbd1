//! From the bytes of a picture to something small that can be drawn, and back to bytes for the disk. Whatever the bytes are, it
//! takes some ten megabytes and milliseconds. Blocking.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbaImage, codecs::png::PngEncoder,
    imageops::FilterType,
};

use crate::model::Picture;

/// Nothing is drawn larger, in pixels on a screen of high density.
const SIDE: u32 = 128;
const MAX_SIDE: u32 = 4096;
const MAX_PIXELS: u64 = 2048 * 2048;
/// What a decoder may take, in bytes.
const MAX_MEMORY: u64 = 64 << 20;

/// PNG, JPEG or WebP, of animated ones the first frame; [`SIDE`] wide and high at most, in its own proportions. `None`: it is
/// none of these, damaged, or too large.
pub fn decode(bytes: &[u8]) -> Option<Picture> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    // The window's clipboard brings decoders that nothing from outside should reach.
    if !matches!(reader.format()?, ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP) {
        return None;
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let decoder = reader.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    let fits = width.max(height) <= MAX_SIDE && u64::from(width) * u64::from(height) <= MAX_PIXELS;
    if !fits || decoder.total_bytes() > MAX_MEMORY {
        return None;
    }
    let image = DynamicImage::from_decoder(decoder).ok()?;
    let image =
        if width.max(height) > SIDE { image.resize(SIDE, SIDE, FilterType::CatmullRom) } else { image };
    let rgba = image.into_rgba8();
    Some(Picture { width: rgba.width(), height: rgba.height(), rgba: rgba.into_raw() })
}

/// As PNG.
pub fn encode(picture: &Picture) -> Option<Vec<u8>> {
    let image = RgbaImage::from_raw(picture.width, picture.height, picture.rgba.clone())?;
    let mut bytes = Vec::new();
    image.write_with_encoder(PngEncoder::new(&mut bytes)).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use image::{Rgba, codecs::jpeg::JpegEncoder};

    use super::*;

    fn drawn(width: u32, height: u32) -> RgbaImage {
        RgbaImage::from_fn(
            width,
            height,
            |x, _| if x < width / 2 { Rgba([200, 20, 20, 255]) } else { Rgba([0; 4]) },
        )
    }

    fn written(image: RgbaImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let image = DynamicImage::from(image);
        let image = if format == ImageFormat::Jpeg { image.into_rgb8().into() } else { image };
        image.write_to(&mut bytes, format).expect("written");
        bytes.into_inner()
    }

    /// The first pixel and the last of the middle row.
    fn ends(picture: &Picture) -> [[u8; 4]; 2] {
        let row = (picture.height / 2 * picture.width) as usize * 4;
        let last = row + (picture.width as usize - 1) * 4;
        [row, last].map(|at| picture.rgba[at..at + 4].try_into().expect("four bytes"))
    }

    #[test]
    fn pictures_of_each_kind_arrive_small_and_in_proportion() {
        for (format, (width, height), small) in [
            (ImageFormat::Png, (480, 480), (128, 128)),
            (ImageFormat::Png, (64, 64), (64, 64)),
            (ImageFormat::Png, (600, 300), (128, 64)),
            (ImageFormat::Jpeg, (240, 480), (64, 128)),
            (ImageFormat::WebP, (1000, 10), (128, 1)),
            (ImageFormat::Png, (1, 4096), (1, 128)),
        ] {
            let picture = decode(&written(drawn(width, height), format)).expect("a picture");
            assert_eq!((picture.width, picture.height), small, "{format:?} {width}×{height}");
            assert_eq!(picture.rgba.len() as u32, small.0 * small.1 * 4);
            if width > 1 {
                let [left, right] = ends(&picture);
                assert!(left[0] > 180 && left[3] == 255 && right[0] < 20, "{format:?} {left:?} {right:?}");
            }
            assert_eq!(decode(&encode(&picture).expect("written")), Some(picture), "the way over the disk");
        }
    }

    #[test]
    fn what_is_no_picture_or_claims_to_be_a_huge_one_is_none() {
        let whole = written(drawn(200, 200), ImageFormat::Png);
        let bomb = written(RgbaImage::new(4000, 4000), ImageFormat::Png);
        assert!(bomb.len() < 1 << 20, "small to send: {}", bomb.len());
        let wide = written(RgbaImage::new(5000, 1), ImageFormat::Png);
        let mut claims = whole.clone();
        // Width and height of the first chunk.
        claims[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
        let mut tiff = b"II*\0".to_vec();
        tiff.resize(100, 0);
        for (what, bytes) in [
            ("nothing", &b""[..]),
            ("text", b"<html>Access Denied</html>"),
            ("a kind that avatars do not come in", &tiff),
            ("half a picture", &whole[..whole.len() / 2]),
            ("a bomb", &bomb),
            ("a line", &wide),
            ("a claim", &claims),
        ] {
            assert_eq!(decode(bytes), None, "{what}");
        }
    }

    #[test]
    fn damage_anywhere_costs_neither_a_panic_nor_time() {
        let mut jpeg = Vec::new();
        drawn_rgb().write_with_encoder(JpegEncoder::new(&mut jpeg)).expect("written");
        let began = Instant::now();
        let mut tries = 0;
        for whole in
            [written(drawn(150, 90), ImageFormat::Png), written(drawn(150, 90), ImageFormat::WebP), jpeg]
        {
            for at in (0..whole.len()).step_by((whole.len() / 150).max(1)) {
                let mut bytes = whole.clone();
                bytes[at] ^= 0x55;
                for damaged in [&bytes[..], &whole[..at]] {
                    let picture = decode(damaged);
                    assert!(picture.is_none_or(|p| p.width <= SIDE && p.height <= SIDE));
                    tries += 1;
                }
            }
        }
        let each = began.elapsed() / tries;
        assert!(each < Duration::from_millis(100), "{each:?} for each of {tries}");
    }

    fn drawn_rgb() -> image::RgbImage {
        DynamicImage::from(drawn(150, 90)).into_rgb8()
    }
}
