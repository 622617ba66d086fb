//! Covers: an image that was uploaded becomes a JPEG in each size in which pages show it.
//!
//! Whatever is in the upload beside its pixels, such as where a photograph was taken, is left out. Decoding is bounded
//! in bytes, pixels and memory, and one cover is made at a time. Deliberately absent: keeping them, which `club` does.

use std::io::Cursor;
use std::sync::Arc;

use club::{CoverImages, CoverSize};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, Rgb, RgbImage,
};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Makes covers, one at a time.
#[derive(Debug)]
pub(super) struct CoverMaker {
    turn: Arc<Semaphore>,
}

impl CoverMaker {
    /// Makes a cover of an upload: JPEG, PNG or WebP.
    ///
    /// # Errors
    ///
    /// The upload is no such image, or a larger one than is decoded.
    pub(super) async fn make(
        &self,
        upload: impl AsRef<[u8]> + Send + 'static,
    ) -> Result<CoverImages, CoverError> {
        // It is never closed.
        let turn = Arc::clone(&self.turn).acquire_owned().await;
        let made = spawn_blocking(move || {
            let _turn = turn;
            images(upload.as_ref())
        });
        made.await.unwrap_or(Err(CoverError::Stopped))
    }
}

impl Default for CoverMaker {
    fn default() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)) }
    }
}

/// Why an upload is no cover.
#[derive(Debug, thiserror::Error)]
pub enum CoverError {
    /// It has too many bytes.
    #[error("a cover has {MAX_COVER_BYTES} bytes at most, this one {0}: save it smaller")]
    Bytes(usize),
    /// It can't be decoded.
    #[error("this image is damaged: {0}")]
    Damaged(ImageError),
    /// It is another kind of file.
    #[error("this is not an image that can be a cover: expected a JPEG, PNG or WebP file")]
    Format,
    /// It has too many pixels.
    #[error(
        "this image has too many pixels: expected {MAX_SIDE} at most on each side, and 16 million in all"
    )]
    Pixels,
    /// Making it failed: a fault of this program.
    #[error("the cover could not be made")]
    Stopped,
}

impl From<ImageError> for CoverError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Limits(_) => Self::Pixels,
            ImageError::Unsupported(_) => Self::Format,
            other => Self::Damaged(other),
        }
    }
}

/// A cover in all sizes. O(the pixels of the upload).
fn images(upload: &[u8]) -> Result<CoverImages, CoverError> {
    if upload.len() > MAX_COVER_BYTES {
        return Err(CoverError::Bytes(upload.len()));
    }
    let mut image = decode(upload)?;
    let mut images = CoverImages::default();
    for (size, jpeg) in CoverSize::ALL.into_iter().zip(&mut images) {
        image = shrink(image, size.width());
        *jpeg = encode(&image)?;
    }
    Ok(images)
}

fn decode(upload: &[u8]) -> Result<DynamicImage, CoverError> {
    let mut reader =
        ImageReader::new(Cursor::new(upload)).with_guessed_format().map_err(ImageError::IoError)?;
    match reader.format() {
        Some(ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP) => {}
        _ => return Err(CoverError::Format),
    }
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    // The decoder of JPEG does not hold itself to the memory.
    if decoder.total_bytes() > MAX_MEMORY {
        return Err(CoverError::Pixels);
    }
    let orientation = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    Ok(image)
}

/// An image of at most this width, and twice this height. A smaller one stays as it is.
fn shrink(image: DynamicImage, width: u32) -> DynamicImage {
    let height = width * 2;
    if image.width() <= width && image.height() <= height {
        return image;
    }
    // First to the double by averages, which takes little memory however large the image is.
    let is_large = image.width() > width * 2 || image.height() > height * 2;
    let image = if is_large { image.thumbnail(width * 2, height * 2) } else { image };
    image.resize(width, height, FilterType::CatmullRom)
}

/// A JPEG; what is transparent is white.
fn encode(image: &DynamicImage) -> Result<Vec<u8>, CoverError> {
    let opaque = if image.color().has_alpha() { on_white(image) } else { image.to_rgb8() };
    let mut jpeg = Vec::new();
    opaque.write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, QUALITY))?;
    Ok(jpeg)
}

fn on_white(image: &DynamicImage) -> RgbImage {
    let image = image.to_rgba8();
    let mut opaque = RgbImage::new(image.width(), image.height());
    for (to, from) in opaque.pixels_mut().zip(image.pixels()) {
        let [red, green, blue, alpha] = from.0.map(u16::from);
        let mixed = [red, green, blue].map(|part| (part * alpha + 255 * (255 - alpha)) / 255);
        *to = Rgb(mixed.map(|part| u8::try_from(part).unwrap_or(u8::MAX)));
    }
    opaque
}

