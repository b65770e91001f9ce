//! Inputs, mutations and targets of the fuzzer; the tests run it too, for a moment.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use gatescope::compute::imaging;
use gatescope::compute::random::SplitMix64;
use gatescope::compute::weights::{Checkpoint, WeightsError, recognise};
use gatescope::network;

/// Something that opens what strangers send.
pub struct Target {
    /// What the command line calls it.
    pub name: &'static str,
    /// Folder and ending of its inputs.
    inputs: (&'static str, &'static str),
    /// Bytes that mean something to it.
    tokens: &'static [&'static [u8]],
    /// Opens one input; false if it was refused.
    pub open: fn(&[u8]) -> bool,
}

const CHECKPOINTS: &str = "tests/reference/checkpoints";
const PICKLE: &[&[u8]] = &[
    b"(",
    b"t",
    b")",
    b"R",
    b"b",
    b"q\x00",
    b"h\x00",
    b"Q",
    b"\x81",
    b"}",
    b"u",
    b"s",
    b"]",
    b"e",
    b"a",
    b"\x85",
    b"2",
    b"0",
    b"ctorch._utils\n_rebuild_tensor_v2\n",
    b"ctorch\nFloatStorage\n",
    b"X\x07\x00\x00\x00storage",
    b"N",
    b"\x88",
    b".",
    b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"J\xff\xff\xff\xff",
    b"\x94",
    b"\x93",
    b"\x95",
    b"r\xff\xff\xff\xff",
];
const ZIP: &[&[u8]] =
    &[b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"\x08\x00", b"\x01\x00\x18\x00"];
const SAFETENSORS: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\"",
    b"\"F32\"",
    b"\"BF16\"",
    b"\"shape\"",
    b"\"data_offsets\"",
    b"0",
    b"18446744073709551615",
];
const SPEC: &[&[u8]] = &[
    b"+cbam",
    b"+se",
    b"+none",
    b"@layer1",
    b"@layer4.2",
    b"(r=",
    b"(k=",
    b")",
    b",",
    b"=",
    b"resnet",
    b"plain",
    b"classes=",
    b"input=",
    b"0",
    b"-1",
    b"99999999999999999999",
    b"width=",
    b"groups=",
    b"variant=timm",
    b"\xC3\x97",
    b"stride=v1",
];
const TOML: &[&[u8]] = &[
    b"gatescope = 1\n",
    b"model = ",
    b"\"resnet18\"",
    b"[[attention]]\n",
    b"block = \"se\"\n",
    b"at = [\"layer1\"]\n",
    b"[",
    b"]",
    b"\n",
    b"input = [3, 8, 8]\n",
    b"classes = ",
    b"0",
    b"-1",
    b"1e999",
    b"99999999999999999999",
    b"\"\"\"",
    b"[options]\n",
    b".",
];

pub const TARGETS: &[Target] = &[
    Target {
        name: "safetensors",
        inputs: ("tests/corpus/safetensors", ".safetensors"),
        tokens: SAFETENSORS,
        open: checkpoint,
    },
    Target { name: "zip", inputs: (CHECKPOINTS, ".zip.pth"), tokens: ZIP, open: checkpoint },
    Target { name: "pickle", inputs: (CHECKPOINTS, ".pkl"), tokens: PICKLE, open: pickle },
    Target { name: "legacy", inputs: (CHECKPOINTS, ".legacy.pth"), tokens: PICKLE, open: checkpoint },
    Target { name: "image", inputs: ("tests/corpus/image", ""), tokens: &[], open: image },
    Target { name: "toml", inputs: ("tests/corpus/toml", ".toml"), tokens: TOML, open: toml },
    Target { name: "spec", inputs: ("tests/corpus/spec", ".txt"), tokens: SPEC, open: spec },
];

/// The target of this name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// Input that made a target panic.
#[derive(Debug)]
pub struct Failure {
    pub run: u64,
    pub input: Vec<u8>,
    pub message: String,
}

/// Gives a target mutated inputs; the same seed gives the same ones. Returns how many it accepted.
pub fn run(target: &Target, runs: u64, seed: u64) -> Result<u64, Failure> {
    let corpus = corpus(target);
    assert!(!corpus.is_empty(), "{} has no inputs", target.name);
    let mut opened = 0;
    for run in 0..runs {
        let input = mutated(&corpus, target.tokens, &mut SplitMix64(seed ^ run.wrapping_mul(0xD134_2543_DE82_EF95)));
        match catch_unwind(AssertUnwindSafe(|| (target.open)(&input))) {
            Ok(accepted) => opened += u64::from(accepted),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
                return Err(Failure { run, input, message: text.unwrap_or_default() });
            }
        }
    }
    Ok(opened)
}

/// The inputs of a target, in the order of their names.
fn corpus(target: &Target) -> Vec<Vec<u8>> {
    let (folder, ending) = target.inputs;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = entries.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
    paths.sort();
    paths.into_iter().filter_map(|path| std::fs::read(path).ok()).collect()
}

