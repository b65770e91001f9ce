//! Writing a result: every file whole or not at all.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{ImageFormat, RgbImage};
use serde::Serialize;

use crate::compute::files::origin::{LIST, Written};
use crate::compute::files::{probe_folder, replace};
use crate::compute::lab::LabError;

/// Refuses a folder where nothing can be written, or where one of these files is somebody else's.
///
/// # Errors
/// [`LabError::Write`], [`LabError::Foreign`].
pub fn check_out(folder: &Path, names: &[&str]) -> Result<(), LabError> {
    probe_folder(folder).map_err(|reason| LabError::Write { path: folder.to_path_buf(), reason })?;
    let written = written(folder, names);
    Ok(names.iter().try_for_each(|name| written.check(Path::new(name)))?)
}

/// What of a folder is this program's. A version that kept no list has written the version into its JSON.
fn written(folder: &Path, names: &[&str]) -> Written {
    let is_result = |name: &str| {
        let path = folder.join(name);
        let is_json = path.extension().is_some_and(|extension| extension == "json");
        let text = is_json.then(|| std::fs::read(&path).ok()).flatten();
        let value = text.and_then(|text| serde_json::from_slice::<serde_json::Value>(&text).ok());
        value.is_some_and(|value| value["run"]["gatescope"].is_string())
    };
    let written = Written::of(folder);
    if names.iter().any(|name| is_result(name)) { written.or_adopted(names) } else { written }
}

/// Writes files into a folder, making it if it is not there; gives their paths. Nothing is written where one of them
/// is somebody else's.
pub(super) fn write_all(folder: &Path, files: &[(String, Vec<u8>)]) -> Result<Vec<PathBuf>, LabError> {
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let mut written = written(folder, &names);
    names.iter().try_for_each(|name| written.check(Path::new(name)))?;
    let mut paths = Vec::with_capacity(files.len());
    for (name, bytes) in files {
        let path = folder.join(name);
        write_whole(&path, bytes)?;
        written.note(Path::new(name), bytes);
        paths.push(path);
    }
    written.keep().map_err(|reason| LabError::Write { path: folder.join(LIST), reason })?;
    Ok(paths)
}

/// Through a temporary file beside the target.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), LabError> {
    let failed = |reason| LabError::Write { path: path.to_path_buf(), reason };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    replace(path, bytes).map_err(failed)
}

/// A value as indented JSON with a line break at its end.
pub(super) fn json(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// A picture as PNG.
pub(super) fn png(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    // Memory does not refuse a write.
    let _ = picture.write_to(&mut bytes, ImageFormat::Png);
    bytes.into_inner()
}

/// Rows as CSV under a header.
pub(super) fn csv(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let _ = writer.write_record(header);
    for row in rows {
        let _ = writer.write_record(row);
    }
    writer.into_inner().unwrap_or_default()
}

/// A day in the civil calendar from the system's clock, in UTC: `2026-11-24`.
pub(super) fn today() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let (year, month, day) = civil((now.as_secs() / 86_400) as i64);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Howard Hinnant, "chrono-compatible low-level date algorithms".
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let moved = (5 * of_year + 2) / 153;
    let day = of_year - (153 * moved + 2) / 5 + 1;
    let month = if moved < 10 { moved + 3 } else { moved - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(19_782), (2024, 2, 29));
        assert_eq!(civil(20_781), (2026, 11, 24));
    }

    #[test]
    fn a_target_that_cannot_be_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a file");
        write_whole(&file, b"x").expect("writes");
        let message = write_whole(&file.join("below"), b"x").expect_err("no folder").to_string();
        assert!(message.contains("a file"), "{message}");
    }
}
