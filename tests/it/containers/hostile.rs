//! Containers made to do harm: every one gets a message, none much memory or time.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use gatescope::compute::weights::Checkpoint;
use gatescope::compute::weights::checkpoint::state_dicts;
use proptest::prelude::*;

use super::corpus;
use crate::checkpoints::write::zip;

fn refusal(path: &Path) -> String {
    let start = Instant::now();
    let message = Checkpoint::open(path).expect_err("should be refused").to_string();
    assert!(start.elapsed() < Duration::from_secs(20), "{message}: {:?}", start.elapsed());
    assert!(!message.contains('\n'), "{message}");
    message
}

/// The message for a zip archive of this description.
fn of_pickle(pickle: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("w.pth");
    std::fs::write(&file, zip(&[("a/data.pkl", pickle)])).expect("written");
    refusal(&file)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(bytes).expect("in memory");
    writer.finish().expect("in memory")
}

#[test]
fn gzip_is_unpacked_within_bounds() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("w.pth.gz");
    let message = |bytes: &[u8]| {
        std::fs::write(&file, bytes).expect("written");
        refusal(&file)
    };
    assert!(message(&gzip(&vec![0; 64 << 20])).contains("unpacks to more than"));
    assert!(message(&gzip(&gzip(b"weights"))).contains("gzip twice"));
    assert!(message(&gzip(b"")).contains("nothing is inside"));
    assert!(message(&gzip(b"epoch,loss\n1,0.5\n")).contains("neither weights"));
    assert!(message(b"\x1f\x8b\x08\0\0\0\0\0\0\0nonsense, not deflated").contains("does not unpack"));
    let whole = std::fs::read(corpus("bugs/plain.pth.gz")).expect("there");
    assert!(message(&whole[..whole.len() - 200]).contains("cut off"));
}

#[test]
fn an_index_leads_nowhere_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let index = folder.path().join("model.safetensors.index.json");
    let message = |map: &str| {
        std::fs::write(&index, format!("{{\"weight_map\": {map}}}")).expect("written");
        refusal(&index)
    };
    let shard = std::fs::read(corpus("bugs/sharded/model-00001-of-00002.safetensors")).expect("there");
    std::fs::write(folder.path().join("a.safetensors"), &shard).expect("written");
    std::fs::write(folder.path().join("b.safetensors"), &shard).expect("written");
    for outside in ["../a.safetensors", "/etc/passwd", "sub/a.safetensors", "..", ".", "", "..\\\\a"] {
        let message = message(&format!("{{\"w\": \"{outside}\"}}"));
        assert!(message.contains("outside its folder"), "{outside}: {message}");
    }
    assert!(message("{}").contains("names no tensor"));
    assert!(message("[]").contains("weight_map"));
    assert!(message("{\"nowhere.weight\": \"a.safetensors\"}").contains("nowhere.weight"));
    let twice = message("{\"conv1.weight\": \"a.safetensors\", \"x\": \"b.safetensors\"}");
    assert!(twice.contains("two of its files have a tensor"), "{twice}");
    let gone = message("{\"a\": \"a.safetensors\", \"b\": \"c-00002-of-00002.safetensors\"}");
    assert!(gone.contains("2 files of which 1 is missing (c-00002-of-00002.safetensors)"), "{gone}");
    // One file of a set whose index is not there is what it is.
    std::fs::write(folder.path().join("model-00001-of-00002.safetensors"), &shard).expect("written");
    std::fs::remove_file(&index).expect("removed");
    let alone = Checkpoint::open(&folder.path().join("model-00001-of-00002.safetensors")).expect("opens alone");
    assert_eq!(alone.files().len(), 1);
}

