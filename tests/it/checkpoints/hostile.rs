//! Files made to do harm: every one gets a message.

use std::io::Write;

use super::write::{Claim, four, legacy, safetensors, state_dict, zip};
use super::{decode, refusal};

fn floats(count: usize) -> Vec<u8> {
    (0..count).flat_map(|number| (number as f32).to_le_bytes()).collect()
}

fn zipped(claims: &[Claim], storage: &[u8]) -> Vec<u8> {
    zip(&[("a/data.pkl", &state_dict(claims)), ("a/data/0", storage)])
}

#[test]
fn claims_that_leave_their_storage_are_refused() {
    let most = i64::MAX;
    let bad: Vec<Claim> = vec![
        Claim { size: vec![5], ..four() },
        Claim { offset: 1, ..four() },
        Claim { offset: -1, ..four() },
        Claim { strides: vec![-1], ..four() },
        Claim { strides: vec![2], ..four() },
        Claim { size: vec![most, 2], strides: vec![0, 0], ..four() },
        Claim { size: vec![most], strides: vec![0], ..four() },
        Claim { size: vec![1 << 31, 1 << 33], strides: vec![0, 0], ..four() },
        Claim { size: vec![i64::MIN], ..four() },
        Claim { offset: most, size: vec![2], strides: vec![most], ..four() },
        Claim { storage: 5, ..four() },
        Claim { storage: most, size: vec![most], ..four() },
        Claim { storage: -4, ..four() },
        Claim { key: "1", ..four() },
        Claim { class: "LongTensor", ..four() },
        Claim { size: vec![2, 2], ..four() },
    ];
    for claim in bad {
        let (size, strides) = (claim.size.clone(), claim.strides.clone());
        for bytes in [
            zipped(std::slice::from_ref(&claim), &floats(4)),
            legacy(&state_dict(std::slice::from_ref(&claim)), &[("0", 4, &floats(4))]),
        ] {
            let message = refusal(bytes);
            assert!(message.contains("damaged"), "{size:?} {strides:?}: {message}");
        }
    }
    assert_eq!(decode(zipped(&[four()], &floats(4))).expect("honest").read("w").expect("w"), [0.0, 1.0, 2.0, 3.0]);
}

#[test]
fn a_few_bytes_cannot_stand_for_many_numbers() {
    let claim = Claim { size: vec![1 << 15, 1 << 15], strides: vec![0, 0], ..four() };
    assert!(refusal(zipped(&[claim], &floats(4))).contains("far more than the file holds"));
    let names = ["a", "b", "c", "d"];
    let claims: Vec<Claim> =
        names.map(|name| Claim { name, size: vec![1 << 19], strides: vec![0], ..four() }).into_iter().collect();
    assert!(refusal(zipped(&claims, &floats(4))).contains("far more than the file holds"));
}

#[test]
fn storages_of_old_files_are_counted() {
    let pickle = state_dict(&[four()]);
    let count = |count: i64| refusal(legacy(&pickle, &[("0", count, &floats(4))]));
    assert!(count(3).contains("has 3 elements, not 4"));
    assert!(count(5).contains("cut off"));
    assert!(count(-1).contains("damaged"));
    assert!(count(1 << 62).contains("damaged"));
    assert!(refusal(legacy(&pickle, &[])).contains("the storage of w is missing"));
    assert!(refusal(legacy(&pickle, &[("9", 4, &floats(4))])).contains("belongs to no tensor"));
    assert!(refusal(legacy(&pickle, &[("0", 4, &floats(4)), ("0", 4, &floats(4))])).contains("belongs to no tensor"));
}

