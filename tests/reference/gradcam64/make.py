"""Grad-CAM maps of the reference cases in float64: what float32 should come near.

    python3 -m venv venv && venv/bin/pip install numpy torch pillow
    venv/bin/python make.py REFERENCE OUT

REFERENCE is the folder with `cases/` and `photos/`. OUT gets one `NAME.safetensors` a network, keys
`gradcam/layer1..4`, each `[H, W]`: computed in float64, stored as float32. For each map two distances are printed,
relative to the largest value of the reference map: of PyTorch's float32 on this machine and of float64 from it.
"""

import argparse
import json
import struct
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

# name of the case, attention, groups, is it timm's legacy network
CASES = [
    ("tv_resnet50", None, 1, False),
    ("tv_resnext50_32x4d", None, 32, False),
    ("timm_seresnet50", "se", 1, False),
    ("timm_seresnext50_32x4d", "se", 32, False),
    ("timm_legacy_seresnet50", "legacy", 1, True),
    ("timm_resnet50+cbam", "timm", 1, False),
    ("paper_cbam50", "paper", 1, False),
    ("timm_resnet18+eca", "eca", 1, False),
]


class Se(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(channels, channels // 16, 1), nn.Conv2d(channels // 16, channels, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.fc2(torch.relu(self.fc1(x.mean((2, 3), keepdim=True)))))


class Eca(nn.Module):
    def __init__(self, channels):
        super().__init__()
        kernel = max(int(abs(np.log2(channels) + 1) / 2) | 1, 3)
        self.conv = nn.Conv1d(1, 1, kernel, padding=kernel // 2, bias=False)

    def forward(self, x):
        return x * torch.sigmoid(self.conv(x.mean((2, 3))[:, None])[:, 0])[:, :, None, None]


class TimmCbam(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.channel = nn.Module()
        self.channel.fc1 = nn.Conv2d(channels, channels // 16, 1, bias=False)
        self.channel.fc2 = nn.Conv2d(channels // 16, channels, 1, bias=False)
        self.spatial = nn.Module()
        self.spatial.conv = nn.Module()
        self.spatial.conv.conv = nn.Conv2d(2, 1, 7, padding=3, bias=False)
        self.spatial.conv.bn = nn.BatchNorm2d(1)

    def forward(self, x):
        mlp = lambda v: self.channel.fc2(torch.relu(self.channel.fc1(v)))
        x = x * torch.sigmoid(mlp(x.mean((2, 3), keepdim=True)) + mlp(x.amax((2, 3), keepdim=True)))
        planes = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
        return x * torch.sigmoid(self.spatial.conv.bn(self.spatial.conv.conv(planes)))


class PaperCbam(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.ChannelGate = nn.Module()
        hidden = channels // 16
        layers = [nn.Flatten(), nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels)]
        self.ChannelGate.mlp = nn.Sequential(*layers)
        self.SpatialGate = nn.Module()
        self.SpatialGate.spatial = nn.Module()
        self.SpatialGate.spatial.conv = nn.Conv2d(2, 1, 7, padding=3, bias=False)
        self.SpatialGate.spatial.bn = nn.BatchNorm2d(1)

    def forward(self, x):
        mlp, spatial = self.ChannelGate.mlp, self.SpatialGate.spatial
        x = x * torch.sigmoid(mlp(x.mean((2, 3))) + mlp(x.amax((2, 3))))[:, :, None, None]
        planes = torch.cat([x.amax(1, keepdim=True), x.mean(1, keepdim=True)], 1)
        return x * torch.sigmoid(spatial.bn(spatial.conv(planes)))


# The module's name in the state_dict, and its class.
ATTENTION = {
    "se": ("se", Se),
    "eca": ("se", Eca),
    "legacy": ("se_module", Se),
    "timm": ("se", TimmCbam),
    "paper": ("cbam", PaperCbam),
}


class Bottleneck(nn.Module):
    def __init__(self, inputs, width, stride, kind, groups, legacy):
        super().__init__()
        outputs, inner = width * 4, width if groups == 1 else width * 2
        # timm's legacy SE-ResNet has its stride in the first convolution.
        early, late = (stride, 1) if legacy else (1, stride)
        self.conv1, self.bn1 = nn.Conv2d(inputs, inner, 1, early, bias=False), nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, late, 1, groups=groups, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3, self.bn3 = nn.Conv2d(inner, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            projection = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(outputs))
        self.attention = None
        if kind is not None:
            self.attention, module = ATTENTION[kind]
            setattr(self, self.attention, module(outputs))

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        y = torch.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        if self.attention is not None:
            y = getattr(self, self.attention)(y)
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class BasicBlock(nn.Module):
    def __init__(self, inputs, width, stride, kind):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        self.downsample = None
        if stride != 1 or inputs != width:
            projection = nn.Conv2d(inputs, width, 1, stride, bias=False)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(width))
        self.attention, module = ATTENTION[kind]
        setattr(self, self.attention, module(width))

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        y = getattr(self, self.attention)(y)
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    def __init__(self, kind, groups, legacy, basic):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True) if legacy else nn.MaxPool2d(3, 2, 1)
        inputs = 64
        for stage, (blocks, width) in enumerate(zip([2] * 4 if basic else [3, 4, 6, 3], [64, 128, 256, 512])):
            layers = []
            for block in range(blocks):
                stride = 2 if block == 0 and stage > 0 else 1
                if basic:
                    layers.append(BasicBlock(inputs, width, stride, kind))
                else:
                    layers.append(Bottleneck(inputs, width, stride, kind, groups, legacy))
                inputs = width if basic else width * 4
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layers))
        self.fc = nn.Linear(inputs, 1000)

    def forward(self, x):
        x = self.pool(torch.relu(self.bn1(self.conv1(x))))
        for stage in range(1, 5):
            x = getattr(self, f"layer{stage}")(x)
        return self.fc(x.mean((2, 3)))


def load(path):
    """The tensors of a float32 safetensors file."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            numbers = np.frombuffer(data[8 + length + start : 8 + length + end], dtype="<f4").copy()
            tensors[name] = torch.tensor(numbers).reshape(entry["shape"])
    return tensors


def save(path, tensors):
    header, data = {}, b""
    for name, tensor in tensors.items():
        numbers = tensor.numpy().astype("<f4").tobytes()
        offsets = [len(data), len(data) + len(numbers)]
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": offsets}
        data += numbers
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def formula(name, shape):
    """A weight: see the README beside `cases/`."""
    mask, hashed = (1 << 64) - 1, 0xCBF29CE484222325
    for byte in name.encode():
        hashed = ((hashed ^ byte) * 0x100000001B3) & mask
    index = np.arange(1, int(np.prod(shape)) + 1, dtype=np.uint64)
    with np.errstate(over="ignore"):
        z = np.uint64(hashed) + index * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    u = (z >> np.uint64(40)).astype(np.float64) / 2**24
    if len(shape) >= 2:
        values = (2 * u - 1) * np.sqrt(6 / np.prod(shape[1:]))
    else:
        values = (2 * u - 1) * 0.2 if name.endswith("bias") else 0.5 + u
    return torch.tensor(values.astype(np.float32)).reshape(shape)


def network(case, stats, kind, groups, legacy, basic):
    state = {}
    for name, shape in (entry[:2] for entry in case["tensors"]):
        ours = name.removeprefix("layer0.").replace("last_linear", "fc")
        state[ours] = stats[name] if name in stats else formula(name, shape)
    module = ResNet(kind, groups, legacy, basic)
    result = module.load_state_dict(state, strict=False)
    assert not result.unexpected_keys and all("num_batches" in key for key in result.missing_keys), result
    return module.eval()


def picture(reference, case):
    pixels = np.asarray(Image.open(reference / "photos" / case["input"]).convert("RGB"), dtype=np.float32) / 255
    mean, std = (np.array(case[key], dtype=np.float32) for key in ("mean", "std"))
    return torch.tensor(((pixels - mean) / std).transpose(2, 0, 1)).float()[None]


def grad_cam(module, x, label):
    outputs = {}

    def keep(stage):
        def hook(_, __, output):
            output.retain_grad()
            outputs[stage] = output

        return hook

    stages = range(1, 5)
    hooks = [getattr(module, f"layer{stage}").register_forward_hook(keep(stage)) for stage in stages]
    module(x)[0, label].backward()
    for hook in hooks:
        hook.remove()
    weigh = lambda a: torch.relu((a.grad.mean((2, 3), keepdim=True) * a).sum(1)).detach()[0]
    return {f"gradcam/layer{stage}": weigh(output) for stage, output in outputs.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("reference", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for name, kind, groups, legacy in CASES:
        case = json.loads((args.reference / "cases" / f"{name}.json").read_text())
        stats, expected = (load(args.reference / "cases" / f"{name}.{part}.safetensors") for part in ("stats", "expected"))
        module, x = network(case, stats, kind, groups, legacy, "18" in name), picture(args.reference, case)
        single = grad_cam(module, x, case["argmax"])
        double = grad_cam(module.double(), x.double(), case["argmax"])
        save(args.out / f"{name}.safetensors", {key: cam.float() for key, cam in double.items()})
        for key in double:
            wanted = expected[key].reshape(double[key].shape)
            apart = [((cam[key] - wanted).abs().max() / wanted.max()).item() for cam in (single, double)]
            print(f"{name} {key}: float32 {apart[0]:.2e}, float64 {apart[1]:.2e} from the reference", flush=True)


if __name__ == "__main__":
    main()