#[test]
fn modules_that_hold_themselves_or_each_other_without_end_are_refused() {
    // A TorchScript object whose attribute is itself.
    let own = b"\x80\x02c__torch__\nM\n)\x81q\x00}X\x01\x00\x00\x00ah\x00sb.";
    assert!(of_pickle(own).contains("without end"), "{}", of_pickle(own));
    // A module in whose _modules it lies again.
    let nested = b"\x80\x02cmine\nM\n)\x81q\x00}X\x08\x00\x00\x00_modules}X\x01\x00\x00\x00ah\x00ssb.";
    assert!(of_pickle(nested).contains("without end"), "{}", of_pickle(nested));
    // Each module holds the next one under twenty names, forty deep: 20^40 of them.
    let mut bomb = b"\x80\x02".to_vec();
    for depth in 0..40_u8 {
        bomb.extend(b"c__torch__\nM\n)\x81}(");
        for name in 0..20_u8 {
            bomb.extend([b'X', 1, 0, 0, 0, b'a' + name]);
            match depth {
                0 => bomb.push(b'N'),
                _ => bomb.extend([b'h', depth - 1]),
            }
        }
        bomb.extend([b'u', b'b', b'q', depth]);
    }
    bomb.push(b'.');
    let message = of_pickle(&bomb);
    assert!(message.contains("more modules than any network"), "{message}");
}

#[test]
fn a_whole_model_runs_nothing_and_says_what_it_lacks() {
    let call = b"\x80\x02cposix\n_exit\nK\x03\x85R0cmine\nM\n)\x81}X\x08\0\0\0_modules}sb.";
    assert!(of_pickle(call).contains("a whole model in which no tensors are found"));
}

#[test]
fn arrays_that_claim_more_than_they_hold_are_refused() {
    let array = |shape: &[u8], letters: &str, data: &[u8]| {
        let mut pickle =
            b"\x80\x03}X\x01\0\0\0wcnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85C\x01b\x87R(K\x01"
                .to_vec();
        pickle.extend(shape);
        pickle.extend(b"cnumpy\ndtype\n");
        pickle.push(b'X');
        pickle.extend((letters.len() as u32).to_le_bytes());
        pickle.extend(letters.as_bytes());
        pickle.extend(b"\x89\x88\x87R\x89C");
        pickle.push(data.len() as u8);
        pickle.extend(data);
        pickle.extend(b"tbs.");
        pickle
    };
    let small = zip(&[("a/data.pkl", &array(b"K\x02\x85", "f4", &[0; 8]))]);
    assert_eq!(Checkpoint::decode(Path::new("w"), small).expect("honest").read("w").expect("w"), [0.0, 0.0]);
    assert!(of_pickle(&array(b"K\x03\x85", "f4", &[0; 8])).contains("past the end"));
    assert!(of_pickle(&array(b"J\xff\xff\xff\xff\x85", "f4", &[0; 8])).contains("damaged"));
    let most = b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7fK\x09\x86";
    assert!(of_pickle(&array(most, "f4", &[0; 8])).contains("damaged"));
    assert!(of_pickle(&array(b"K\x01\x85", "O8", &[0; 8])).contains("save it as float32"));
    assert!(of_pickle(&array(b"K\x01\x85", "U4", &[0; 8])).contains("save it as float32"));
}

#[test]
fn a_choice_travels_with_the_path_and_a_file_of_the_whole_name_goes_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("w.pth");
    std::fs::write(&file, b"x").expect("written");
    let chosen = state_dicts::with_choice(&file, "teacher".as_ref());
    assert_eq!(state_dicts::split(&chosen), (file.clone(), Some("teacher".to_owned())));
    assert_eq!(state_dicts::with_choice(&chosen, "student".as_ref()), folder.path().join("w.pth#student"));
    std::fs::write(&chosen, b"another").expect("written");
    assert_eq!(state_dicts::split(&chosen), (chosen.clone(), None));
    assert_eq!(state_dicts::split(&folder.path().join("gone#x")).1, None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_files_never_panic(which in 0..5_usize, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let names = ["arrays.pth", "arrays.2.pkl", "arrays.5.pkl", "pair.pth", "model_and_ema.pth"];
        let mut bytes = std::fs::read(corpus("containers").join(names[which])).expect("there");
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if let Ok(file) = Checkpoint::decode(Path::new("w"), bytes) {
            for entry in file.entries() {
                let _ = file.read(&entry.name);
            }
        }
    }
}
