//! Pictures: every format comes out right, torchvision's crops are met, bad files get one clear message.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gatescope::compute::imaging::{ImagingError, Picture, Preprocessing, decode, from_rgba, open};
use image::{
    DynamicImage, ExtendedColorType, GrayAlphaImage, GrayImage, ImageBuffer, ImageEncoder, ImageFormat, Luma, LumaA,
    Rgb, RgbImage, Rgba, RgbaImage,
};

fn photo(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/photos").join(name)
}

/// Six pixels that tell every flip and rotation apart.
fn marked() -> RgbImage {
    RgbImage::from_fn(3, 2, |x, y| Rgb([40 + 100 * x as u8, 30 + 200 * y as u8, 77]))
}

fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn jpeg(image: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 100)
        .write_image(image.as_raw(), image.width(), image.height(), ExtendedColorType::Rgb8)
        .unwrap();
    bytes
}

fn refused(bytes: &[u8]) -> ImagingError {
    decode("photo", bytes).expect_err("this must be refused")
}

// ---- torchvision parity

/// The share of pixels (0..1) within 1/255 of the reference in every channel, and the largest difference.
fn agreement(found: &RgbImage, reference: &RgbImage) -> (f64, u8) {
    assert_eq!(found.dimensions(), reference.dimensions());
    let off = |(a, b): (&Rgb<u8>, &Rgb<u8>)| a.0.iter().zip(b.0).map(|(&a, b)| a.abs_diff(b)).max().unwrap();
    let differences: Vec<u8> = found.pixels().zip(reference.pixels()).map(off).collect();
    let close = differences.iter().filter(|&&difference| difference <= 1).count();
    (close as f64 / differences.len() as f64, differences.into_iter().max().unwrap())
}

#[test]
fn crops_are_torchvisions() {
    for (name, side) in [("cat", 224), ("cat", 299), ("coffee", 224), ("coffee", 299)] {
        let picture = open(&photo(&format!("{name}.png"))).unwrap();
        let reference = open(&photo(&format!("{name}{side}.png"))).unwrap();
        let prepared = Preprocessing::for_input([3, side, side]).prepare(&picture).unwrap();
        let (close, largest) = agreement(&prepared.crop, &reference.pixels);
        assert!(close >= 0.999, "{name}{side}: {close} of the pixels within 1/255, largest difference {largest}");
        let equal = prepared.crop.as_raw().iter().zip(reference.pixels.as_raw()).filter(|(a, b)| a == b).count();
        assert!(equal * 100 >= 99 * side * side * 3, "{name}{side}: only {equal} values are Pillow's");
    }
}

#[test]
fn a_picture_of_the_right_size_is_left_alone() {
    for (name, side) in [("astronaut224.png", 224), ("astronaut299.png", 299), ("cat224.png", 224)] {
        let picture = open(&photo(name)).unwrap();
        let whole = Preprocessing { resize: side, ..Preprocessing::for_input([3, side, side]) };
        let prepared = whole.prepare(&picture).unwrap();
        assert_eq!(prepared.crop, picture.pixels, "{name}");
        let pixel = picture.pixels.get_pixel(5, 3).0;
        for (channel, &value) in pixel.iter().enumerate() {
            let expected = (f32::from(value) / 255.0 - whole.mean[channel]) / whole.std[channel];
            assert!((prepared.tensor[channel * side * side + 3 * side + 5] - expected).abs() < 1e-6);
        }
    }
}

#[test]
fn the_window_is_where_the_crop_came_from() {
    let picture = open(&photo("cat.png")).unwrap();
    let window = Preprocessing::for_input([3, 224, 224]).prepare(&picture).unwrap().window;
    // 451x300 -> 384x256 (truncated), then 80 and 16 pixels in.
    assert!((window.x - 80.0 * 451.0 / 384.0).abs() < 1e-3 && (window.y - 16.0 * 300.0 / 256.0).abs() < 1e-3);
    assert!((window.width - 224.0 * 451.0 / 384.0).abs() < 1e-3 && (window.height - 262.5).abs() < 1e-3);
}

