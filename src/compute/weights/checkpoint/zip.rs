//! Zip archives, as far as checkpoints use them: the table at the end, zip64, stored and deflated members.
//!
//! Checksums are not compared: PyTorch can be told not to write them.

use std::collections::HashMap;
use std::io::Read;
use std::ops::Range;

use super::contents::Storage;
use super::fault::{Fault, shown};

const END: &[u8; 4] = b"PK\x05\x06";
const END64: &[u8; 4] = b"PK\x06\x06";
const LOCATOR64: &[u8; 4] = b"PK\x06\x07";
const CENTRAL: &[u8; 4] = b"PK\x01\x02";
const LOCAL: &[u8; 4] = b"PK\x03\x04";
/// Lengths of those records without their names and comments.
const END_LENGTH: usize = 22;
const LOCATOR_LENGTH: usize = 20;
const CENTRAL_LENGTH: usize = 46;
const LOCAL_LENGTH: usize = 30;

/// Weights hardly shrink. A deflated member may unpack to this many times its length...
const MAX_RATIO: u64 = 256;
/// ...and this many bytes more, for small members that are all zeros.
const RATIO_FREE: u64 = 64 << 10;

/// Where members lie.
#[derive(Debug)]
pub(super) struct Archive<'a> {
    pub(super) members: HashMap<&'a str, Storage>,
    /// In the order of the table.
    pub(super) names: Vec<&'a str>,
}

/// One row of the table.
struct Row<'a> {
    name: &'a str,
    method: u16,
    packed: u64,
    size: u64,
    header: u64,
}

impl<'a> Archive<'a> {
    /// Reads the table and checks every member against the file: none outside it, none over another.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, Fault> {
        let (table, count) = find_table(bytes)?;
        let rows = rows(bytes, table.clone(), count)?;
        let mut archive = Self { members: HashMap::with_capacity(rows.len()), names: Vec::with_capacity(rows.len()) };
        let mut places = Vec::with_capacity(rows.len());
        for row in rows {
            let place = place(bytes, &row, table.start)?;
            places.push(place.clone());
            let data = place.end - row.packed as usize..place.end;
            let member = match row.method {
                0 if row.packed == row.size => Storage::Stored(data),
                8 if row.size <= row.packed.saturating_mul(MAX_RATIO).saturating_add(RATIO_FREE) => {
                    Storage::Deflated(data, row.size as usize)
                }
                8 => return Err(bomb(&row)),
                _ => {
                    return Err(Fault::other(format!(
                        "{} is packed in a way PyTorch does not use, save it again",
                        shown(row.name)
                    )));
                }
            };
            archive.names.push(row.name);
            if archive.members.insert(row.name, member).is_some() {
                return Err(Fault::damaged(format!("two members are named {}", shown(row.name))));
            }
        }
        places.sort_by_key(|place| place.start);
        if places.windows(2).any(|pair| pair[1].start < pair[0].end) {
            return Err(Fault::damaged("members of the zip archive overlap"));
        }
        Ok(archive)
    }
}

fn bomb(row: &Row) -> Fault {
    let Row { name, packed, size, .. } = row;
    Fault::damaged(format!("{} says that {packed} bytes unpack to {size}, no weights do", shown(name)))
}

/// Unpacks a deflated member to exactly the size it declares.
pub(super) fn inflate(packed: &[u8], size: usize) -> Result<Vec<u8>, Fault> {
    // What a lying header claims is not allocated before it is there.
    let mut bytes = Vec::with_capacity(size.min(packed.len().saturating_mul(4)));
    let limit = size as u64 + 1;
    let read = flate2::read::DeflateDecoder::new(packed).take(limit).read_to_end(&mut bytes);
    match read {
        Ok(length) if length == size => Ok(bytes),
        _ => Err(Fault::damaged("a compressed member does not unpack to the size it declares")),
    }
}

/// Where the table of members is, and how many rows it has.
fn find_table(bytes: &[u8]) -> Result<(Range<usize>, u64), Fault> {
    const LONGEST_COMMENT: usize = 0xFFFF;
    let from = bytes.len().saturating_sub(END_LENGTH + LONGEST_COMMENT);
    let tail = &bytes[from..];
    let found = tail.windows(END.len()).rposition(|window| window == END).map(|at| from + at);
    let Some(at) = found.filter(|at| at + END_LENGTH <= bytes.len()) else {
        return Err(Fault::Cut("its zip archive, the table at the end is missing"));
    };
    let short = [u16_at(bytes, at + 10)?.into(), u32_at(bytes, at + 12)?.into(), u32_at(bytes, at + 16)?.into()];
    let is_full = short[0] == 0xFFFF || short[1] == 0xFFFF_FFFF || short[2] == 0xFFFF_FFFF;
    let (mut end, mut numbers) = (at, short);
    if let Some(locator) = at.checked_sub(LOCATOR_LENGTH).filter(|&l| bytes.get(l..l + 4) == Some(LOCATOR64)) {
        let record = usize::try_from(u64_at(bytes, locator + 8)?).unwrap_or(usize::MAX);
        if bytes.get(record..record.saturating_add(4)) != Some(END64) || record > locator {
            return Err(Fault::damaged("the zip64 record is not where the archive says"));
        }
        end = record;
        numbers = [u64_at(bytes, record + 32)?, u64_at(bytes, record + 40)?, u64_at(bytes, record + 48)?];
    } else if is_full {
        return Err(Fault::damaged("the zip64 record is missing"));
    }
    let [count, size, start] = numbers;
    match start.checked_add(size) {
        Some(stop) if stop <= end as u64 => Ok((start as usize..stop as usize, count)),
        _ => Err(Fault::damaged("the table of the zip archive lies outside the file")),
    }
}