/// Opens a checkpoint and reads all of it. What it holds must be in proportion to the file.
fn checkpoint(bytes: &[u8]) -> bool {
    match Checkpoint::decode(Path::new("input"), bytes.to_vec()) {
        Ok(file) => {
            if let Err(error) = recognise(&file) {
                check_message(&error);
            }
            let mut elements = 0;
            for entry in file.entries() {
                match file.read(&entry.name) {
                    Ok(values) => elements += values.len(),
                    Err(error) => check_message(&error),
                }
            }
            // 256 times, where it is compressed; every storage may be seen through four tensors.
            assert!(elements <= 4 * (257 * bytes.len() + (64 << 10) * file.entries().len()) + (1 << 20), "{elements}");
            true
        }
        Err(error) => {
            check_message(&error);
            false
        }
    }
}

fn check_message(error: &WeightsError) {
    let message = error.to_string();
    assert!(message.starts_with("input: ") && !message.contains('\n') && message.len() < 600, "{message}");
}

/// Puts a pickle in an archive with storages for it, so that mutations reach past the zip reader.
fn pickle(bytes: &[u8]) -> bool {
    let storage = [0; 512];
    let names: Vec<String> = (0..16).map(|key| format!("archive/data/{key}")).collect();
    let mut members = vec![("archive/data.pkl", bytes)];
    members.extend(names.iter().map(|name| (name.as_str(), &storage[..])));
    checkpoint(&archive(&members))
}

fn image(bytes: &[u8]) -> bool {
    imaging::decode("input", bytes).is_ok()
}

fn toml(bytes: &[u8]) -> bool {
    let spec = network::zoo::parse_toml(&String::from_utf8_lossy(bytes));
    spec.and_then(|spec| network::lower(&spec)).is_ok()
}

fn spec(bytes: &[u8]) -> bool {
    network::parse(&String::from_utf8_lossy(bytes)).and_then(|spec| network::lower(&spec)).is_ok()
}

/// A zip archive of stored members, without checksums.
pub fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut file, mut table) = (Vec::new(), Vec::new());
    for (name, data) in members {
        let offset = (file.len() as u32).to_le_bytes();
        let length = (data.len() as u32).to_le_bytes();
        let name_length = (name.len() as u16).to_le_bytes();
        // Version, flags, method, time, date, checksum; sizes; lengths of name and extra field.
        let common =
            [&[20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &length, &length, &name_length, &[0, 0]].concat();
        file.extend([b"PK\x03\x04", &common[..], name.as_bytes(), data].concat());
        table.extend([b"PK\x01\x02\x14\x00", &common[..], &[0; 10], &offset, name.as_bytes()].concat());
    }
    let count = (members.len() as u16).to_le_bytes();
    let (size, start) = ((table.len() as u32).to_le_bytes(), (file.len() as u32).to_le_bytes());
    file.extend(table);
    file.extend([b"PK\x05\x06\0\0\0\0", &count[..], &count, &size, &start, &[0, 0]].concat());
    file
}

/// One to eight mutations of one of the inputs.
fn mutated(corpus: &[Vec<u8>], tokens: &[&[u8]], random: &mut SplitMix64) -> Vec<u8> {
    let mut bytes = corpus[random.below(corpus.len())].clone();
    for _ in 0..=random.below(8) {
        let at = random.below(bytes.len() + 1);
        match random.below(10) {
            0 | 1 => change(&mut bytes, at, |byte| byte ^ (1 << random.below(8))),
            2 => change(&mut bytes, at, |_| random.next_u64() as u8),
            3 => overwrite(&mut bytes, at, &number(random)),
            4 => bytes.truncate(at.max(1)),
            5 => drop(bytes.drain(at..(at + random.below(16)).min(bytes.len()))),
            6 | 7 if !tokens.is_empty() => {
                let token = tokens[random.below(tokens.len())];
                match random.below(2) {
                    0 => overwrite(&mut bytes, at, token),
                    _ => drop(bytes.splice(at..at, token.iter().copied())),
                }
            }
            8 => {
                let other = &corpus[random.below(corpus.len())];
                let from = random.below(other.len());
                let part = other[from..(from + random.below(64)).min(other.len())].to_vec();
                drop(bytes.splice(at..at, part));
            }
            _ => {
                let part = bytes[at..(at + random.below(64)).min(bytes.len())].to_vec();
                let to = random.below(bytes.len() + 1);
                drop(bytes.splice(to..to, part));
            }
        }
    }
    bytes
}

fn change(bytes: &mut [u8], at: usize, with: impl FnOnce(u8) -> u8) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte = with(*byte);
    }
}

fn overwrite(bytes: &mut [u8], at: usize, with: &[u8]) {
    for (to, from) in bytes[at..].iter_mut().zip(with) {
        *to = *from;
    }
}

/// A number that often breaks things, in one to eight bytes.
fn number(random: &mut SplitMix64) -> Vec<u8> {
    const NUMBERS: [u64; 10] = [0, 1, 0x7F, 0xFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 62, 1 << 63, u64::MAX];
    let number = NUMBERS[random.below(NUMBERS.len())].to_le_bytes();
    number[..1 << random.below(4)].to_vec()
}
