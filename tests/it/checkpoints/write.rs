//! Writers of checkpoints, honest and not: what a tensor claims and what the file holds are given apart.

#[path = "../../../examples/fuzz/engine.rs"]
#[allow(dead_code)]
pub mod engine;

pub use engine::archive as zip;

/// A tensor as its pickle describes it.
#[derive(Clone)]
pub struct Claim {
    pub name: &'static str,
    pub class: &'static str,
    pub key: &'static str,
    pub storage: i64,
    pub offset: i64,
    pub size: Vec<i64>,
    pub strides: Vec<i64>,
}

/// Four floats in storage 0.
pub fn four() -> Claim {
    Claim { name: "w", class: "FloatStorage", key: "0", storage: 4, offset: 0, size: vec![4], strides: vec![1] }
}

fn text(pickle: &mut Vec<u8>, text: &str) {
    pickle.push(b'X');
    pickle.extend((text.len() as u32).to_le_bytes());
    pickle.extend(text.as_bytes());
}

fn int(pickle: &mut Vec<u8>, int: i64) {
    pickle.extend([0x8A, 8]);
    pickle.extend(int.to_le_bytes());
}

fn ints(pickle: &mut Vec<u8>, numbers: &[i64]) {
    pickle.push(b'(');
    for &number in numbers {
        int(pickle, number);
    }
    pickle.push(b't');
}

fn tensor(pickle: &mut Vec<u8>, class: &str, key: &str, storage: i64, offset: i64, size: &[i64], strides: &[i64]) {
    pickle.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
    text(pickle, "storage");
    pickle.extend(format!("ctorch\n{class}\n").bytes());
    text(pickle, key);
    text(pickle, "cpu");
    int(pickle, storage);
    pickle.extend(b"tQ");
    int(pickle, offset);
    ints(pickle, size);
    ints(pickle, strides);
    pickle.extend(b"\x89ccollections\nOrderedDict\n)RtR");
}

/// The pickle of an `OrderedDict` of tensors.
pub fn state_dict(claims: &[Claim]) -> Vec<u8> {
    let mut pickle = b"\x80\x02ccollections\nOrderedDict\n)R(".to_vec();
    for claim in claims {
        text(&mut pickle, claim.name);
        tensor(&mut pickle, claim.class, claim.key, claim.storage, claim.offset, &claim.size, &claim.strides);
    }
    pickle.extend(b"u.");
    pickle
}

/// The pickle of one tensor `w` as PyTorch writes types without a storage class of their own.
pub fn untyped(dtype: &str, bytes: i64, size: &[i64]) -> Vec<u8> {
    let mut pickle = b"\x80\x02}(".to_vec();
    text(&mut pickle, "w");
    pickle.extend(b"ctorch._utils\n_rebuild_tensor_v3\n((");
    text(&mut pickle, "storage");
    pickle.extend(b"ctorch.storage\nUntypedStorage\n");
    text(&mut pickle, "0");
    text(&mut pickle, "cpu");
    int(&mut pickle, bytes);
    pickle.extend(b"tQK\x00");
    ints(&mut pickle, size);
    ints(&mut pickle, &[1]);
    pickle.extend(format!("N}}ctorch\n{dtype}\ntRu.").bytes());
    pickle
}

/// PyTorch's old form: keys, counts and bytes of the storages after the pickle.
pub fn legacy(pickle: &[u8], storages: &[(&str, i64, &[u8])]) -> Vec<u8> {
    let mut file = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}.".to_vec();
    file.extend(pickle);
    file.extend(b"\x80\x02](");
    for (key, ..) in storages {
        text(&mut file, key);
    }
    file.extend(b"e.");
    for (_, count, bytes) in storages {
        file.extend(count.to_le_bytes());
        file.extend(*bytes);
    }
    file
}

/// A whole checkpoint of row-major f32 tensors, as a zip or in the old form.
pub fn whole(tensors: &[(String, Vec<usize>, Vec<f32>)], is_zip: bool) -> Vec<u8> {
    let mut pickle = b"\x80\x02ccollections\nOrderedDict\n)R(".to_vec();
    let mut storages = Vec::new();
    for (index, (name, shape, values)) in tensors.iter().enumerate() {
        let size: Vec<i64> = shape.iter().map(|&size| size as i64).collect();
        let strides: Vec<i64> = (0..size.len()).map(|d| size[d + 1..].iter().product()).collect();
        text(&mut pickle, name);
        tensor(&mut pickle, "FloatStorage", &index.to_string(), values.len() as i64, 0, &size, &strides);
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        storages.push((index.to_string(), values.len() as i64, bytes));
    }
    pickle.extend(b"u.");
    if !is_zip {
        let storages: Vec<(&str, i64, &[u8])> =
            storages.iter().map(|(k, n, b)| (k.as_str(), *n, b.as_slice())).collect();
        return legacy(&pickle, &storages);
    }
    let names: Vec<String> = storages.iter().map(|(key, ..)| format!("archive/data/{key}")).collect();
    let mut members = vec![("archive/data.pkl", pickle.as_slice())];
    members.extend(names.iter().zip(&storages).map(|(name, (_, _, bytes))| (name.as_str(), bytes.as_slice())));
    zip(&members)
}

/// A safetensors file with this header.
pub fn safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}