fn rows(bytes: &[u8], table: Range<usize>, count: u64) -> Result<Vec<Row<'_>>, Fault> {
    if count > ((table.end - table.start) / CENTRAL_LENGTH) as u64 {
        return Err(Fault::damaged("the table of the zip archive is shorter than its number of members"));
    }
    let mut rows = Vec::with_capacity(count as usize);
    let mut at = table.start;
    for _ in 0..count {
        if bytes.get(at..at.saturating_add(4)) != Some(CENTRAL) {
            return Err(Fault::damaged("the table of the zip archive is broken"));
        }
        let lengths = [u16_at(bytes, at + 28)?, u16_at(bytes, at + 30)?, u16_at(bytes, at + 32)?].map(usize::from);
        let name = at + CENTRAL_LENGTH..at + CENTRAL_LENGTH + lengths[0];
        let extra = name.end..name.end + lengths[1];
        let next = extra.end + lengths[2];
        if next > table.end {
            return Err(Fault::damaged("the table of the zip archive is broken"));
        }
        let text = std::str::from_utf8(&bytes[name]).map_err(|_| Fault::damaged("a member's name is not text"))?;
        if u16_at(bytes, at + 8)? & 1 != 0 {
            return Err(Fault::other("an encrypted zip archive, unpack it and give the checkpoint in it"));
        }
        let mut numbers = [u32_at(bytes, at + 24)?, u32_at(bytes, at + 20)?, u32_at(bytes, at + 42)?].map(u64::from);
        widen(&mut numbers, &bytes[extra])?;
        let [size, packed, header] = numbers;
        rows.push(Row { name: text, method: u16_at(bytes, at + 10)?, packed, size, header });
        at = next;
    }
    Ok(rows)
}

/// Replaces 32-bit numbers that are full by those of the zip64 field, which come in the same order.
fn widen(numbers: &mut [u64; 3], mut extra: &[u8]) -> Result<(), Fault> {
    const FULL: u64 = 0xFFFF_FFFF;
    while let [a, b, c, d, rest @ ..] = extra {
        let length = usize::from(u16::from_le_bytes([*c, *d])).min(rest.len());
        if u16::from_le_bytes([*a, *b]) == 1 {
            let mut wide = rest[..length].as_chunks::<8>().0.iter();
            for number in numbers.iter_mut().filter(|number| **number == FULL) {
                let bytes = wide.next().ok_or_else(|| Fault::damaged("a zip64 field is too short"))?;
                *number = u64::from_le_bytes(*bytes);
            }
            return Ok(());
        }
        extra = &rest[length..];
    }
    Ok(())
}

/// From a member's own header to the end of its data.
fn place(bytes: &[u8], row: &Row, table: usize) -> Result<Range<usize>, Fault> {
    let outside = || Fault::damaged(format!("{} lies outside the zip archive", shown(row.name)));
    let start = usize::try_from(row.header).map_err(|_| outside())?;
    if bytes.get(start..start.saturating_add(4)) != Some(LOCAL) {
        return Err(outside());
    }
    let name = usize::from(u16_at(bytes, start + 26)?);
    let data = start + LOCAL_LENGTH + name + usize::from(u16_at(bytes, start + 28)?);
    if bytes.get(start + LOCAL_LENGTH..start + LOCAL_LENGTH + name) != Some(row.name.as_bytes()) {
        return Err(Fault::damaged(format!("{} has another name in its own header", shown(row.name))));
    }
    match (data as u64).checked_add(row.packed) {
        Some(end) if end <= table as u64 => Ok(start..end as usize),
        _ => Err(outside()),
    }
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], Fault> {
    let field = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
    field.copied().ok_or(Fault::Cut("its zip archive"))
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16, Fault> {
    field(bytes, at).map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, Fault> {
    field(bytes, at).map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Result<u64, Fault> {
    field(bytes, at).map(u64::from_le_bytes)
}
