//! Element types, and turning their bytes into f32.

use std::fmt;

/// What a tensor's elements are. Displayed with PyTorch's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Dtype {
    F64,
    F32,
    F16,
    BF16,
    I64,
    I32,
    I16,
    I8,
    U64,
    U32,
    U16,
    U8,
    Bool,
    /// One that no network here computes with: its name and bytes an element.
    Other(&'static str, u8),
}

/// Type, PyTorch's name (`torch.float32`), the storage class's (`torch.FloatStorage`), safetensors'.
const NAMES: [(Dtype, &str, &str, &str); 23] = [
    (Dtype::F64, "float64", "DoubleStorage", "F64"),
    (Dtype::F32, "float32", "FloatStorage", "F32"),
    (Dtype::F16, "float16", "HalfStorage", "F16"),
    (Dtype::BF16, "bfloat16", "BFloat16Storage", "BF16"),
    (Dtype::I64, "int64", "LongStorage", "I64"),
    (Dtype::I32, "int32", "IntStorage", "I32"),
    (Dtype::I16, "int16", "ShortStorage", "I16"),
    (Dtype::I8, "int8", "CharStorage", "I8"),
    (Dtype::U64, "uint64", "", "U64"),
    (Dtype::U32, "uint32", "", "U32"),
    (Dtype::U16, "uint16", "", "U16"),
    (Dtype::U8, "uint8", "ByteStorage", "U8"),
    (Dtype::Bool, "bool", "BoolStorage", "BOOL"),
    (Dtype::Other("complex64", 8), "complex64", "ComplexFloatStorage", "C64"),
    (Dtype::Other("complex128", 16), "complex128", "ComplexDoubleStorage", ""),
    (Dtype::Other("float8_e4m3fn", 1), "float8_e4m3fn", "", "F8_E4M3"),
    (Dtype::Other("float8_e5m2", 1), "float8_e5m2", "", "F8_E5M2"),
    (Dtype::Other("float8_e4m3fnuz", 1), "float8_e4m3fnuz", "", "F8_E4M3FNUZ"),
    (Dtype::Other("float8_e5m2fnuz", 1), "float8_e5m2fnuz", "", "F8_E5M2FNUZ"),
    (Dtype::Other("float8_e8m0fnu", 1), "float8_e8m0fnu", "", "F8_E8M0"),
    (Dtype::Other("qint8", 1), "qint8", "QInt8Storage", ""),
    (Dtype::Other("quint8", 1), "quint8", "QUInt8Storage", ""),
    (Dtype::Other("qint32", 4), "qint32", "QInt32Storage", ""),
];

impl Dtype {
    /// Can it be read as f32 without a question about its meaning?
    #[must_use]
    pub fn is_float(self) -> bool {
        matches!(self, Self::F64 | Self::F32 | Self::F16 | Self::BF16)
    }

    /// Bytes an element.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self {
            Self::F64 | Self::I64 | Self::U64 => 8,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F16 | Self::BF16 | Self::I16 | Self::U16 => 2,
            Self::I8 | Self::U8 | Self::Bool => 1,
            Self::Other(_, bytes) => usize::from(bytes),
        }
    }

    /// By the name safetensors gives it.
    pub(super) fn of_safetensors(name: &str) -> Option<Self> {
        NAMES.iter().find(|row| !row.3.is_empty() && row.3 == name).map(|row| row.0)
    }

    /// By the name of PyTorch's storage class.
    pub(super) fn of_storage(class: &str) -> Option<Self> {
        NAMES.iter().find(|row| !row.2.is_empty() && row.2 == class).map(|row| row.0)
    }

    /// By PyTorch's name for it, without `torch.`.
    pub(super) fn of_torch(name: &str) -> Option<Self> {
        NAMES.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    /// Turns one element, in little-endian bytes, into f32. `None` for types that are not read.
    pub(super) fn element(self) -> Option<fn(&[u8]) -> f32> {
        Some(match self {
            Self::F64 => |b| f64::from_le_bytes(array(b)) as f32,
            Self::F32 => |b| f32::from_le_bytes(array(b)),
            Self::F16 => |b| f16(u16::from_le_bytes(array(b))),
            Self::BF16 => |b| f32::from_bits(u32::from(u16::from_le_bytes(array(b))) << 16),
            Self::I64 => |b| i64::from_le_bytes(array(b)) as f32,
            Self::I32 => |b| i32::from_le_bytes(array(b)) as f32,
            Self::I16 => |b| f32::from(i16::from_le_bytes(array(b))),
            Self::I8 => |b| f32::from(i8::from_le_bytes(array(b))),
            Self::U64 => |b| u64::from_le_bytes(array(b)) as f32,
            Self::U32 => |b| u32::from_le_bytes(array(b)) as f32,
            Self::U16 => |b| f32::from(u16::from_le_bytes(array(b))),
            Self::U8 | Self::Bool => |b| f32::from(u8::from_le_bytes(array(b))),
            Self::Other(..) => return None,
        })
    }

    /// Turns a run of elements into f32, four-byte floats (nearly every file) at the speed of memory.
    pub(super) fn run(self, bytes: &[u8], big_endian: bool) -> Option<Vec<f32>> {
        if self == Self::F32 && !big_endian {
            return Some(bytes.as_chunks::<4>().0.iter().map(|&chunk| f32::from_le_bytes(chunk)).collect());
        }
        let element = self.element()?;
        let elements = bytes.chunks_exact(self.bytes());
        Some(match big_endian {
            false => elements.map(element).collect(),
            true => elements.map(|bytes| swapped(bytes, element)).collect(),
        })
    }
}

