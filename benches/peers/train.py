"""gatescope and PyTorch training the same networks, in turns, on one machine.

    python3 -m venv venv && venv/bin/pip install numpy torch
    cargo build --release --benches
    venv/bin/python benches/peers/train.py target/release/deps/training-HASH [--threads 2] [--rounds 20]

A step is a forward pass on a batch that is ready, the loss (label smoothing 0.05), a backward pass and an update of
SGD with Nesterov momentum. Every round takes one step with each program; the best and the middle time of each are
printed with their ratio (below 1: gatescope is faster). PyTorch runs eagerly with oneDNN, in both memory formats; the
faster one counts. The number of parameters is printed so that both can be seen to train the same network.
"""

import argparse
import os
import statistics
import subprocess
import time

# spec, images of a step
CASES = [
    ("resnet20(input=64,stem=strided)", 64),
    ("resnet20(input=64,stem=strided)+se", 64),
    ("resnet20(input=64,stem=strided)+cbam", 64),
    ("resnet18", 8),
]


def network(spec):
    """The network as a PyTorch module, its input side and its classes."""
    import torch
    from torch import nn
    from torch.nn import functional

    base, _, attention = spec.partition("+")
    is_small = base.startswith("resnet20")

    def conv_bn(inner, outer, kernel, stride=1):
        return nn.Sequential(
            nn.Conv2d(inner, outer, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outer)
        )

    class Se(nn.Module):
        def __init__(self, channels):
            super().__init__()
            # timm's rounding: a sixteenth, in multiples of 8.
            hidden = max(8, int(channels / 16 + 4) // 8 * 8)
            self.fc1, self.fc2 = nn.Conv2d(channels, hidden, 1), nn.Conv2d(hidden, channels, 1)

        def forward(self, x):
            gate = self.fc2(torch.relu(self.fc1(x.mean((2, 3), keepdim=True))))
            return x * torch.sigmoid(gate)

    class Cbam(nn.Module):
        def __init__(self, channels):
            super().__init__()
            hidden = channels // 16
            self.mlp = nn.Sequential(nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels))
            self.spatial = conv_bn(2, 1, 7)

        def forward(self, x):
            gate = torch.sigmoid(self.mlp(x.mean((2, 3))) + self.mlp(x.amax((2, 3))))
            x = x * gate[:, :, None, None]
            planes = torch.cat([x.amax(1, keepdim=True), x.mean(1, keepdim=True)], 1)
            return x * torch.sigmoid(self.spatial(planes))

    class Block(nn.Module):
        def __init__(self, inner, outer, stride):
            super().__init__()
            kinds = {"se": Se, "cbam": Cbam}
            layers = [conv_bn(inner, outer, 3, stride), nn.ReLU(inplace=True), conv_bn(outer, outer, 3)]
            self.body = nn.Sequential(*layers, *([kinds[attention](outer)] if attention else []))
            self.reshapes = stride > 1 or inner != outer
            self.stride, self.missing = stride, outer - inner
            self.projection = conv_bn(inner, outer, 1, stride) if self.reshapes and not is_small else None

        def forward(self, x):
            shortcut = x
            if self.projection is not None:
                shortcut = self.projection(x)
            elif self.reshapes:
                # Option A of the paper.
                half = self.missing // 2
                thinned = x[:, :, :: self.stride, :: self.stride]
                shortcut = functional.pad(thinned, (0, 0, 0, 0, half, self.missing - half))
            return torch.relu(self.body(x) + shortcut)

    if is_small:
        widths, counts, side, classes = [16, 32, 64], [3, 3, 3], 64, 10
        layers = [conv_bn(3, 16, 3, 2), nn.ReLU(inplace=True)]
    else:
        widths, counts, side, classes = [64, 128, 256, 512], [2, 2, 2, 2], 224, 1000
        layers = [conv_bn(3, 64, 7, 2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    inner = widths[0]
    for stage, (width, count) in enumerate(zip(widths, counts)):
        for index in range(count):
            layers.append(Block(inner, width, 2 if stage > 0 and index == 0 else 1))
            inner = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inner, classes)), side, classes


def pytorch(spec, batch, threads, channels_last):
    """A function that takes a step and gives milliseconds, and the number of parameters."""
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    module, side, classes = network(spec)
    images = torch.randn(batch, 3, side, side)
    labels = torch.arange(batch) % classes
    if channels_last:
        module = module.to(memory_format=torch.channels_last)
        images = images.to(memory_format=torch.channels_last)
    module.train()
    decayed = [tensor for tensor in module.parameters() if tensor.dim() > 1]
    spared = [tensor for tensor in module.parameters() if tensor.dim() <= 1]
    groups = [{"params": decayed, "weight_decay": 5e-4}, {"params": spared, "weight_decay": 0.0}]
    optimiser = torch.optim.SGD(groups, lr=1e-3, momentum=0.9, nesterov=True)
    criterion = torch.nn.CrossEntropyLoss(label_smoothing=0.05)

    def step():
        start = time.perf_counter()
        optimiser.zero_grad(set_to_none=True)
        loss = criterion(module(images), labels)
        loss.backward()
        optimiser.step()
        loss.item()
        return (time.perf_counter() - start) * 1e3

    return step, sum(tensor.numel() for tensor in module.parameters())


def gatescope(program, spec, batch, threads):
    """A function that takes a step and gives milliseconds, and the process behind it."""
    pipe = subprocess.PIPE
    command = [program, "--serve", "--threads", str(threads), "--batch", str(batch), spec]
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)

    def step():
        process.stdin.write("step\n")
        process.stdin.flush()
        return float(process.stdout.readline())

    return step, process


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--case", help="only the case whose spec is this")
    args = parser.parse_args()
    ratios = []
    for spec, batch in CASES:
        if args.case not in (None, spec):
            continue
        ours, process = gatescope(args.program, spec, batch, args.threads)
        theirs = {}
        for name, channels_last in [("torch", False), ("torch channels-last", True)]:
            theirs[name], parameters = pytorch(spec, batch, args.threads, channels_last)
        found = {"gatescope": ours, **theirs}
        times = {name: [] for name in found}
        for _ in range(args.rounds + 3):
            for name, step in found.items():
                times[name].append(step())
                # Spinning threads of one program must not take the cores of the next.
                time.sleep(0.02)
        process.stdin.close()
        process.terminate()
        best = {name: min(values[3:]) for name, values in times.items()}
        middle = {name: statistics.median(values[3:]) for name, values in times.items()}
        fastest = min(theirs, key=best.get)
        ratio = best["gatescope"] / best[fastest]
        ratios.append(ratio)
        line = "  ".join(f"{name} {best[name]:6.1f} ({middle[name]:6.1f}) ms" for name in found)
        rate = batch / best["gatescope"] * 1e3
        print(f"{spec:38} {parameters:9} parameters, batch {batch:3}: {line}  ratio {ratio:.2f}  {rate:.0f} images/s", flush=True)
    if ratios:
        print(f"geometric mean against the faster PyTorch: {statistics.geometric_mean(ratios):.3f}")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "2")
    main()
