//! Help, mistakes, and specs that cannot be read.

use std::fs;

use super::{folder, photo, refusal, refused, run, success};

#[test]
fn every_command_explains_itself_with_examples() {
    for arguments in [
        &["--help"][..],
        &["cost", "--help"],
        &["inspect", "--help"],
        &["list", "--help"],
        &["paper", "--help"],
        &["weights", "--help"],
        &["plan", "--help"],
        &["profile", "--help"],
        &["train", "--help"],
        &["lab", "--help"],
        &["lab", "sheet", "--help"],
    ] {
        let text = success(arguments);
        assert!(text.contains("Usage: ") && text.contains("Examples:"), "{text}");
    }
    assert_eq!(success(["help"]), success(["--help"]));
    assert!(success(["--version"]).starts_with("gatescope "));
}

#[test]
fn wrong_usage_is_one_line_that_names_the_mistake() {
    refused(["cost"], &["SPEC", "gatescope cost --help"]);
    refused(["cost", "resnet50", "--fromat", "json"], &["--fromat", "--format"]);
    refused(["cost", "resnet50", "--format", "xml"], &["xml", "json", "gatescope cost --help"]);
    refused(["inspect", "resnet50"], &["--image"]);
    refused(["inspect", "--image", "a.png"], &["SPEC"]);
    refused(["inspect", "resnet50", "--image", "a.png", "--crop", "-1"], &["-1"]);
    refused(["paper", "senet14"], &["senet14", "did you mean senet-14?"]);
    refused(["cots", "resnet50"], &["cots", "gatescope cost"]);
    // A network or a file opens the window; what is neither is one message.
    refused(["resnet51"], &["resnet51", "neither a file nor a command", "did you mean resnet50?"]);
    refused(["resnet50", "none/photo.jpg"], &["none/photo.jpg", "no such file"]);
}

#[test]
fn an_impossible_network_is_refused_with_a_suggestion() {
    refused(["cost", "resnet51"], &["resnet51", "did you mean resnet50?"]);
    refused(["cost", "resnet50", "resnet50+cbma"], &["cbma", "cbam"]);
    refused(["cost", "resnet18+se(r=4096)"], &["r=4096", "64"]);
    refused(["cost", "resnet50+se@layer9"], &["layer9", "layer4"]);
    refused(["inspect", "resnet51", "--image", photo().to_str().expect("a path")], &["resnet50"]);
}

#[test]
fn a_spec_file_that_cannot_be_read_is_one_clear_message() {
    let root = folder();
    let file = |name: &str, content: &[u8]| {
        let path = root.path().join(name);
        fs::write(&path, content).expect("writes");
        path.display().to_string()
    };
    let inside = root.path().display().to_string();
    refused(["cost", &inside], &[&inside, "folder"]);
    refused(["cost", &format!("{inside}/none.toml")], &["none.toml", "no such file"]);
    refused(["cost", &format!("{inside}/none")], &["none", "no such file"]);
    refused(["cost", &file("binary.toml", &[0xff, 0xfe, 0])], &["binary.toml", "not a text file"]);
    refused(["cost", &file("empty.toml", b"")], &["empty.toml", "gatescope"]);
    refused(["cost", &file("broken.toml", b"gatescope = 1\nmodel = [")], &["broken.toml", "line 2"]);
    refused(["cost", &file("future.toml", b"gatescope = 99\nmodel = \"resnet50\"\n")], &["99", "version 1"]);
    refused(["cost", &file("field.toml", b"gatescope = 1\nmodel = \"resnet50\"\ncolour = 3\n")], &["colour"]);
    refused(["cost", &file("large.toml", &vec![b'#'; 2 << 20])], &["large.toml", "1 MiB"]);
    refused(["cost", &file("plain.txt", b"not a spec")], &["plain.txt"]);
}

#[test]
fn control_characters_in_an_argument_cannot_forge_a_second_line() {
    let message = refusal(&run(["cost", "resnet\n50\u{1b}[2J"]), 2);
    assert!(!message.trim_end().contains(['\n', '\u{1b}']), "{message:?}");
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_not_text_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    refused([std::ffi::OsStr::new("cost"), std::ffi::OsStr::from_bytes(b"resnet\xff")], &["resnet"]);
}

#[cfg(unix)]
#[test]
fn an_unreadable_spec_file_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let root = folder();
    let path = root.path().join("secret.toml");
    fs::write(&path, "gatescope = 1\nmodel = \"resnet50\"\n").expect("writes");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).expect("locks");
    // The superuser reads everything: nothing to refuse then.
    if fs::read(&path).is_err() {
        refused(["cost".as_ref(), path.as_os_str()], &["secret.toml", "permission denied"]);
    }
}
