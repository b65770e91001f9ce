//! The Hub: what is fetched, what is kept, what is said when it fails. Everything on loopback.

mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gatescope::compute::hub::{Fetched, Hub, HubError, Reference, Settings};
use gatescope::compute::weights::{Checkpoint, Weights};
use gatescope::desktop::document::Document;
use gatescope::desktop::jobs::Jobs;
use gatescope::network::graph::ParamId;
use gatescope::network::{lower, parse};
use safetensors::tensor::{Dtype, TensorView};
use tempfile::TempDir;

use server::{Answer, Asked, Server};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const TOKEN: &str = "hf_secret";
const CONFIG: &str = r#"{
    "architecture": "resnet20+se",
    "num_classes": 10,
    "label_names": ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
    "pretrained_cfg": {
        "input_size": [3, 32, 32], "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25],
        "crop_pct": 1.0, "interpolation": "bicubic", "crop_mode": "center", "num_classes": 10
    }
}"#;

fn listing(files: &[&str]) -> Answer {
    let siblings: Vec<_> = files.iter().map(|file| serde_json::json!({ "rfilename": file })).collect();
    let body = serde_json::json!({ "id": "timm/tiny", "sha": COMMIT, "siblings": siblings });
    Answer::new(200, body.to_string())
}

fn refusal(status: u16, code: &str) -> Answer {
    Answer::new(status, "{\"error\": \"no\"}").header("X-Error-Code", code).header("X-Error-Message", "Because.")
}

/// What the Hub answers for `timm/tiny`; the weights lie elsewhere, as large files do.
fn tiny(asked: &Asked, storage: &str, bytes: usize) -> Answer {
    let resolve = format!("/timm/tiny/resolve/{COMMIT}/");
    match asked.path.as_str() {
        "/api/models/timm/tiny/revision/main" => listing(&["README.md", "config.json", "model.safetensors"]),
        path if path == format!("{resolve}config.json") => {
            Answer::new(200, CONFIG).header("ETag", "\"c0ffee\"").header("X-Repo-Commit", COMMIT)
        }
        path if path == format!("{resolve}model.safetensors") => Answer::new(302, "")
            .header("Location", format!("{storage}/blob?signature=a%2Fb"))
            .header("X-Linked-Etag", "\"beef01\"")
            .header("X-Linked-Size", bytes.to_string())
            .header("ETag", "\"pointer\"")
            .header("X-Repo-Commit", COMMIT),
        _ => refusal(404, "EntryNotFound"),
    }
}

fn content() -> Vec<u8> {
    (0..700_000_u32).map(|index| (index % 251) as u8).collect()
}

fn hub(endpoint: &str, cache: &Path) -> Hub {
    let (endpoint, cache) = (endpoint.to_owned(), cache.to_owned());
    Hub::new(Settings { endpoint, cache, token: Some(TOKEN.to_owned()), offline: false }).expect("an address")
}

fn fetch(hub: &Hub, reference: &str) -> Result<Fetched, HubError> {
    hub.fetch(&Reference::parse(reference).expect(reference), &|_| (), &|| false)
}

fn refused(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static, reference: &str) -> (HubError, TempDir) {
    let server = Server::start(answer);
    let cache = tempfile::tempdir().expect("a folder");
    (fetch(&hub(&server.address, cache.path()), reference).expect_err("refused"), cache)
}

/// Every file under a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.flat_map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { vec![entry.path()] }).collect()
}