/// The most bytes of an upload.
pub const MAX_COVER_BYTES: usize = 8 << 20;
/// The most pixels on a side.
const MAX_SIDE: u32 = 6000;
/// The most bytes of an image that is decoded: 16 million pixels of four bytes.
const MAX_MEMORY: u64 = 64 << 20;
/// Of 100: a cover of 480 pixels has about 40 KiB.
const QUALITY: u8 = 82;

#[cfg(test)]
mod tests {
    use image::{GenericImageView, Rgba, RgbaImage};

    use super::*;

    #[test]
    fn a_cover_has_all_sizes_and_is_never_enlarged() {
        check(ImageFormat::Png, (2000, 1000), [(960, 480), (480, 240), (160, 80)]);
        check(ImageFormat::Jpeg, (500, 500), [(500, 500), (480, 480), (160, 160)]);
        check(ImageFormat::WebP, (100, 150), [(100, 150), (100, 150), (100, 150)]);
        check(ImageFormat::Png, (10, 5000), [(4, 1920), (2, 960), (1, 320)]);
        check(ImageFormat::Png, (5000, 1), [(960, 1), (480, 1), (160, 1)]);
    }

    #[test]
    fn what_is_transparent_is_white() {
        let clear = RgbaImage::from_pixel(8, 8, Rgba([0, 0, 0, 0]));
        let images = images(&encoded(&clear.into(), ImageFormat::Png)).unwrap();
        let read = image::load_from_memory(&images[2]).unwrap();
        assert!(read.get_pixel(3, 3).0.iter().all(|part| *part > 250));
    }

    #[test]
    fn other_files_and_too_large_ones_are_refused() {
        assert!(matches!(images(b""), Err(CoverError::Format)));
        assert!(matches!(
            images(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
            Err(CoverError::Format)
        ));
        assert!(matches!(images(b"GIF89a\x01\x00\x01\x00"), Err(CoverError::Format)));
        assert!(matches!(images(&vec![0; MAX_COVER_BYTES + 1]), Err(CoverError::Bytes(_))));
        let png = encoded(&RgbImage::new(6001, 1).into(), ImageFormat::Png);
        assert!(matches!(images(&png), Err(CoverError::Pixels)));
        // Few bytes that say they are many pixels.
        let mut bomb = encoded(&RgbImage::new(1, 1).into(), ImageFormat::Png);
        bomb[16..24].copy_from_slice(&[0, 0, 0x17, 0x70, 0, 0, 0x17, 0x70]);
        assert!(images(&bomb).is_err());
        let jpeg = encoded(&RgbImage::new(5000, 5000).into(), ImageFormat::Jpeg);
        assert!(matches!(images(&jpeg), Err(CoverError::Pixels)));
    }

    #[test]
    fn every_beginning_of_an_image_is_refused_or_read() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let whole = encoded(&RgbImage::from_pixel(40, 30, Rgb([9, 99, 200])).into(), format);
            for end in 0..whole.len() {
                let _ = images(&whole[..end]);
            }
            assert!(images(&whole).is_ok());
        }
    }

    #[test]
    fn nothing_but_pixels_is_kept() {
        let jpeg = encoded(&RgbImage::new(20, 10).into(), ImageFormat::Jpeg);
        // An APP1 segment behind the start of the image: turned by 90 degrees, and a secret.
        let exif =
            b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0secret";
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        let upload = [&jpeg[..2], &[0xff, 0xe1], &length, exif, &jpeg[2..]].concat();
        let images = images(&upload).unwrap();
        assert!(!images.iter().any(|image| image.windows(6).any(|bytes| bytes == b"secret")));
        let read = image::load_from_memory(&images[0]).unwrap();
        assert_eq!(read.dimensions(), (10, 20), "it stands upright");
    }

    #[track_caller]
    fn check(format: ImageFormat, (width, height): (u32, u32), expected: [(u32, u32); 3]) {
        let upload =
            encoded(&RgbImage::from_pixel(width, height, Rgb([200, 30, 30])).into(), format);
        let images = images(&upload).unwrap();
        let read = images.map(|jpeg| {
            let reader = ImageReader::with_format(Cursor::new(jpeg), ImageFormat::Jpeg);
            reader.decode().unwrap().dimensions()
        });
        assert_eq!(read, expected);
    }

    fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }
}
