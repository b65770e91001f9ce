//! Whether a JPEG is all there: the decoder fills what is missing with grey, which would pass for a picture.

/// Walks the markers of a JPEG: false when the data ends before the end-of-image marker.
///
/// Anything it does not understand counts as complete and is left to the decoder. Bytes after the end
/// (thumbnails, motion photos) do not matter. ITU T.81, annex B.
pub(super) fn is_complete(bytes: &[u8]) -> bool {
    const START: u8 = 0xD8;
    const END: u8 = 0xD9;
    const SCAN: u8 = 0xDA;
    let mut at = 0;
    loop {
        let Some(&[lead, marker]) = bytes.get(at..at + 2) else { return false };
        if lead != 0xFF {
            return true;
        }
        at += match marker {
            END => return true,
            0xFF => 1, // fill byte
            START | 0x01 | 0xD0..=0xD7 => 2,
            _ => {
                let Some(&[high, low]) = bytes.get(at + 2..at + 4) else { return false };
                2 + usize::from(u16::from_be_bytes([high, low]))
            }
        };
        if marker == SCAN {
            let Some(next) = next_marker(bytes, at) else { return false };
            at = next;
        }
    }
}

/// The place of the next marker after entropy-coded data, where FF is followed by 00 and restarts are D0 to D7.
fn next_marker(bytes: &[u8], from: usize) -> Option<usize> {
    let data = bytes.get(from..)?;
    let offset = data.windows(2).position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xD0..=0xD7 | 0xFF))?;
    Some(from + offset)
}
