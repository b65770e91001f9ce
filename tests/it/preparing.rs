//! How pictures are prepared: what configurations of every form ask for, against timm, torchvision and Pillow.

use std::fs;
use std::path::{Path, PathBuf};

use gatescope::compute::config::ModelConfig;
use gatescope::compute::imaging::{Change, CropMode, Picture, Preprocessing, decode, open};
use image::{GrayImage, Luma, Rgb, RgbImage, Rgba, RgbaImage};
use serde_json::Value;

fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(name)
}

fn bug(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/bugs").join(name)
}

fn parsed(text: &str) -> ModelConfig {
    ModelConfig::parse("config.json", text).expect(text)
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|value| value.as_f64().expect("a number")).collect()
}

/// `tests/reference/preparing/make.py` wrote the numbers.
#[test]
fn every_form_of_a_configuration_prepares_as_its_library_does() {
    let text = fs::read_to_string(reference("preparing/cases.json")).expect("the numbers");
    let all: Value = serde_json::from_str(&text).expect("JSON");
    let photo = open(&reference(all["photo"].as_str().expect("a name"))).expect("the photo");
    let cases = all["cases"].as_array().expect("cases");
    assert!(cases.len() >= 20);
    for case in cases {
        let name = case["name"].as_str().expect("a name");
        let config = parsed(&case["config"].to_string());
        let preprocessing = config.preprocessing.expect(name);
        let prepared = preprocessing.prepare(&photo).expect(name);
        let shape: Vec<usize> = numbers(&case["shape"]).into_iter().map(|side| side as usize).collect();
        assert_eq!([&[preprocessing.channels], &preprocessing.crop[..]].concat(), shape, "{name}");
        assert!(config.input_size.is_some_and(|input| input.to_vec() == shape), "{name}");
        let plane = shape[1] * shape[2];
        for (channel, mean) in numbers(&case["mean"]).into_iter().enumerate() {
            let values = &prepared.tensor[channel * plane..(channel + 1) * plane];
            let found = values.iter().map(|value| f64::from(*value)).sum::<f64>() / plane as f64;
            assert!((found - mean).abs() < 0.002, "{name}: mean of channel {channel} is {found}, not {mean}");
        }
        let step = f64::from(1.0 / 255.0 / preprocessing.std.iter().copied().fold(f32::INFINITY, f32::min));
        for (place, wanted) in
            case["places"].as_array().expect("places").iter().zip(case["values"].as_array().expect("values"))
        {
            let place = numbers(place);
            let at = place[0] as usize * shape[2] + place[1] as usize;
            for (channel, wanted) in numbers(wanted).into_iter().enumerate() {
                let found = f64::from(prepared.tensor[channel * plane + at]);
                // Pillow's weights have 22 bits, ours 16: a value may be one of 255 off.
                assert!((found - wanted).abs() <= 1.1 * step, "{name} at {place:?}, {channel}: {found}, not {wanted}");
            }
        }
    }
}