#[test]
fn odd_margins_round_half_to_even() {
    // Pixel x is (x, x, x), nothing is resized: the first pixel tells the offset. Python: round(0.5) = 0, round(1.5) = 2.
    let ramp = |side| Picture::new("ramp", RgbImage::from_fn(side, side, |x, _| Rgb([x as u8; 3])));
    for (side, crop, offset) in [(11, 10, 0), (13, 10, 2), (15, 10, 2), (17, 10, 4), (14, 10, 2)] {
        let cut = Preprocessing { resize: side as usize, ..Preprocessing::for_input([3, crop, crop]) };
        assert_eq!(cut.prepare(&ramp(side)).unwrap().crop.get_pixel(0, 0).0, [offset; 3], "{side} to {crop}");
    }
}

#[test]
fn a_crop_larger_than_the_picture_is_padded_with_black() {
    let white = Picture::new("white", RgbImage::from_pixel(10, 10, Rgb([255; 3])));
    let padded = Preprocessing { resize: 10, ..Preprocessing::for_input([3, 15, 12]) };
    let prepared = padded.prepare(&white).unwrap();
    for (x, y, pixel) in prepared.crop.enumerate_pixels() {
        // 5 rows too many: 2 above, 3 below. 2 columns too many: 1 on each side.
        let inside = (1..11).contains(&x) && (2..12).contains(&y);
        assert_eq!(pixel.0, [if inside { 255 } else { 0 }; 3], "{x},{y}");
    }
    assert!((prepared.tensor[0] + 0.485 / 0.229).abs() < 1e-6, "padding is black before normalisation");
    assert!((prepared.window.x + 1.0).abs() < 1e-6 && (prepared.window.width - 12.0).abs() < 1e-6);
}

#[test]
fn grey_networks_get_luma() {
    let pixels = RgbImage::from_pixel(40, 40, Rgb([200, 100, 50]));
    let grey = Preprocessing::for_input([1, 28, 28]);
    let prepared = grey.prepare(&Picture::new("p", pixels)).unwrap();
    assert_eq!(prepared.tensor.len(), 28 * 28);
    assert_eq!(prepared.crop.get_pixel(3, 3).0, [124; 3], "0.299 R + 0.587 G + 0.114 B = 124.2");
    assert!((prepared.tensor[0] - (124.0 / 255.0 - grey.mean[0]) / grey.std[0]).abs() < 1e-6);
}

#[test]
fn the_sizes_are_the_fields_usual_ones() {
    let resize = |side| Preprocessing::for_input([3, side, side]).resize;
    assert_eq!([224, 299, 384, 32, 28].map(resize), [256, 342, 439, 32, 28]);
}

