//! Output that cannot be written: one message, the right status, nothing half-written.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{folder, gatescope, listing, photo, refusal, refused, run};

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let mut child = gatescope(["cost", "resnet152+cbam", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut first = [0; 10];
    child.stdout.as_mut().expect("a pipe").read_exact(&mut first).expect("reads");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success(), "{:?}", output.status);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_is_a_failure() {
    let full = fs::File::options().write(true).open("/dev/full").expect("the device");
    let output = gatescope(["cost", "resnet18"]).stdout(full).output().expect("the program starts");
    assert!(refusal(&output, 1).contains("standard output"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_device_is_refused_and_stays_a_device() {
    use std::os::unix::fs::FileTypeExt;
    let image = photo();
    let output =
        run(["inspect", "resnet20+cbam", "--image", image.to_str().expect("a path"), "--tensors", "/dev/full"]);
    let message = refusal(&output, 2);
    assert!(message.contains("/dev/full") && message.contains("no space"), "{message}");
    assert!(fs::metadata("/dev/full").expect("is there").file_type().is_char_device());
}

/// A disk that fills up while pictures are written, played by a limit on the size of files.
#[cfg(unix)]
#[test]
fn a_disk_that_fills_up_leaves_nothing_behind() {
    let root = folder();
    let script = "trap '' XFSZ; ulimit -f 200; exec \"$0\" inspect resnet20+cbam --image \"$1\" --out \"$2\"";
    let output = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_gatescope")])
        .args([photo(), root.path().join("new/report")])
        .output()
        .expect("a shell");
    let message = refusal(&output, 2);
    assert!(message.contains("report") && message.contains("SpatialGate"), "{message}");
    assert_eq!(listing(root.path()), Vec::<String>::new());
}

#[test]
fn an_out_that_is_no_folder_is_refused_and_kept() {
    let root = folder();
    let file = root.path().join("file");
    fs::write(&file, "mine").expect("writes");
    let image = photo();
    let arguments = |out: &Path| {
        let out = out.to_str().expect("a path").to_owned();
        ["inspect", "resnet20+cbam", "--image", image.to_str().expect("a path"), "--out"]
            .map(str::to_owned)
            .into_iter()
            .chain([out])
    };
    refused(arguments(&file), &["file", "not a folder"]);
    refused(arguments(&file.join("deeper")), &["file", "not a folder"]);
    assert_eq!(fs::read_to_string(&file).expect("reads"), "mine");
    assert_eq!(listing(root.path()), ["file"]);
    #[cfg(target_os = "linux")]
    assert!(refusal(&run(arguments(Path::new("/proc/report"))), 2).contains("/proc/report"));
}

#[test]
fn a_tensor_file_in_no_folder_is_refused_before_any_work() {
    let root = folder();
    let image = photo();
    let image = image.to_str().expect("a path");
    let missing = root.path().join("none/gates.safetensors").display().to_string();
    refused(["inspect", "resnet20", "--image", image, "--tensors", &missing], &["none", "no such folder"]);
    let inside = root.path().display().to_string();
    refused(["inspect", "resnet20", "--image", image, "--tensors", &inside], &["a folder"]);
}

#[test]
fn one_bad_picture_among_several_leaves_no_report_where_that_is_asked_for() {
    let root = folder();
    let bad = root.path().join("bad.png");
    fs::write(&bad, "not a picture").expect("writes");
    let (image, out, tensors) = (photo(), root.path().join("report"), root.path().join("gates.safetensors"));
    let arguments = [
        "inspect".as_ref(),
        "resnet20+cbam".as_ref(),
        "--image".as_ref(),
        image.as_os_str(),
        bad.as_os_str(),
        "--strict".as_ref(),
        "--out".as_ref(),
        out.as_os_str(),
        "--tensors".as_ref(),
        tensors.as_os_str(),
    ];
    refused(arguments, &["bad.png"]);
    assert_eq!(listing(root.path()), ["bad.png"]);
}
