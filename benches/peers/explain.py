"""Times gatescope's explanations against pytorch-grad-cam's, in turns, on one thread.

    python -m venv peers && peers/bin/pip install torch torchvision grad-cam
    cargo bench --no-run --bench explain          # says where the program is
    OMP_NUM_THREADS=1 peers/bin/python benches/peers/explain.py target/release/deps/explain-...

Ablation-CAM and Score-CAM of the other are timed on the first batches of their channels and extrapolated, as they take
minutes; `--whole` runs them whole. Compare ratios of one run only.
"""

import argparse
import subprocess
import time

import torch

METHODS = {
    "gradcam": "GradCAM",
    "hirescam": "HiResCAM",
    "layercam": "LayerCAM",
    "gradcam++": "GradCAMPlusPlus",
    "xgradcam": "XGradCAM",
    "eigencam": "EigenCAM",
}
SLOW = {"ablationcam": "AblationCAM", "scorecam": "ScoreCAM"}


def network():
    """resnet50: torchvision's, or timm's, which computes the same."""
    try:
        from torchvision.models import resnet50

        return resnet50(weights=None).eval()
    except ImportError:
        import timm

        return timm.create_model("resnet50", pretrained=False).eval()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--whole", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    import pytorch_grad_cam
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    pipe = subprocess.PIPE
    ours = subprocess.Popen([args.program, "--serve", "--threads", "1", "resnet50"], stdin=pipe, stdout=pipe, text=True)

    def gatescope(what):
        ours.stdin.write(what + "\n")
        ours.stdin.flush()
        return float(ours.stdout.readline())

    model, image = network(), torch.randn(1, 3, 224, 224)
    targets = [ClassifierOutputTarget(281)]

    def timed(run):
        start = time.perf_counter()
        run()
        return (time.perf_counter() - start) * 1e3

    def forward():
        with torch.inference_mode():
            model(image)

    cams = {name: getattr(pytorch_grad_cam, kind)(model, [model.layer4[-1]]) for name, kind in METHODS.items()}
    names = ["forward", *METHODS]
    mine, theirs = {name: [] for name in names}, {name: [] for name in names}
    for _ in range(args.rounds + 1):
        for name in names:
            mine[name].append(gatescope(name))
            run = forward if name == "forward" else lambda: cams[name](input_tensor=image, targets=targets)
            theirs[name].append(timed(run))
    for name in names:
        own, peer = min(mine[name][1:]), min(theirs[name][1:])
        print(f"{name:12} {own:9.1f} ms  pytorch-grad-cam {peer:9.1f} ms  ratio {own / peer:.3f}", flush=True)
    peer_forward = min(theirs["forward"][1:])
    for name, kind in SLOW.items():
        own = min(gatescope(name) for _ in range(1 if name == "scorecam" else args.rounds))
        if args.whole:
            cam = getattr(pytorch_grad_cam, kind)(model, [model.layer4[-1]])
            peer, how = timed(lambda: cam(input_tensor=image, targets=targets)), "whole"
        else:
            # Both run the whole network once a channel, batch by batch: a batch's time, times the batches.
            size, batches = (32, 64) if name == "ablationcam" else (16, 128)
            batch = torch.randn(size, 3, 224, 224)

            def once():
                with torch.no_grad():
                    model(batch)

            once()
            peer, how = min(timed(once) for _ in range(3)) * batches, f"{batches} forward passes of {size}, extrapolated"
        print(f"{name:12} {own:9.1f} ms  pytorch-grad-cam {peer:9.0f} ms ({how})  ratio {own / peer:.4f}", flush=True)
    ours.terminate()
    print(f"gatescope's forward pass against PyTorch's: {min(mine['forward'][1:]) / peer_forward:.3f}")


if __name__ == "__main__":
    main()
