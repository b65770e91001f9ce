//! `--out`: pictures of every gate, the photo, and a page that shows them.

use std::path::{Path, PathBuf};

use image::imageops::{self, FilterType};
use image::{ImageResult, RgbImage};

use super::html;
use super::portraits::{self, Portrait};
use super::result::Inspected;
use super::{All, Setting};
use crate::cli::error::CliError;
use crate::cli::images::harmless;
use crate::cli::output::Staging;
use crate::cli::picture::{displayed_crop, jpeg, png};
use crate::compute::imaging::{Picture, Prepared, Window};

/// The photo's longer side, in pixels.
const PHOTO_SIDE: u32 = 960;
/// The photo's name in its folder.
pub(super) const PHOTO: &str = "photo.jpg";
/// The page's name in its folder.
pub(super) const INDEX: &str = "index.html";

/// The folder being filled; nothing is seen in it before [`Folder::finish`].
pub(super) struct Folder {
    path: PathBuf,
    staging: Staging,
    /// Each image has a folder of its own.
    nested: bool,
}

impl Folder {
    /// Opens the folder; several images have a folder each in it.
    pub(super) fn open(path: &Path, are_several: bool) -> Result<Self, CliError> {
        Ok(Self { path: path.to_owned(), staging: Staging::open(path)?, nested: are_several })
    }

    /// Refuses files that are there and somebody else's, before anything is computed for them.
    pub(super) fn claim(&self, setting: &Setting, names: &[String]) -> Result<(), CliError> {
        let gates = (0..setting.graph.gates.len()).flat_map(|index| {
            let portraits = portraits::of(setting, index).into_iter().enumerate();
            portraits.map(move |(number, portrait)| gate_file(setting, index, (number > 0).then_some(portrait)))
        });
        let own: Vec<String> = gates.chain([PHOTO.to_owned(), INDEX.to_owned()]).collect();
        if !self.nested {
            return own.iter().try_for_each(|file| self.staging.claim(Path::new(file)));
        }
        self.staging.claim(Path::new(INDEX))?;
        names
            .iter()
            .try_for_each(|name| own.iter().try_for_each(|file| self.staging.claim(&Path::new(name).join(file))))
    }

    /// Adds an image's pictures and its page.
    pub(super) fn add(
        &mut self,
        setting: &Setting,
        picture: &Picture,
        prepared: &Prepared,
        result: &Inspected,
    ) -> Result<(), CliError> {
        let place = if self.nested { PathBuf::from(&result.short_name) } else { PathBuf::new() };
        let encoded = |name: &Path, bytes: ImageResult<Vec<u8>>| {
            bytes.map_err(|error| CliError::Failure(format!("{}: cannot be encoded, {error}", name.display())))
        };
        let photo = photo(&picture.pixels);
        let name = place.join(PHOTO);
        self.staging.write(&name, &encoded(&name, jpeg(&photo))?)?;
        let crop = displayed_crop(&picture.pixels, &prepared.window, setting.preprocessing.crop);
        for index in 0..setting.graph.gates.len() {
            for (number, portrait) in portraits::of(setting, index).into_iter().enumerate() {
                let drawn = portrait.draw(setting, result, index, &crop);
                let name = place.join(gate_file(setting, index, (number > 0).then_some(portrait)));
                self.staging.write(&name, &encoded(&name, png(&drawn))?)?;
            }
        }
        let view = html::View { photo: [photo.width(), photo.height()], window: fraction(&prepared.window, picture) };
        self.staging.write(&place.join(INDEX), html::image_page(setting, result, &view, self.nested).as_bytes())
    }

    /// Adds the page of all images if there are several, moves everything into place and gives the first page.
    pub(super) fn finish(mut self, setting: &Setting, all: &All) -> Result<PathBuf, CliError> {
        if self.nested {
            self.staging.write(Path::new(INDEX), html::overview(setting, all).as_bytes())?;
        }
        self.staging.commit()?;
        Ok(self.path.join(INDEX))
    }
}

/// The file of a gate's picture: numbered, so that a listing is in depth order; `further` is one beside the first.
pub(super) fn gate_file(setting: &Setting, index: usize, further: Option<Portrait>) -> String {
    let gates = &setting.graph.gates;
    let digits = gates.len().to_string().len().max(2);
    let suffix = further.map_or("", Portrait::suffix);
    format!("{:0digits$}-{}{suffix}.png", index + 1, harmless(&gates[index].name))
}

/// The whole picture, small enough for a page.
fn photo(pixels: &RgbImage) -> RgbImage {
    let longer = pixels.width().max(pixels.height());
    if longer <= PHOTO_SIDE {
        return pixels.clone();
    }
    let scaled = |side: u32| (f64::from(side) * f64::from(PHOTO_SIDE) / f64::from(longer)).round().max(1.0) as u32;
    imageops::resize(pixels, scaled(pixels.width()), scaled(pixels.height()), FilterType::Triangle)
}

/// The window's left, top, width and height as fractions of the picture.
fn fraction(window: &Window, picture: &Picture) -> [f32; 4] {
    let (width, height) = (picture.pixels.width() as f32, picture.pixels.height() as f32);
    [window.x / width, window.y / height, window.width / width, window.height / height]
}