#[test]
fn what_is_scaled_assumed_or_not_understood_is_said() {
    for (text, words) in [
        (r#"{"pretrained_cfg": {"mean": [123.7, 116.3, 103.5], "std": [58.4, 57.1, 57.4]}}"#, "divided by 255"),
        (r#"{"image_mean": 127.5, "image_std": 127.5, "size": 64}"#, "divided by 255"),
        (r#"{"do_rescale": false, "image_mean": 127.5, "image_std": 127.5, "size": 64}"#, "rescale_factor"),
        (r#"{"do_normalize": true, "size": 64, "resample": 2}"#, "ImageNet's is assumed"),
        (
            r#"{"image_mean": 0.5, "image_std": 0.5, "size": 64, "do_pad": true, "pad_size": 8, "do_x": false}"#,
            "do_pad, pad_size",
        ),
        (r#"{"image_mean": 0.5, "image_std": 0.5, "size": {"shortest_edge": 64}}"#, "no crop is given"),
        (r#"{"image_mean": 0.5, "image_std": 0.5, "size": 64, "resample": 9}"#, "resample 9"),
        (r#"{"pretrained_cfg": {"mean": 0.5, "std": 0.5, "crop_shape": "round"}}"#, "crop_shape"),
        (r#"{"pretrained_cfg": {"interpolation": "gauss"}}"#, "gauss"),
        (r#"{"pretrained_cfg": {"crop_mode": "spiral"}}"#, "spiral"),
    ] {
        let notes = parsed(text).notes.join("\n");
        assert!(notes.contains(words) && notes.starts_with("config.json"), "{text}: {notes}");
        assert!(!notes.contains("do_x"), "what is off asks for nothing: {notes}");
    }
    let silent = r#"{"image_mean": 0.5, "image_std": 0.5, "size": {"height": 64, "width": 64}, "resample": 2,
        "do_convert_rgb": null, "image_processor_type": "ViTImageProcessor", "processor_class": "X"}"#;
    assert!(parsed(silent).notes.is_empty(), "{:?}", parsed(silent).notes);
}

#[test]
fn what_cannot_be_is_refused_with_its_field() {
    for (text, words) in [
        (r#"{"pretrained_cfg": {"crop_pct": 1.5}}"#, "up to 1"),
        (r#"{"image_mean": 0.5, "image_std": 0.5, "size": {"shortest_edge": 64}, "crop_pct": 87.5}"#, "up to 1"),
        (
            r#"{"pretrained_cfg": {"mean": [123.7, 116.3, 103.5], "std": [0.229, 0.224, 0.225]}}"#,
            "one is for values 0..255",
        ),
        (r#"{"image_mean": [0.5], "size": {"longest_edge": 64}}"#, "shortest_edge"),
        (r#"{"image_mean": [0.5], "size": 0}"#, "size is 0"),
        (r#"{"image_mean": [0.5], "size": 64, "do_resize": "yes"}"#, "true or false"),
        (r#"{"image_mean": [0.5], "image_std": [0.0], "size": 64}"#, "std"),
        (r#"{"image_mean": [0.5], "resample": [2]}"#, "resample"),
    ] {
        let message = ModelConfig::parse("config.json", text).expect_err(text).to_string();
        assert!(message.contains(words) && message.starts_with("config.json"), "{text}: {message}");
    }
}

#[test]
fn both_files_beside_a_checkpoint_are_read_as_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    };
    // transformers' config.json says what the network is, the other file how pictures are prepared.
    write(
        "config.json",
        r#"{"architectures": ["ResNetForImageClassification"], "id2label": {"0": "cat", "1": "dog"}}"#,
    );
    write("preprocessor_config.json", r#"{"image_mean": 0.5, "image_std": 0.25, "size": {"height": 64, "width": 64}}"#);
    let beside = |checkpoint: &str| ModelConfig::beside(&folder.path().join(checkpoint)).expect("reads");
    let config = beside("pytorch_model.bin").expect("there");
    assert_eq!((config.num_classes, config.input_size), (Some(2), Some([3, 64, 64])));
    assert_eq!(config.preprocessing.expect("said").std.map(f32::to_bits), [0.25_f32.to_bits(); 3]);
    assert_eq!(config.path, folder.path().join("config.json"));
    // In the Hub's cache the repository's top counts for a checkpoint in a folder below.
    let snapshot = "snapshots/0123456";
    write(&format!("{snapshot}/config.json"), r#"{"architecture": "resnet18", "num_classes": 7}"#);
    write(&format!("{snapshot}/weights/readme.txt"), "");
    let below = beside(&format!("{snapshot}/weights/model.safetensors")).expect("there");
    assert_eq!((below.num_classes, below.architecture.as_deref()), (Some(7), Some("resnet18")));
    assert_eq!(ModelConfig::beside(&folder.path().join("elsewhere/model.bin")).expect("nothing to read"), None);
    write("config.json", r#"{"pretrained_cfg": {"mean": 0.1}}"#);
    let notes = beside("pytorch_model.bin").expect("there").notes.join("\n");
    assert!(notes.contains("prepare pictures differently"), "{notes}");
}

// ---- what decoding changes

fn changes(bytes: &[u8]) -> Vec<Change> {
    decode("picture", bytes).expect("decodes").changes
}

fn encoded(image: &image::DynamicImage, format: image::ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).expect("encodes");
    bytes.into_inner()
}

#[test]
fn dropped_transparency_is_said_and_opaque_pictures_are_silent() {
    let solid = RgbaImage::from_pixel(4, 4, Rgba([9, 8, 7, 255]));
    let mut holed = solid.clone();
    holed.put_pixel(1, 1, Rgba([9, 8, 7, 254]));
    assert_eq!(changes(&encoded(&solid.into(), image::ImageFormat::Png)), []);
    let bytes = encoded(&holed.into(), image::ImageFormat::Png);
    assert_eq!(changes(&bytes), [Change::TransparencyDropped]);
    assert_eq!(decode("p", &bytes).expect("decodes").pixels.get_pixel(1, 1).0, [9, 8, 7], "as Pillow's convert(RGB)");
    let disc = open(&bug("img-black-on-transparent.png")).expect("opens");
    assert!(disc.has(Change::TransparencyDropped) && !disc.has(Change::FirstFrame));
    let deep = image::ImageBuffer::from_pixel(2, 2, Luma([40_000_u16]));
    assert_eq!(changes(&encoded(&image::DynamicImage::ImageLuma16(deep), image::ImageFormat::Png)), [Change::Depth]);
}

#[test]
fn the_first_frame_of_an_animation_is_said() {
    let frame = |level: u8| image::Frame::new(RgbaImage::from_pixel(6, 5, Rgba([level, level, level, 255])));
    let gif = |levels: &[u8]| {
        let mut bytes = Vec::new();
        let mut encoder = image::codecs::gif::GifEncoder::new(&mut bytes);
        for level in levels {
            encoder.encode_frame(frame(*level)).expect("encodes");
        }
        drop(encoder);
        bytes
    };
    assert_eq!(changes(&gif(&[10])), []);
    let two = gif(&[10, 200]);
    assert_eq!(changes(&two), [Change::FirstFrame]);
    assert!(decode("g", &two).expect("decodes").pixels.get_pixel(0, 0).0[0] < 20, "the first, not the last");
    // A PNG becomes an animation by its acTL chunk; the number after it is of frames.
    let png = encoded(&RgbImage::new(3, 3).into(), image::ImageFormat::Png);
    let control = |frames: u32| {
        let mut chunk = [b"acTL".as_slice(), &frames.to_be_bytes(), &[0; 4]].concat();
        let sum = crc(&chunk).to_be_bytes();
        chunk.extend(sum);
        [&png[..33], &8_u32.to_be_bytes(), &chunk, &png[33..]].concat()
    };
    assert_eq!(changes(&png), []);
    for length in 0..two.len() {
        // Cut anywhere, it is refused or opened, and nothing more.
        let _ = decode("cut", &two[..length]);
    }
    let _ = decode("animated", &control(2)).map(|picture| assert!(picture.has(Change::FirstFrame)));
}

/// PNG's checksum.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 })
    })
}

// ---- TIFF with a palette, PPM and PGM

/// A palette TIFF of one strip. `pixels` are packed rows.
fn palette_tiff(
    big: bool,
    bits: u16,
    size: [u16; 2],
    palette: &[[u16; 3]],
    pixels: &[u8],
    orientation: u16,
) -> Vec<u8> {
    let short = |value: u16| if big { value.to_be_bytes() } else { value.to_le_bytes() };
    let long = |value: u32| if big { value.to_be_bytes() } else { value.to_le_bytes() };
    let entries: u16 = 10;
    let map_at = 8 + 2 + u32::from(entries) * 12 + 4;
    let data_at = map_at + 6 * palette.len() as u32;
    let mut bytes = [if big { *b"MM" } else { *b"II" }, short(42)].concat();
    bytes.extend(long(8));
    bytes.extend(short(entries));
    let mut entry = |tag: u16, count: u32, value: Result<u16, u32>| {
        bytes.extend(short(tag));
        bytes.extend(short(if value.is_ok() { 3 } else { 4 }));
        bytes.extend(long(count));
        match value {
            Ok(value) => bytes.extend([short(value), [0, 0]].concat()),
            Err(value) => bytes.extend(long(value)),
        }
    };
    entry(256, 1, Ok(size[0]));
    entry(257, 1, Ok(size[1]));
    entry(258, 1, Ok(bits));
    entry(259, 1, Ok(1));
    entry(262, 1, Ok(3));
    entry(273, 1, Err(data_at));
    entry(274, 1, Ok(orientation));
    entry(278, 1, Ok(size[1]));
    entry(279, 1, Err(pixels.len() as u32));
    // A map is of shorts, but its place is a long.
    bytes.extend(short(320));
    bytes.extend(short(3));
    bytes.extend(long(3 * palette.len() as u32));
    bytes.extend(long(map_at));
    bytes.extend(long(0));
    for channel in 0..3 {
        for colour in palette {
            bytes.extend(short(colour[channel]));
        }
    }
    bytes.extend(pixels);
    bytes
}

#[test]
fn a_tiff_with_a_palette_has_its_palettes_colours() {
    let colours: Vec<[u16; 3]> = (0..256_u16).map(|index| [index << 8, (255 - index) << 8, 0x1234]).collect();
    for big in [false, true] {
        let tiff = palette_tiff(big, 8, [3, 2], &colours, &[0, 1, 2, 253, 254, 255], 1);
        let picture = decode("t", &tiff).expect("decodes");
        assert_eq!(picture.pixels.get_pixel(1, 0).0, [1, 254, 0x12]);
        assert_eq!(picture.pixels.get_pixel(2, 1).0, [255, 0, 0x12]);
        // Rows of packed pixels begin at a byte.
        let packed = palette_tiff(big, 4, [3, 2], &colours[..16], &[0x01, 0x20, 0xDE, 0xF0], 1);
        let picture = decode("t", &packed).expect("decodes");
        let reds: Vec<u8> = picture.pixels.pixels().map(|pixel| pixel.0[0]).collect();
        assert_eq!(reds, [0, 1, 2, 13, 14, 15]);
        let bits = palette_tiff(big, 1, [3, 2], &colours[..2], &[0b1010_0000, 0b0100_0000], 1);
        let reds: Vec<u8> = decode("t", &bits).expect("decodes").pixels.pixels().map(|pixel| pixel.0[0]).collect();
        assert_eq!(reds, [1, 0, 1, 0, 1, 0]);
        let turned = decode("t", &palette_tiff(big, 8, [3, 2], &colours, &[0, 1, 2, 3, 4, 5], 6)).expect("decodes");
        assert_eq!((turned.pixels.dimensions(), turned.changes), ((2, 3), vec![Change::Oriented]));
    }
    // Pillow: getpixel((3, 4)) of the converted file.
    let file = open(&bug("img-palette.tif")).expect("opens");
    assert_eq!((file.pixels.dimensions(), file.pixels.get_pixel(3, 4).0), ((200, 150), [153, 129, 118]));
}

#[test]
fn a_damaged_palette_is_refused_in_words() {
    let whole = palette_tiff(false, 8, [3, 2], &[[0; 3]; 256], &[0; 6], 1);
    for length in 0..whole.len() {
        let _ = decode("t", &whole[..length]).map(|picture| assert_eq!(picture.pixels.dimensions(), (3, 2)));
    }
    let message = decode("t", &whole[..200]).expect_err("no palette").to_string();
    assert!(message.starts_with("t: this kind of TIFF is not supported (a palette"), "{message}");
    let huge = palette_tiff(false, 8, [65_535, 65_535], &[[0; 3]; 256], &[0; 6], 1);
    assert!(decode("t", &huge).expect_err("too large").to_string().contains("65535"));
    for at in 0..200 {
        for value in [0, 1, 0x7F, 0xFF] {
            let mut changed = whole.clone();
            changed[at] = value;
            let _ = decode("t", &changed);
        }
    }
}

#[test]
fn ppm_and_pgm_are_pictures() {
    let red = open(&bug("p6.ppm")).expect("opens");
    assert_eq!(red.pixels.dimensions(), (32, 32));
    // Pillow's.
    assert_eq!([(0, 0), (5, 5)].map(|(x, y)| red.pixels.get_pixel(x, y).0), [[214, 25, 20], [216, 35, 2]]);
    for (text, wanted) in [
        ("P2\n# a comment\n2 1\n255\n7 250\n", [[7; 3], [250; 3]]),
        ("P3 2 1 15 15 0 0 0 15 0", [[255, 0, 0], [0, 255, 0]]),
        ("P5 2 1 255\n\x05\x0a", [[5; 3], [10; 3]]),
    ] {
        let picture = decode("p", text.as_bytes()).expect(text);
        let found: Vec<[u8; 3]> = picture.pixels.pixels().map(|pixel| pixel.0).collect();
        assert_eq!(found, wanted, "{text}");
    }
    for text in ["P6 2 2 255\nabc", "P6 0 2 255\n", "P6 99999 99999 255\n", "P5 2", "P3 1 1 255 1 2"] {
        decode("p", text.as_bytes()).expect_err(text);
    }
    let grey = GrayImage::from_pixel(3, 3, Luma([77]));
    assert_eq!(changes(&encoded(&grey.into(), image::ImageFormat::Pnm)), []);
}

#[test]
fn a_border_has_the_means_colour_and_others_are_black() {
    let white = Picture::new("white", RgbImage::from_pixel(40, 20, Rgb([255; 3])));
    let prepared = |crop_mode| {
        let preprocessing = Preprocessing { crop_mode, resize: 40, ..Preprocessing::for_input([3, 40, 40]) };
        preprocessing.prepare(&white).expect("prepared")
    };
    assert_eq!(prepared(CropMode::Border).crop.get_pixel(0, 0).0, [124, 116, 104]);
    assert!(prepared(CropMode::Border).tensor[0].abs() < 0.01, "the mean is 0 after normalisation");
    assert_eq!(prepared(CropMode::None).crop.get_pixel(0, 0).0, [0; 3]);
    assert_eq!(prepared(CropMode::Squash).crop.get_pixel(0, 0).0, [255; 3]);
}