#[test]
fn elongated_and_tiny_pictures_work() {
    let started = Instant::now();
    for (width, height) in [(1, 1), (1, 5000), (5000, 1), (16_384, 1), (2, 3), (255, 257), (4000, 7)] {
        let pixels = RgbImage::from_pixel(width, height, Rgb([9, 90, 200]));
        let picture = Picture::new("odd", pixels);
        for input in [[3, 224, 224], [3, 32, 32], [1, 299, 299], [3, 64, 200]] {
            let prepared = Preprocessing::for_input(input).prepare(&picture).unwrap();
            assert_eq!(prepared.tensor.len(), input.iter().product::<usize>());
            let fill = prepared.crop.get_pixel(input[2] as u32 / 2, input[1] as u32 / 2).0;
            assert!(fill == [9, 90, 200] || input[0] == 1, "{width}x{height} {input:?}: {fill:?}");
        }
    }
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn impossible_settings_are_refused() {
    let picture = Picture::new("p", RgbImage::new(4, 4));
    let base = Preprocessing::for_input([3, 224, 224]);
    let message = |settings: Preprocessing| settings.prepare(&picture).unwrap_err().to_string();
    assert!(message(Preprocessing { channels: 2, ..base.clone() }).contains("2 input channels"));
    assert!(message(Preprocessing { crop: [0, 224], ..base.clone() }).contains("0×224"));
    assert!(message(Preprocessing { crop: [224, 100_000], ..base.clone() }).contains("224×100000"));
    assert!(message(Preprocessing { resize: 0, ..base.clone() }).contains("to 0"));
    assert!(message(Preprocessing { resize: 4_000_000_000, ..base.clone() }).contains("4000000000"));
    assert!(message(Preprocessing { std: [1.0, 0.0, 1.0], ..base.clone() }).contains("channel 1"));
    assert!(message(Preprocessing::for_input([3, usize::MAX, 8])).contains("crop"));
    let nothing = Picture::new("nothing", RgbImage::new(0, 4));
    assert!(matches!(base.prepare(&nothing), Err(ImagingError::NoPixels { .. })));
}

// ---- formats

#[test]
fn lossless_formats_give_the_pixels_back() {
    use ImageFormat::{Bmp, Gif, Png, Tiff, WebP};
    for format in [Png, Bmp, Gif, Tiff, WebP] {
        let bytes = encode(&DynamicImage::ImageRgb8(marked()), format);
        // The name is misleading on purpose: content decides.
        assert_eq!(decode("photo.jpg", &bytes).unwrap().pixels, marked(), "{format:?}");
    }
}

#[test]
fn jpeg_gives_nearly_the_pixels_back() {
    let picture = RgbImage::from_fn(64, 48, |x, y| Rgb([x as u8 * 3, y as u8 * 5, 90]));
    let decoded = decode("photo.png", &jpeg(&picture)).unwrap().pixels;
    let (_, largest) = agreement(&decoded, &picture);
    assert!(largest <= 6, "largest difference {largest}");
}

#[test]
fn grey_alpha_and_16_bit_become_rgb() {
    let png = |image| decode("photo", &encode(&image, ImageFormat::Png)).unwrap().pixels;
    let first = |image| png(image).get_pixel(0, 0).0;
    assert_eq!(first(DynamicImage::ImageLuma8(GrayImage::from_pixel(2, 2, Luma([93])))), [93; 3]);
    assert_eq!(first(DynamicImage::ImageLumaA8(GrayAlphaImage::from_pixel(2, 2, LumaA([93, 10])))), [93; 3]);
    let see_through = RgbaImage::from_pixel(2, 2, Rgba([200, 100, 50, 0]));
    assert_eq!(first(DynamicImage::ImageRgba8(see_through)), [200, 100, 50], "alpha is dropped, as Pillow does");
    let deep = ImageBuffer::from_pixel(2, 2, Rgb([0xC8C8_u16, 0x6464, 0x3232]));
    assert_eq!(first(DynamicImage::ImageRgb16(deep)), [200, 100, 50]);
    let deep_grey = ImageBuffer::from_pixel(2, 2, Luma([0x5D5D_u16]));
    assert_eq!(first(DynamicImage::ImageLuma16(deep_grey)), [93; 3]);
}

#[test]
fn cmyk_jpeg_has_the_right_colours() {
    // 16x8 pixels of rgb(200, 60, 30), written as Adobe (inverted) CMYK.
    let picture = open(&photo("cmyk.jpg")).unwrap();
    assert_eq!(picture.pixels.dimensions(), (16, 8));
    for pixel in picture.pixels.pixels() {
        let off = pixel.0.iter().zip([200_u8, 60, 30]).map(|(&a, b)| a.abs_diff(b)).max().unwrap();
        assert!(off <= 4, "{:?}", pixel.0);
    }
}

#[test]
fn palette_png_is_read() {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut bytes, *b"IHDR", &[0, 0, 0, 2, 0, 0, 0, 1, 8, 3, 0, 0, 0]);
    chunk(&mut bytes, *b"PLTE", &[10, 20, 30, 200, 150, 100]);
    // zlib, one stored block of three bytes: filter 0, indices 1 and 0.
    chunk(&mut bytes, *b"IDAT", &[0x78, 0x01, 1, 3, 0, 0xFC, 0xFF, 0, 1, 0, 0, 5, 0, 2]);
    chunk(&mut bytes, *b"IEND", &[]);
    let pixels = decode("palette.png", &bytes).unwrap().pixels;
    assert_eq!(pixels.as_raw(), &[200, 150, 100, 10, 20, 30]);
}

#[test]
fn the_first_frame_of_a_gif_is_shown() {
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut bytes);
    for shade in [250, 10] {
        let frame = RgbaImage::from_pixel(4, 4, Rgba([shade, shade, shade, 255]));
        encoder.encode_frame(image::Frame::new(frame)).unwrap();
    }
    drop(encoder);
    assert_eq!(decode("loop.gif", &bytes).unwrap().pixels.get_pixel(0, 0).0, [250; 3]);
}