#[test]
fn a_checkpoint_comes_with_progress_and_lies_where_python_looks_for_it() {
    let storage = Server::start(|_| Answer::new(200, content()).header("ETag", "\"another-name\""));
    let address = storage.address.clone();
    let server = Server::start(move |asked| tiny(asked, &address, content().len()));
    let cache = tempfile::tempdir().expect("a folder");
    let shares = Mutex::new(Vec::new());
    let reference = Reference::parse("hf:timm/tiny").expect("a reference");
    let progress = |share: f32| shares.lock().expect("one thread").push(share);
    let fetched = hub(&server.address, cache.path()).fetch(&reference, &progress, &|| false).expect("fetched");

    let shares = shares.into_inner().expect("one thread");
    assert!(shares.is_sorted() && shares.len() > 3 && shares[0] == 0.0, "{shares:?}");
    assert!((shares[shares.len() - 1] - 1.0).abs() < 1e-6);
    assert_eq!(fs::read(&fetched.weights).expect("there"), content());
    assert_eq!(fs::read_to_string(&fetched.configs[0]).expect("there"), CONFIG);
    assert_eq!((fetched.commit.as_str(), &fetched.note), (COMMIT, &None));
    let folder = cache.path().join("models--timm--tiny");
    assert_eq!(fetched.weights, folder.join("snapshots").join(COMMIT).join("model.safetensors"));
    assert_eq!(fs::read_to_string(folder.join("refs/main")).expect("there"), COMMIT);
    let mut blobs: Vec<_> =
        files(&folder.join("blobs")).iter().map(|blob| blob.file_name().unwrap().to_owned()).collect();
    blobs.sort();
    assert_eq!(blobs, ["beef01", "c0ffee"]);

    // The token is the Hub's business and not that of the storage it sends us to.
    assert!(server.asked().iter().all(|asked| asked.headers["authorization"] == format!("Bearer {TOKEN}")));
    assert!(storage.asked().iter().all(|asked| !asked.headers.contains_key("authorization")));
    assert_eq!(storage.asked()[0].path, "/blob?signature=a%2Fb");
}

#[test]
fn what_is_cached_is_not_downloaded_again_and_serves_without_a_network() {
    let storage = Server::start(|_| Answer::new(200, content()));
    let address = storage.address.clone();
    let server = Server::start(move |asked| tiny(asked, &address, content().len()));
    let cache = tempfile::tempdir().expect("a folder");
    let online = hub(&server.address, cache.path());
    let first = fetch(&online, "hf:timm/tiny").expect("fetched");
    let requests = server.asked().len();
    assert_eq!(fetch(&online, "hf:timm/tiny").expect("fetched"), first);
    assert_eq!((server.asked().len(), storage.asked().len()), (requests + 1, 1), "the listing only");

    let endpoint = server.address.clone();
    drop((server, storage));
    let dead = hub(&endpoint, cache.path());
    let again = fetch(&dead, "hf:timm/tiny").expect("from the cache");
    let note = again.note.clone().expect("it says so");
    assert!(note.contains("cannot be reached") && note.contains("commit 0123456"), "{note}");
    assert_eq!((again.weights, again.configs), (first.weights.clone(), first.configs.clone()));
    // A commit does not change: nothing has to be asked, nothing has to be said.
    assert_eq!(fetch(&dead, &format!("hf:timm/tiny@{COMMIT}")).expect("from the cache"), first);

    let settings = Settings { endpoint, cache: cache.path().to_owned(), token: None, offline: true };
    let offline = Hub::new(settings).expect("an address");
    assert_eq!(fetch(&offline, "hf:timm/tiny").expect("from the cache"), first);
    let message = fetch(&offline, "hf:timm/other").expect_err("not there").to_string();
    assert!(message.contains("hf:timm/other") && message.contains("HF_HUB_OFFLINE"), "{message}");
}

#[test]
fn a_cancelled_download_stops_at_once_and_leaves_nothing() {
    let slow = Duration::from_millis(60);
    let storage = Server::start(move |_| Answer::new(200, content()).slowly(slow));
    let address = storage.address.clone();
    let server = Server::start(move |asked| tiny(asked, &address, content().len()));
    let cache = tempfile::tempdir().expect("a folder");
    let reached = Mutex::new(0.0_f32);
    let reference = Reference::parse("hf:timm/tiny").expect("a reference");
    let progress = |share: f32| *reached.lock().expect("one thread") = share;
    let half_way = || *reached.lock().expect("one thread") > 0.4;
    let outcome = hub(&server.address, cache.path()).fetch(&reference, &progress, &half_way);
    assert!(matches!(outcome, Err(HubError::Cancelled)), "{outcome:?}");
    assert!(*reached.lock().expect("one thread") < 0.8);
    let left: Vec<PathBuf> = files(cache.path()).into_iter().filter(|path| !path.ends_with("config.json")).collect();
    assert_eq!(left, [cache.path().join("models--timm--tiny/blobs/c0ffee")], "only the configuration");
}