/// Turns one element in big-endian bytes into f32.
pub(super) fn swapped(bytes: &[u8], element: fn(&[u8]) -> f32) -> f32 {
    let mut reversed = [0; 16];
    for (to, from) in reversed.iter_mut().zip(bytes.iter().rev()) {
        *to = *from;
    }
    element(&reversed[..bytes.len().min(16)])
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|row| row.0 == *self).map_or("unknown", |row| row.1);
        f.write_str(name)
    }
}

/// The first `N` bytes, zeros where there are fewer.
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.first_chunk().copied().unwrap_or([0; N])
}

/// IEEE 754 half precision: 1 sign, 5 exponent, 10 fraction bits.
pub(super) fn f16(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let (exponent, fraction) = (u32::from(bits >> 10) & 0x1F, u32::from(bits & 0x3FF));
    match exponent {
        0 => {
            let magnitude = fraction as f32 / (1 << 24) as f32;
            f32::from_bits(magnitude.to_bits() | sign)
        }
        0x1F => f32::from_bits(sign | 0x7F80_0000 | (fraction << 13)),
        _ => f32::from_bits(sign | ((exponent + 127 - 15) << 23) | (fraction << 13)),
    }
}

/// The nearest half-precision number, ties to even; too large becomes infinite, too small zero.
pub(super) fn to_f16(value: f32) -> u16 {
    let bits = value.to_bits();
    let sign = (bits >> 16) as u16 & 0x8000;
    let magnitude = bits & 0x7FFF_FFFF;
    if magnitude > 0x7F80_0000 {
        return sign | 0x7E00;
    }
    let exponent = (magnitude >> 23) as i32 - 127 + 15;
    if exponent >= 0x1F {
        return sign | 0x7C00;
    }
    // The significand with its hidden bit, and how many of its bits half precision has no room for.
    let (significand, dropped) = match exponent {
        1.. => (((exponent as u32 - 1) << 23) + ((magnitude & 0x007F_FFFF) | 0x0080_0000), 13),
        _ => ((magnitude & 0x007F_FFFF) | 0x0080_0000, (14 - exponent).min(31) as u32),
    };
    let (kept, rest) = (significand >> dropped, significand & ((1 << dropped) - 1));
    let half = 1 << (dropped - 1);
    let up = rest > half || (rest == half && kept & 1 == 1);
    // A carry out of the fraction raises the exponent, which is right, up to infinity.
    sign | (kept + u32::from(up)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_is_written_as_itself_and_others_as_the_nearest() {
        for bits in (0..=u16::MAX).filter(|bits| !f16(*bits).is_nan()) {
            assert_eq!(to_f16(f16(bits)), bits, "{bits:#06x}");
        }
        for bits in (0..0x7BFF_u16).step_by(7) {
            let (below, above) = (f16(bits), f16(bits + 1));
            let middle = f32::midpoint(below, above);
            let even = bits + (bits & 1);
            assert_eq!(to_f16(middle), even, "{bits:#06x}");
            assert_eq!(to_f16(middle.next_down()), bits, "{bits:#06x}");
            assert_eq!(to_f16(-middle.next_up()), (bits + 1) | 0x8000, "{bits:#06x}");
        }
        assert_eq!([to_f16(65_519.9), to_f16(65_520.0), to_f16(f32::INFINITY)], [0x7BFF, 0x7C00, 0x7C00]);
        assert_eq!([to_f16(1e-30), to_f16(-1e-8), to_f16(0.0)], [0, 0x8000, 0]);
        assert!(f16(to_f16(f32::NAN)).is_nan());
    }

    #[test]
    fn half_precision_covers_its_corners() {
        let cases = [
            (0x0000, 0.0),
            (0x0001, 5.960_464_5e-8),
            (0x03FF, 6.097_555e-5),
            (0x0400, 6.103_515_6e-5),
            (0x3555, 0.333_251_95),
            (0x3C00, 1.0),
            (0xC000, -2.0),
            (0x7BFF, 65_504.0),
            (0xFC00, f32::NEG_INFINITY),
        ];
        for (bits, want) in cases {
            assert_eq!(f16(bits).to_bits(), f32::to_bits(want), "{bits:#06x}");
        }
        assert!(f16(0x7E00).is_nan() && f16(0x8000).is_sign_negative());
    }

    #[test]
    fn every_name_is_found_again_and_big_endian_is_swapped() {
        for (dtype, torch, storage, safetensors) in NAMES {
            assert_eq!(dtype.to_string(), torch);
            assert!(storage.is_empty() || Dtype::of_storage(storage) == Some(dtype));
            assert!(safetensors.is_empty() || Dtype::of_safetensors(safetensors) == Some(dtype));
            assert_eq!(Dtype::of_torch(torch), Some(dtype));
        }
        assert_eq!(Dtype::F32.run(&1.5_f32.to_be_bytes(), true), Some(vec![1.5]));
        assert_eq!(Dtype::F64.run(&(-0.25_f64).to_be_bytes(), true), Some(vec![-0.25]));
        assert_eq!(Dtype::I64.run(&7_i64.to_le_bytes(), false), Some(vec![7.0]));
    }
}