#[test]
fn clipboard_pixels_lose_their_alpha() {
    let picture = from_rgba("clipboard", 2, 1, &[1, 2, 3, 0, 4, 5, 6, 255]).unwrap();
    assert_eq!(picture.pixels.as_raw(), &[1, 2, 3, 4, 5, 6]);
    assert!(matches!(from_rgba("clipboard", 2, 2, &[0; 15]), Err(ImagingError::WrongLength { .. })));
    assert!(matches!(from_rgba("clipboard", 0, 2, &[]), Err(ImagingError::NoPixels { .. })));
    assert!(matches!(from_rgba("clipboard", usize::MAX, usize::MAX, &[]), Err(ImagingError::TooLarge { .. })));
}

// ---- EXIF

/// An APP1 segment with one entry: orientation (0x0112), SHORT, count 1.
fn exif(orientation: u8) -> Vec<u8> {
    let mut tiff = b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    tiff.extend([orientation, 0, 0, 0, 0, 0, 0]);
    let mut segment = vec![0xFF, 0xE1];
    segment.extend((tiff.len() as u16 + 2).to_be_bytes());
    segment.extend(tiff);
    segment
}

/// Four 16x16 quarters of a 32x32 (or, cut, 32x48) picture survive JPEG and tell the orientations apart.
fn quarters() -> RgbImage {
    RgbImage::from_fn(48, 32, |x, y| Rgb([if x < 24 { 30 } else { 220 }, if y < 16 { 40 } else { 210 }, 128]))
}

#[test]
fn all_eight_exif_orientations_come_out_upright() {
    use image::imageops::{flip_horizontal, flip_vertical, rotate90, rotate180, rotate270};
    let upright = quarters();
    // How a camera stores the upright picture under each tag: the inverse of what the tag asks for.
    let stored: [RgbImage; 8] = [
        upright.clone(),
        flip_horizontal(&upright),
        rotate180(&upright),
        flip_vertical(&upright),
        flip_horizontal(&rotate90(&upright)),
        rotate270(&upright),
        flip_horizontal(&rotate270(&upright)),
        rotate90(&upright),
    ];
    for (tag, stored) in (1..).zip(stored) {
        let mut bytes = jpeg(&stored);
        bytes.splice(2..2, exif(tag));
        let decoded = decode("phone.jpg", &bytes).unwrap().pixels;
        assert_eq!(decoded.dimensions(), (48, 32), "orientation {tag}");
        for (x, y) in [(4, 4), (44, 4), (4, 28), (44, 28)] {
            let off =
                decoded.get_pixel(x, y).0.iter().zip(upright.get_pixel(x, y).0).map(|(&a, b)| a.abs_diff(b)).max();
            assert!(off <= Some(12), "orientation {tag} at {x},{y}: {:?}", decoded.get_pixel(x, y));
        }
    }
}

#[test]
fn a_senseless_orientation_is_ignored() {
    let mut bytes = jpeg(&quarters());
    bytes.splice(2..2, exif(77));
    assert_eq!(decode("phone.jpg", &bytes).unwrap().pixels.dimensions(), (48, 32));
}

// ---- bad input

#[test]
fn truncated_files_are_refused_in_every_format() {
    use ImageFormat::{Bmp, Gif, Png, Tiff, WebP};
    let picture = RgbImage::from_fn(64, 48, |x, y| Rgb([(x * y) as u8, (x * 7) as u8, (y * 11) as u8]));
    let mut files: Vec<(String, Vec<u8>)> = [Png, Bmp, Gif, Tiff, WebP]
        .map(|format| (format!("{format:?}"), encode(&DynamicImage::ImageRgb8(picture.clone()), format)))
        .to_vec();
    files.push(("Jpeg".into(), jpeg(&picture)));
    for (format, bytes) in files {
        for keep in [bytes.len() / 2, bytes.len() * 9 / 10, 20] {
            let error = refused(&bytes[..keep]);
            assert!(matches!(error, ImagingError::Damaged { .. }), "{format}, {keep} bytes: {error:?}");
            assert!(error.to_string().contains("photo"), "{error}");
        }
    }
    let whole = jpeg(&picture);
    assert!(matches!(refused(&whole[..whole.len() - 2]), ImagingError::Damaged { .. }), "no end marker");
}

#[test]
fn bytes_after_a_jpeg_do_not_matter() {
    let mut bytes = jpeg(&quarters());
    bytes.extend(b"\xFF\xDA motion photo");
    assert!(decode("phone.jpg", &bytes).is_ok());
}