#[test]
fn a_silent_server_can_be_cancelled() {
    let server = Server::start(|_| Answer::new(200, "").after(Duration::from_secs(5)));
    let cache = tempfile::tempdir().expect("a folder");
    let started = Instant::now();
    let reference = Reference::parse("hf:timm/tiny").expect("a reference");
    let impatient = || started.elapsed() > Duration::from_millis(200);
    let outcome = hub(&server.address, cache.path()).fetch(&reference, &|_| (), &impatient);
    assert!(matches!(outcome, Err(HubError::Cancelled)), "{outcome:?}");
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[test]
fn a_download_that_breaks_off_is_not_kept_and_can_be_repeated() {
    let tries = Mutex::new(0);
    let storage = Server::start(move |_| {
        let mut tries = tries.lock().expect("no panic");
        *tries += 1;
        if *tries == 1 { Answer::new(200, content()).cut_at(300_000) } else { Answer::new(200, content()) }
    });
    let address = storage.address.clone();
    let server = Server::start(move |asked| tiny(asked, &address, content().len()));
    let cache = tempfile::tempdir().expect("a folder");
    let hub = hub(&server.address, cache.path());
    let error = fetch(&hub, "hf:timm/tiny").expect_err("cut short");
    let message = error.to_string();
    assert!(message.contains("model.safetensors") && message.contains("of 700000 bytes"), "{message}");
    assert!(!error.is_users());
    assert!(files(cache.path()).iter().all(|path| !path.to_string_lossy().contains("incomplete")));
    assert_eq!(fs::read(fetch(&hub, "hf:timm/tiny").expect("the second time").weights).expect("there"), content());
}

#[test]
fn a_refusal_says_what_to_do() {
    let cases: &[(&str, u16, &str, &[&str])] = &[
        ("hf:timm/none", 401, "RepoNotFound", &["timm/none", "no such repository", "HF_TOKEN"]),
        ("hf:timm/none", 404, "RepoNotFound", &["timm/none", "check the spelling"]),
        ("hf:timm/gated", 403, "GatedRepo", &["gated", "accept its terms at http://127.0.0.1", "/timm/gated"]),
        ("hf:timm/tiny@v9", 404, "RevisionNotFound", &["timm/tiny", "\"v9\""]),
        ("hf:timm/tiny", 401, "", &["401", "Because.", "HF_TOKEN"]),
        ("hf:timm/tiny", 403, "", &["403", "HF_TOKEN"]),
        ("hf:timm/tiny", 429, "", &["429", "try again later"]),
        ("hf:timm/tiny", 503, "", &["503", "try again later"]),
    ];
    for (reference, status, code, wanted) in cases {
        let (status, code) = (*status, *code);
        let message = refused(move |_| refusal(status, code), reference).0.to_string();
        assert!(wanted.iter().all(|part| message.contains(part)), "{status} {code}: {message}");
        assert!(!message.contains(TOKEN), "{message}");
    }
    // Listed to everybody, given to those who accepted the terms.
    let gated = |asked: &Asked| match asked.path.starts_with("/api") {
        true => listing(&["model.safetensors"]),
        false => refusal(401, "GatedRepo"),
    };
    assert!(refused(gated, "hf:timm/tiny").0.to_string().contains("is gated"));
}

#[test]
fn a_repository_without_usable_weights_says_what_it_has() {
    let keras = |_: &Asked| listing(&["README.md", "tf_model.h5"]);
    assert!(refused(keras, "hf:timm/tiny").0.to_string().contains("it has README.md, tf_model.h5"));
    let one = |_: &Asked| listing(&["model.safetensors"]);
    let message = refused(one, "hf:timm/tiny/best.pth").0.to_string();
    assert!(message.contains("no file \"best.pth\"; it has model.safetensors"), "{message}");
}

#[test]
fn nobody_there_is_said_with_the_address() {
    let server = Server::start(|_| Answer::new(200, ""));
    let address = server.address.clone();
    drop(server);
    let cache = tempfile::tempdir().expect("a folder");
    let error = fetch(&hub(&address, cache.path()), "hf:timm/tiny").expect_err("nobody");
    assert!(matches!(error, HubError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains(address.trim_start_matches("http://")), "{error}");
}

#[test]
fn answers_that_make_no_sense_are_refused_and_write_nothing_outside_the_cache() {
    let with_sha =
        |sha: &str| serde_json::json!({ "sha": sha, "siblings": [{ "rfilename": "model.bin" }] }).to_string();
    for body in ["<html>".to_owned(), "{}".to_owned(), with_sha("../../../outside"), with_sha("")] {
        let (error, _) = refused(move |_| Answer::new(200, body.clone()), "hf:timm/tiny");
        assert!(matches!(error, HubError::Malformed { .. }), "{error}");
    }
    let leading_out = |_: &Asked| listing(&["../../../model.safetensors", "/etc/model.safetensors"]);
    assert!(matches!(refused(leading_out, "hf:timm/tiny").0, HubError::NoWeights { .. }));
    for etag in ["\"../../../outside\"", "\"\"", "\"a/b\""] {
        let answer = move |asked: &Asked| match asked.path.starts_with("/api") {
            true => listing(&["model.safetensors"]),
            false => Answer::new(200, "weights").header("ETag", etag),
        };
        let (error, cache) = refused(answer, "hf:timm/tiny");
        assert!(matches!(error, HubError::Malformed { .. }), "{error}");
        assert!(files(cache.path()).is_empty());
    }
    let circle = |asked: &Asked| Answer::new(307, "").header("Location", asked.path.clone());
    assert!(refused(circle, "hf:timm/tiny").0.to_string().contains("redirects"));
}

#[test]
fn a_renamed_repository_is_followed() {
    let server = Server::start(|asked| match asked.path.strip_prefix("/old/name/") {
        Some(rest) => Answer::new(307, "").header("Location", format!("/timm/tiny/{rest}")).header("ETag", "\"no\""),
        None if asked.path == "/api/models/old/name/revision/main" => {
            Answer::new(307, "").header("Location", "/api/models/timm/tiny/revision/main")
        }
        None if asked.path.starts_with("/api/") => listing(&["model.safetensors"]),
        None => Answer::new(200, "weights").header("ETag", "W/\"feed\""),
    });
    let cache = tempfile::tempdir().expect("a folder");
    let fetched = fetch(&hub(&server.address, cache.path()), "hf:old/name").expect("followed");
    assert!(cache.path().join("models--old--name/blobs/feed").is_file());
    assert_eq!(fs::read(fetched.weights).expect("there"), b"weights");
}

#[test]
fn a_checkpoint_in_several_files_comes_whole_or_not_at_all() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/bugs/sharded");
    let broken = Arc::new(AtomicBool::new(true));
    let (served, breaks) = (folder.clone(), Arc::clone(&broken));
    let server = Server::start(move |asked| match asked.path.strip_prefix(&format!("/timm/tiny/resolve/{COMMIT}/")) {
        None => listing(&[
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model.safetensors.index.json",
        ]),
        Some(name) if name.contains("00002-of") && breaks.load(Ordering::Relaxed) => refusal(503, ""),
        Some(name) => {
            Answer::new(200, fs::read(served.join(name)).expect("a file")).header("ETag", format!("\"{name}\""))
        }
    });
    let cache = tempfile::tempdir().expect("a folder");
    let hub = hub(&server.address, cache.path());
    // What came before the second file failed is no checkpoint.
    assert!(fetch(&hub, "hf:timm/tiny").is_err());
    let offline =
        Settings { endpoint: server.address.clone(), cache: cache.path().to_owned(), token: None, offline: true };
    assert!(Hub::new(offline).and_then(|hub| fetch(&hub, "hf:timm/tiny")).is_err());
    broken.store(false, Ordering::Relaxed);
    let shares = Mutex::new(Vec::new());
    let progress = |share: f32| shares.lock().expect("one thread").push(share);
    let reference = Reference::parse("hf:timm/tiny/model-00002-of-00002.safetensors").expect("a reference");
    let fetched = hub.fetch(&reference, &progress, &|| false).expect("fetched");
    assert!(shares.into_inner().expect("one thread").is_sorted());
    assert!(fetched.weights.ends_with("model.safetensors.index.json"), "{}", fetched.weights.display());
    let [here, there] = [fetched.weights, folder].map(|path| Checkpoint::open(&path).expect("opens"));
    assert_eq!(here.entries().len(), there.entries().len());
    for entry in there.entries().iter().filter(|entry| !entry.is_counter()) {
        assert_eq!(here.read(&entry.name).expect("reads"), there.read(&entry.name).expect("reads"), "{}", entry.name);
    }
}

/// The weights of a network as a safetensors file.
fn safetensors(spec: &str) -> Vec<u8> {
    let graph = lower(&parse(spec).expect(spec)).expect(spec);
    let weights = Weights::seeded(&graph, 3);
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = graph
        .params
        .iter()
        .enumerate()
        .map(|(index, param)| {
            let bytes = weights.values(ParamId(index)).iter().flat_map(|value| value.to_le_bytes()).collect();
            (param.name.clone(), param.shape.clone(), bytes)
        })
        .collect();
    let view = |(name, shape, bytes): &'_ (String, Vec<usize>, Vec<u8>)| {
        (name.clone(), TensorView::new(Dtype::F32, shape.clone(), bytes).expect("fits").data().to_vec(), shape.clone())
    };
    let owned: Vec<_> = tensors.iter().map(view).collect();
    let views = owned
        .iter()
        .map(|(name, bytes, shape)| (name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes).expect("fits")));
    safetensors::serialize(views, None).expect("writes")
}