#[test]
fn a_name_given_twice_is_pointed_out() {
    let twice = [four(), four()];
    assert!(refusal(zipped(&twice, &floats(4))).contains("two tensors are named w"));
    assert!(refusal(legacy(&state_dict(&twice), &[("0", 4, &floats(4))])).contains("two tensors are named w"));
    let row = |from: usize| format!(r#""w":{{"dtype":"F32","shape":[1],"data_offsets":[{from},{}]}}"#, from + 4);
    let header = format!("{{{},{}}}", row(0), row(4));
    assert!(refusal(safetensors(&header, &floats(2))).contains("two tensors are named w"));
    assert!(refusal(zip(&[("a/data.pkl", b"}."), ("a/data.pkl", b"}.")])).contains("two members are named"));
}

#[test]
fn safetensors_headers_must_agree_with_the_file() {
    let one = |dtype: &str, shape: &str, from: u64, to: u64| {
        let header = format!(r#"{{"w":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{from},{to}]}}}}"#);
        refusal(safetensors(&header, &floats(4)))
    };
    assert!(one("F32", "[5]", 0, 16).contains("its shape needs 20"));
    assert!(one("F32", "[5]", 0, 20).contains("cut off"));
    assert!(one("F32", "[3]", 0, 12).contains("describes 12 bytes"));
    assert!(one("F32", "[3]", 4, 16).contains("gap"));
    assert!(one("F32", "[4]", 16, 0).contains("gap"));
    assert!(one("F32", "[9223372036854775808, 2]", 0, 16).contains("more elements than can be counted"));
    assert!(one("F32", "[18446744073709551615]", 0, 16).contains("more elements than can be counted"));
    assert!(one("F32", "[-1]", 0, 16).contains("damaged"));
    assert!(one("F32", "[4]", 0, u64::MAX).contains("its shape needs 16"));
    assert!(one("F99", "[4]", 0, 16).contains("unknown type, F99"));
    let overlap = r#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}"#;
    assert!(refusal(safetensors(overlap, &floats(4))).contains("overlaps"));
    assert!(refusal(safetensors(&format!("{{\"w\":{}", "[".repeat(50_000)), &[])).contains("damaged"));
}

#[test]
fn zip_archives_must_agree_with_the_file() {
    let sound = zipped(&[four()], &floats(4));
    let end = sound.len() - 22;
    let table = u32::from_le_bytes(*sound[end + 16..].first_chunk().expect("four")) as usize;
    let with = |at: usize, bytes: &[u8]| {
        let mut file = sound.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        refusal(file)
    };
    let u32_max = &[0xFF; 4];
    for (at, bytes) in [
        (end + 10, &[9, 0][..]),     // more members than rows
        (end + 12, u32_max),         // a table past the end
        (end + 16, u32_max),         // zip64 without its record
        (table, b"PKXX"),            // a broken row
        (table + 8, &[1, 0]),        // encrypted
        (table + 10, &[99, 0]),      // packed in an unknown way
        (table + 20, u32_max),       // data past the end, zip64 field missing or not
        (table + 20, &[0, 0, 1, 0]), // packed and unpacked lengths differ, data past the table
        (table + 42, &[7, 0, 0, 0]), // no header there
        (table + 46, b"x/data.pkl"), // another name in the header
    ] {
        let message = with(at, bytes);
        assert!(message.contains("zip") || message.contains("header") || message.contains("packed"), "{at}: {message}");
    }
    // The second member's row points at the first one's header, whose name it takes over.
    let two = zip(&[("a/data.pkl", b"}."), ("a/data.pk2", b"}.")]);
    let table = u32::from_le_bytes(*two[two.len() - 6..].first_chunk().expect("four")) as usize;
    let mut overlapping = two.clone();
    let second = table + 46 + 10;
    overlapping[second + 42..second + 46].fill(0);
    assert!(refusal(overlapping).contains("another name"));
}

/// A zip whose members are deflated; `declared` is what it says the storage's length is.
fn deflated(pickle: &[u8], storage: &[u8], declared: usize) -> Vec<u8> {
    let squeeze = |bytes: &[u8]| {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    };
    let (packed_pickle, packed) = (squeeze(pickle), squeeze(storage));
    let mut file = zip(&[("a/data.pkl", &packed_pickle), ("a/data/0", &packed)]);
    let table = u32::from_le_bytes(*file[file.len() - 6..].first_chunk().expect("four")) as usize;
    for (row, size) in [(table, pickle.len()), (table + 46 + 10, declared)] {
        file[row + 10] = 8;
        file[row + 24..row + 28].copy_from_slice(&(size as u32).to_le_bytes());
    }
    file
}

#[test]
fn compressed_archives_are_read_within_bounds() {
    let pickle = state_dict(&[four()]);
    let file = decode(deflated(&pickle, &floats(4), 16)).expect("deflated");
    assert_eq!(file.read("w").expect("w"), [0.0, 1.0, 2.0, 3.0]);
    // A bomb that says so, one that lies, and one that holds less than it says.
    let zeros = vec![0; 10 << 20];
    assert!(refusal(deflated(&pickle, &zeros, 10 << 20)).contains("no weights do"));
    for (held, declared) in [(&zeros[..], 16), (&zeros[..8], 16)] {
        let lying = decode(deflated(&pickle, held, declared)).expect("looks sound");
        assert!(lying.read("w").expect_err("lies").to_string().contains("does not unpack"));
    }
}

#[test]
fn pickles_that_hold_themselves_or_call_the_system_do_nothing() {
    let within = |pickle: &[u8]| refusal(zip(&[("a/data.pkl", pickle)]));
    let call = within(b"cos\nsystem\n(S'echo harm'\ntR.");
    assert!(call.contains("holds os.system, not a state_dict"), "{call}");
    assert!(within(b"}q\x00U\x0astate_dicth\x00s.").contains("no tensors"));
    assert!(within(b"]q\x00h\x00a.").contains("a list"));
    let deep = [vec![b']'; 100_000], vec![b'a'; 99_999], vec![b'.']].concat();
    assert!(within(&deep).contains("a list"));
    assert!(within(&vec![b'('; 5_000_000]).contains("damaged"));
    assert!(within(&vec![b'}'; 3_000_000]).contains("damaged"));
    assert!(within(b"X\xff\xff\xff\xffabc").contains("cut off"));
    assert!(within(b"j\xff\xff\xff\xff.").contains("damaged"));
    let script = zip(&[("a/data.pkl", b"}."), ("a/constants.pkl", b").")]);
    assert!(refusal(script).contains("no tensors"));
    assert!(refusal(zip(&[("a/weights.pth", b"x")])).contains("unpack it"));
    assert!(refusal(zip(&[("a/b.txt", b"x")])).contains("no data.pkl"));
}

/// A dict, list or name may be meant many times over: what is done for each must not multiply.
#[test]
fn a_small_file_cannot_ask_for_much_work() {
    let start = std::time::Instant::now();
    let entry = |name: &str| [b"X", &(name.len() as u32).to_le_bytes()[..], name.as_bytes()].concat();
    let large =
        [b"\x80\x02}q\x00(".to_vec(), [&entry("a")[..], b"K\x01"].concat().repeat(300_000), b"u0".to_vec()].concat();
    for names in [100, 50_000] {
        let outer: Vec<u8> = (0..names).flat_map(|i| [&entry(&i.to_string())[..], b"h\x00"].concat()).collect();
        let pickle = [&large[..], b"}(", &outer, b"u."].concat();
        assert!(refusal(zip(&[("a/data.pkl", &pickle)])).contains("no tensors"));
    }
    // One text of a megabyte, meant as the epoch, the run's name, ... a hundred thousand times.
    let text = [&entry(&"x".repeat(1 << 20))[..], b"q\x00"].concat();
    let outer: Vec<u8> = (0..100_000).flat_map(|i| [&entry(&i.to_string())[..], b"h\x00"].concat()).collect();
    let pickle = [b"\x80\x02", &text[..], b"0}(", &outer, b"u."].concat();
    assert!(refusal(zip(&[("a/data.pkl", &pickle)])).contains("no tensors"));
    let name: &'static str = "module.".repeat(100_000).leak();
    let file = decode(zipped(&[Claim { name, ..four() }], &floats(4))).expect("a strange name");
    assert_eq!(file.prefixes().len(), 16);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}
