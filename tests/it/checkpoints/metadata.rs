//! What a pickle says besides its tensors: `tests/corpus/containers/generate.py` says what is in the files.

use std::path::{Path, PathBuf};

use gatescope::compute::weights::Checkpoint;
use gatescope::compute::weights::checkpoint::Metadata;

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name)
}

#[test]
fn arguments_configurations_and_scalars_are_kept_under_their_paths() {
    for form in ["containers/metadata.pth", "containers/metadata.legacy.pth"] {
        let file = Checkpoint::open(&corpus(form)).expect(form);
        let metadata = file.metadata();
        for (path, want) in [
            ("epoch", "3"),
            ("arch", "resnet50"),
            ("model_name", "a narrow one"),
            ("args.model", "resnet50"),
            ("args.lr", "0.1"),
            ("args.amp", "True"),
            ("args.model_kwargs.output_stride", "16"),
            ("args.model_kwargs.layers", "[1,1,1,1]"),
            ("args.model_kwargs.aa", "avg"),
            ("hyper_parameters.model.name", "seresnet50"),
            ("hyper_parameters.sizes", "[3,4]"),
            ("meta.config", "model = dict(type='ResNet')"),
            ("meta.CLASSES", r#"["cat","dog"]"#),
        ] {
            assert_eq!(metadata.get(path), Some(want), "{form}: {path} in {metadata:?}");
        }
        for absent in ["args.resume", "meta.env", "optimizer.name", "hyper_parameters.model.kwargs.deep.too"] {
            assert_eq!(metadata.get(absent), None, "{form}: {absent}");
        }
        assert_eq!(metadata.len(), Metadata::MAX_ENTRIES, "900 options are not all kept");
    }
}

#[test]
fn what_timms_training_script_keeps_is_there() {
    for (name, arch) in [("resnetaa50_small.pth", "resnetaa50"), ("resnet50_output_stride16_small.pth", "resnet50")] {
        let file = Checkpoint::open(&corpus("bugs").join(name)).expect(name);
        let metadata = file.metadata();
        assert_eq!((metadata.get("arch"), metadata.get("args.model")), (Some(arch), Some(arch)), "{name}");
        let stride = (arch == "resnet50").then_some("16");
        assert_eq!(metadata.get("args.model_kwargs.output_stride"), stride, "{name}");
    }
}