#[test]
fn the_command_line_takes_a_reference_for_a_network() {
    let weights = safetensors("resnet20(classes=10)+se");
    let size = weights.len();
    let storage = Server::start(move |_| Answer::new(200, weights.clone()));
    let address = storage.address.clone();
    let server = Server::start(move |asked| tiny(asked, &address, size));
    let home = tempfile::tempdir().expect("a folder");
    let photo = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/photos/cat.png");
    let inspect = |reference: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatescope"));
        command.args(["inspect", reference, "--format", "json", "--image"]).arg(&photo);
        command.env("HF_ENDPOINT", &server.address).env("HF_HOME", home.path()).env_remove("HF_HUB_CACHE");
        command.env_remove("HF_TOKEN").env_remove("HF_HUB_OFFLINE");
        command.output().expect("runs")
    };
    let output = inspect("hf:timm/tiny");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let label = report["top"][0]["label"].as_str().expect("named by the configuration");
    assert!(CONFIG.contains(label), "{label}");
    assert!(report["weights"]["source"].as_str().expect("a path").ends_with("model.safetensors"));
    assert_eq!(report["gates"].as_array().expect("gates").len(), 9);

    let output = inspect("hf:timm/none");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.lines().count() == 1 && errors.contains("timm/none"), "{errors}");
}

