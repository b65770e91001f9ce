//! NumPy's `.npy`: one array of numbers, as `numpy.save` writes it.

use std::fs;
use std::path::Path;

/// The largest file that is read, in bytes: far more than any gate has.
const MOST: u64 = 256 << 20;
/// What every such file begins with.
const MAGIC: &[u8] = b"\x93NUMPY";

/// Reads an array: its shape, and its values in row-major order.
///
/// # Errors
/// One sentence that names the file.
pub fn read(path: &Path) -> Result<(Vec<usize>, Vec<f32>), String> {
    let refuse = |problem: String| format!("{}: {problem}", path.display());
    let length = fs::metadata(path).map_err(|error| refuse(format!("cannot be read, {error}")))?.len();
    if length > MOST {
        return Err(refuse(format!("{length} bytes; an array of up to {MOST} bytes is read")));
    }
    let bytes = fs::read(path).map_err(|error| refuse(format!("cannot be read, {error}")))?;
    parse(&bytes).map_err(refuse)
}

/// Reads a file's bytes.
fn parse(bytes: &[u8]) -> Result<(Vec<usize>, Vec<f32>), String> {
    let broken = || "no whole .npy file; write it with numpy.save".to_owned();
    let rest = bytes.strip_prefix(MAGIC).ok_or_else(broken)?;
    let (version, rest) = rest.split_at_checked(2).ok_or_else(broken)?;
    let digits = if version[0] == 1 { 2 } else { 4 };
    let (length, rest) = rest.split_at_checked(digits).ok_or_else(broken)?;
    let length = length.iter().rev().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
    let (header, data) = rest.split_at_checked(length).ok_or_else(broken)?;
    let header = std::str::from_utf8(header).map_err(|_| broken())?;
    let kind = field(header, "descr").map(|text| text.trim_matches(['\'', '"'])).ok_or_else(broken)?;
    if field(header, "fortran_order") != Some("False") {
        return Err("its array is in column-major order; save numpy.ascontiguousarray(array)".to_owned());
    }
    let shape = field(header, "shape").ok_or_else(broken)?;
    let shape: Option<Vec<usize>> = shape
        .trim_matches(['(', ')'])
        .split(',')
        .map(str::trim)
        .filter(|side| !side.is_empty())
        .map(|side| side.parse().ok())
        .collect();
    let shape = shape.ok_or_else(broken)?;
    let count = shape.iter().try_fold(1_usize, |product, side| product.checked_mul(*side)).ok_or_else(broken)?;
    let values = values(kind, data).ok_or_else(|| format!("its numbers are {kind}; save them as float32"))?;
    match values.len() == count {
        true => Ok((shape, values)),
        false => Err(format!("{} values where its shape says {count}; write it again with numpy.save", values.len())),
    }
}

/// What the header's dictionary has under a key.
fn field<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = header.split_once(&format!("'{key}':"))?;
    let rest = rest.trim_start();
    let end = match rest.starts_with('(') {
        true => rest.find(')')? + 1,
        false => rest.find([',', '}'])?,
    };
    Some(rest[..end].trim())
}

/// Little-endian numbers of a kind.
fn values(kind: &str, data: &[u8]) -> Option<Vec<f32>> {
    fn of<const N: usize>(data: &[u8], number: fn([u8; N]) -> f32) -> Vec<f32> {
        data.as_chunks::<N>().0.iter().map(|bytes| number(*bytes)).collect()
    }
    match kind {
        "<f4" => Some(of(data, f32::from_le_bytes)),
        "<f8" => Some(of(data, |bytes| f64::from_le_bytes(bytes) as f32)),
        "|u1" => Some(of(data, |[byte]| f32::from(byte))),
        "|b1" => Some(of(data, |[byte]| f32::from(u8::from(byte != 0)))),
        "<i4" => Some(of(data, |bytes| i32::from_le_bytes(bytes) as f32)),
        "<i8" => Some(of(data, |bytes| i64::from_le_bytes(bytes) as f32)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(kind: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n");
        [MAGIC, &[1, 0], &(header.len() as u16).to_le_bytes(), header.as_bytes(), data].concat()
    }

    #[test]
    fn arrays_of_every_kind_are_read() {
        let four: Vec<u8> = [0.5_f32, -1.0].iter().flat_map(|value| value.to_le_bytes()).collect();
        assert_eq!(parse(&file("<f4", "(2,)", &four)), Ok((vec![2], vec![0.5, -1.0])));
        let eight: Vec<u8> = [0.25_f64; 4].iter().flat_map(|value| value.to_le_bytes()).collect();
        assert_eq!(parse(&file("<f8", "(2, 2)", &eight)), Ok((vec![2, 2], vec![0.25; 4])));
        assert_eq!(parse(&file("|b1", "(3,)", &[1, 0, 1])), Ok((vec![3], vec![1.0, 0.0, 1.0])));
        assert_eq!(parse(&file("<f4", "()", &four[..4])), Ok((Vec::new(), vec![0.5])));
    }

    #[test]
    fn what_is_broken_says_how() {
        let message = |bytes: &[u8]| parse(bytes).expect_err("broken");
        assert!(message(b"PK").contains("numpy.save") && message(&file("<f4", "(2,)", &[0; 4])).contains("1 values"));
        assert!(message(&file("<c8", "(1,)", &[0; 8])).contains("float32"));
        assert!(message(&file("<f4", "(99999999999999, 99999999999999)", &[])).contains("numpy.save"));
        let whole = file("<f4", "(1,)", &[0; 4]);
        for end in 0..whole.len() {
            assert!(parse(&whole[..end]).is_err(), "{end}");
        }
        let turned = String::from_utf8_lossy(&whole).replace("False", "True ");
        assert!(parse(turned.as_bytes()).is_err());
    }
}
