//! A contact sheet: what a data set looks like, at a glance.

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

use super::{Dataset, Mask, Split};
use crate::compute::imaging::text::{Anchor, Style, Weight, fit, write};
use crate::compute::lab::LabError;

/// The most pictures across or down.
const MAX_CELLS: usize = 64;
/// How many examples are looked at for each picture wanted, in search of a rare class.
const PATIENCE: u64 = 50;

const GAP: u32 = 6;
const LINE: u32 = 18;
const PAPER: Rgb<u8> = Rgb([250, 250, 252]);
const OUTLINE: Rgb<u8> = Rgb([255, 0, 170]);
const LABEL: Style = Style { weight: Weight::Regular, size: 12.0, colour: [60, 64, 72] };

/// Which pictures, and how they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SheetOptions {
    /// Where they come from.
    pub split: Split,
    /// Pictures down.
    pub rows: usize,
    /// Pictures across; with as many as there are classes, each column is a class.
    pub columns: usize,
    /// How many times as large they are shown.
    pub scale: u32,
    /// Draw the masks' outlines.
    pub outline: bool,
}

/// Draws a sheet of a split's first pictures, class after class, each with its class's name below.
///
/// # Errors
/// A number of pictures that cannot be, a split without examples, a picture that can no longer be read.
pub fn sheet(dataset: &dyn Dataset, options: &SheetOptions) -> Result<RgbImage, LabError> {
    for (what, given) in [("rows", options.rows), ("columns", options.columns)] {
        if !(1..=MAX_CELLS).contains(&given) {
            return Err(LabError::Size { what, given: given as u64, most: MAX_CELLS as u64 });
        }
    }
    let scale = options.scale.clamp(1, 8);
    let [_, height, width] = dataset.input().map(|side| side as u32);
    let (across, down) = (width * scale + GAP, height * scale + LINE);
    let (columns, rows) = (options.columns as u32, options.rows as u32);
    let mut page = RgbImage::from_pixel(columns * across + GAP, rows * down + GAP, PAPER);
    for (cell, found) in choose(dataset, options)?.into_iter().enumerate() {
        let Some(index) = found else { continue };
        let example = dataset.example(options.split, index)?;
        let (x, y) = (GAP + cell as u32 % columns * across, GAP + cell as u32 / columns * down);
        let picture = imageops::resize(&example.image, width * scale, height * scale, FilterType::Nearest);
        imageops::replace(&mut page, &picture, x.into(), y.into());
        if let Some(mask) = example.mask.as_ref().filter(|_| options.outline) {
            outline(&mut page, mask, (x, y), scale);
        }
        let name = dataset.classes().get(example.label).map_or("?", String::as_str);
        let place = ((x + width * scale / 2) as f32, (y + height * scale + 13) as f32);
        write(&mut page, &fit(name, (width * scale) as f32, LABEL), place, Anchor::Centre, LABEL);
    }
    Ok(page)
}

/// An example for every cell: the cells go round the classes. A class that is too rare leaves its cells empty.
fn choose(dataset: &dyn Dataset, options: &SheetOptions) -> Result<Vec<Option<u64>>, LabError> {
    let (split, cells) = (options.split, options.rows * options.columns);
    let len = dataset.len(split);
    if len == Some(0) {
        return Err(LabError::EmptySplit { name: dataset.name().to_owned(), split });
    }
    let classes = dataset.classes().len().max(1);
    let mut chosen = vec![None; cells];
    let mut next: Vec<usize> = (0..classes).collect();
    let most = len.unwrap_or(u64::MAX).min(cells as u64 * PATIENCE);
    for index in 0..most {
        if next.iter().all(|&cell| cell >= cells) {
            break;
        }
        let label = dataset.example(split, index)?.label;
        let Some(cell) = next.get_mut(label).filter(|cell| **cell < cells) else { continue };
        chosen[*cell] = Some(index);
        *cell += classes;
    }
    Ok(chosen)
}

/// A line around what the mask holds, just inside it.
fn outline(page: &mut RgbImage, mask: &Mask, (left, top): (u32, u32), scale: u32) {
    let inside = |x: Option<u32>, y: Option<u32>| {
        let (Some(x), Some(y)) = (x, y) else { return false };
        mask.contains((x / scale) as usize, (y / scale) as usize)
    };
    let (width, height) = (mask.width as u32 * scale, mask.height as u32 * scale);
    for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
        let around = [
            inside(x.checked_sub(1), Some(y)),
            inside(Some(x + 1), Some(y)),
            inside(Some(x), y.checked_sub(1)),
            inside(Some(x), Some(y + 1)),
        ];
        if inside(Some(x), Some(y)) && around.contains(&false) {
            page.put_pixel(left + x, top + y, OUTLINE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compute::lab::data::Objects;

    const OPTIONS: SheetOptions = SheetOptions { split: Split::Test, rows: 2, columns: 10, scale: 1, outline: false };

    #[test]
    fn columns_are_classes_and_pictures_the_data_sets() {
        let objects = Objects::new(0);
        let chosen = choose(&objects, &OPTIONS).expect("chooses");
        assert_eq!(chosen.len(), 20);
        for (cell, index) in chosen.iter().enumerate() {
            let index = index.expect("no class is rare");
            assert_eq!(objects.example(Split::Test, index).expect("endless").label, cell % 10);
        }
        let page = sheet(&objects, &OPTIONS).expect("draws");
        let first = objects.example(Split::Test, chosen[0].expect("no class is rare")).expect("endless").image;
        let shown = imageops::crop_imm(&page, GAP, GAP, 64, 64).to_image();
        assert_eq!(shown, first);
        let below = imageops::crop_imm(&page, GAP, GAP + 64, 64, LINE).to_image();
        assert!(below.pixels().any(|pixel| pixel.0[0] < 128), "no name is written");
    }

    #[test]
    fn outlines_go_around_the_object() {
        let objects = Objects::new(0);
        let (bare, lined) = (OPTIONS, SheetOptions { outline: true, ..OPTIONS });
        let (bare, lined) = (sheet(&objects, &bare).expect("draws"), sheet(&objects, &lined).expect("draws"));
        let changed = bare.pixels().zip(lined.pixels()).filter(|(a, b)| a != b).count();
        assert!((20 * 30..20 * 250).contains(&changed), "{changed}");
    }

    #[test]
    fn impossible_sheets_are_refused() {
        let none = sheet(&Objects::new(0), &SheetOptions { rows: 0, ..OPTIONS }).expect_err("refused").to_string();
        assert!(none.contains("rows") && none.contains("64"), "{none}");
    }
}