#[test]
fn the_window_downloads_beside_its_other_work() {
    let slow = Duration::from_millis(30);
    let storage = Server::start(move |_| Answer::new(200, content()).slowly(slow));
    let address = storage.address.clone();
    let server = Server::start(move |asked| tiny(asked, &address, content().len()));
    let cache = tempfile::tempdir().expect("a folder");
    let mut document = Document::first_start();
    for id in document.networks().iter().map(|network| network.id).collect::<Vec<_>>() {
        document.apply(&gatescope::desktop::document::Command::RemoveNetwork(id)).expect("removed");
    }
    let mut jobs = Jobs::start(|| ()).expect("a worker");
    jobs.use_hub(hub(&server.address, cache.path()));
    let reference = Reference::parse("hf:timm/tiny").expect("a reference");
    let tend = |jobs: &mut Jobs| {
        std::thread::sleep(Duration::from_millis(2));
        jobs.tend(&document);
    };

    jobs.fetch(reference.clone());
    while jobs.download().is_some_and(|download| download.fraction < 0.2) {
        tend(&mut jobs);
    }
    assert!(jobs.download().is_some() && !jobs.is_idle(&document));
    jobs.cancel(&document);
    assert!(jobs.download().is_none() && jobs.is_idle(&document));

    jobs.fetch(reference);
    while jobs.download().is_some() {
        tend(&mut jobs);
    }
    let fetched = jobs.take_fetched();
    let [Ok(fetched)] = fetched.as_slice() else { panic!("one, and the cancelled one is not spoken of: {fetched:?}") };
    assert_eq!(fs::read(&fetched.weights).expect("there"), content());
}