#[test]
fn no_prefix_of_a_file_panics() {
    use ImageFormat::{Bmp, Gif, Png, Tiff, WebP};
    let picture = DynamicImage::ImageRgb8(marked());
    for format in [Png, Bmp, Gif, Tiff, WebP] {
        let bytes = encode(&picture, format);
        for keep in 0..bytes.len() {
            // A file may be whole before its last byte; it may not crash.
            let _ = decode("photo", &bytes[..keep]);
        }
    }
}

#[test]
fn what_is_no_picture_is_called_by_its_name() {
    for (bytes, looks_like) in [
        (&b"Dear all, attached is the photo."[..], "a text file"),
        (b"\x40\0\0\0\0\0\0\0{\"fc.weight\":{\"dtype\":\"F32\"", "a safetensors file"),
        (b"PK\x03\x04 archive/data.pkl", "PyTorch"),
        (b"%PDF-1.7", "PDF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1", "HEIC"),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "AVIF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"\x80\x02\x8a\x0a\xff\xfe\x00\x01\x02\x03", "unknown"),
    ] {
        let message = refused(bytes).to_string();
        assert!(message.contains(looks_like) && message.contains("use PNG, JPEG"), "{message}");
    }
}

/// A PNG chunk with its checksum.
fn chunk(png: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    png.extend((data.len() as u32).to_be_bytes());
    let checked = [&kind[..], data].concat();
    let crc = checked.iter().fold(!0_u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 })
    });
    png.extend(checked);
    png.extend((!crc).to_be_bytes());
}

#[test]
fn gigantic_dimensions_get_a_message_not_memory() {
    let header = |width: u32, height: u32| {
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
        chunk(&mut bytes, *b"IHDR", &[&size[..], &[8, 2, 0, 0, 0]].concat());
        chunk(&mut bytes, *b"IDAT", &[0x78, 0x01]);
        bytes
    };
    let started = Instant::now();
    for (width, height) in [(50_000, 50_000), (16_385, 1), (1, 16_385), (12_000, 12_000)] {
        let error = refused(&header(width, height));
        assert!(matches!(error, ImagingError::TooLarge { .. }), "{error:?}");
        assert!(error.to_string().contains(&format!("{width}×{height}")), "{error}");
    }
    // The PNG decoder itself stops at these, before it tells the size.
    assert!(matches!(refused(&header(0x7FFF_FFFF, 0x7FFF_FFFF)), ImagingError::TooMuchMemory { .. }));
    let mut bmp = encode(&DynamicImage::ImageRgb8(marked()), ImageFormat::Bmp);
    bmp[18..26].copy_from_slice(&[0x40, 0x9C, 0, 0, 0x40, 0x9C, 0, 0]);
    assert!(matches!(refused(&bmp), ImagingError::TooLarge { .. }), "{}", refused(&bmp));
    let mut gif = encode(&DynamicImage::ImageRgb8(marked()), ImageFormat::Gif);
    gif[6..10].fill(0xFF);
    assert!(matches!(refused(&gif), ImagingError::TooLarge { .. }), "{}", refused(&gif));
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[test]
fn paths_that_are_no_picture_files() {
    let folder = tempfile::tempdir().unwrap();
    let message = |path: &Path| open(path).unwrap_err().to_string();
    assert!(message(folder.path()).contains("is a folder"));
    let missing = folder.path().join("missing.png");
    assert!(message(&missing).contains("missing.png: no such file"));
    let empty = folder.path().join("empty.png");
    fs::write(&empty, []).unwrap();
    assert!(message(&empty).contains("empty.png is empty"));
    let large = folder.path().join("large.png");
    fs::File::create(&large).unwrap().set_len(300_000_000).unwrap();
    assert!(message(&large).contains("300 MB"));
    assert!(message(&empty.join("inside.png")).contains("cannot be read"));
    #[cfg(unix)]
    assert!(message(Path::new("/dev/null")).contains("not a regular file"));
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.png");
    fs::write(&path, encode(&DynamicImage::ImageRgb8(marked()), ImageFormat::Png)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    // The superuser may read everything; then there is nothing to refuse.
    if fs::read(&path).is_err() {
        let message = open(&path).unwrap_err().to_string();
        assert!(message.contains("secret.png") && message.contains("check its permissions"), "{message}");
    }
}

#[test]
fn an_opened_picture_is_named_by_its_file() {
    assert_eq!(open(&photo("cat.png")).unwrap().name, "cat.png");
}
