"""Files that weights come in, written by the programs that people write them with. Run with torch and numpy:

    python generate.py

Everything is a few hundred bytes to a few kilobytes and the same at every run but for the zip's own bytes.
"""

import argparse
import gzip
import io
import pickle
import sys
import types
from pathlib import Path

import numpy
import torch

HERE = Path(__file__).parent


def omegaconf():
    """The classes of omegaconf with the attributes it pickles, so that it need not be installed."""
    module = types.ModuleType("omegaconf.dictconfig")
    for name in ("DictConfig", "ListConfig", "AnyNode"):
        setattr(module, name, type(name, (), {"__module__": module.__name__}))
    sys.modules.update({"omegaconf": types.ModuleType("omegaconf"), module.__name__: module})

    def node(value):
        kind = {dict: "DictConfig", list: "ListConfig"}.get(type(value), "AnyNode")
        made = getattr(module, kind)()
        if kind == "DictConfig":
            inner = {"_content": {key: node(inner) for key, inner in value.items()}}
        elif kind == "ListConfig":
            inner = {"_content": [node(inner) for inner in value]}
        else:
            inner = {"_val": value}
        made.__dict__.update({"_metadata": None, "_parent": None, **inner, "_flags_cache": None})
        return made

    return node


def metadata():
    config = omegaconf()
    weight = torch.arange(4.0)
    args = argparse.Namespace(
        model="resnet50",
        lr=0.1,
        amp=True,
        resume=None,
        model_kwargs={"output_stride": 16, "layers": (1, 1, 1, 1), "aa": "avg"},
    )
    return {
        "epoch": 3,
        "arch": "resnet50",
        "model_name": "a narrow one",
        "args": args,
        "hyper_parameters": config({"model": {"name": "seresnet50", "kwargs": {"deep": {"too": "deep"}}}, "sizes": [3, 4]}),
        "meta": {"config": "model = dict(type='ResNet')", "CLASSES": ["cat", "dog"], "env": "x" * 600},
        "optimizer": {"name": "sgd", "state": {0: {"momentum_buffer": weight}}},
        "many": {f"option{i}": i for i in range(900)},
        "state_dict": {"conv1.weight": weight},
    }


class Block(torch.nn.Module):
    def __init__(self, inside: int, outside: int, stride: int):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(outside)
        self.conv2 = torch.nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(outside)
        self.downsample = torch.nn.Sequential()
        if stride > 1:
            self.downsample = torch.nn.Sequential(
                torch.nn.Conv2d(inside, outside, 1, stride, bias=False), torch.nn.BatchNorm2d(outside)
            )

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + self.downsample(x))


class Network(torch.nn.Module):
    """A ResNet of one block a stage, eight channels wide: that of ../bugs/plain.pth.gz."""

    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 8, 7, 2, 3, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(8)
        self.maxpool = torch.nn.MaxPool2d(3, 2, 1)
        for stage in range(1, 5):
            setattr(self, f"layer{stage}", torch.nn.Sequential(Block(8, 8, 1 if stage == 1 else 2)))
        self.fc = torch.nn.Linear(8, 5)
        self.register_buffer("scratch", torch.zeros(3), persistent=False)

    def forward(self, x):
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


def network():
    made = Network()
    with gzip.open(HERE.parent / "bugs/plain.pth.gz") as file:
        made.load_state_dict(torch.load(io.BytesIO(file.read())))
    return made.eval()


def zipped(name, save):
    file = io.BytesIO()
    save(file)
    (HERE / name).write_bytes(gzip.compress(file.getvalue(), mtime=0))


def arrays():
    """Every way an array can lie. The values are ramps, so that a wrong order is seen."""
    ramp = numpy.arange(12, dtype=numpy.float32).reshape(3, 4) / 4
    return {
        "rows": ramp,
        "columns": numpy.asfortranarray(ramp),
        "big": ramp.astype(">f4"),
        "half": ramp.astype(numpy.float16),
        "double": ramp.astype(numpy.float64),
        "shared": ramp,
        "scalar": numpy.array(2.5, dtype=numpy.float32),
        "empty": numpy.zeros((0, 3), dtype=numpy.float32),
        "bn.num_batches_tracked": numpy.array(7),
    }


if __name__ == "__main__":
    model = network()
    zipped("whole.pth.gz", lambda file: torch.save(model, file))
    zipped("whole.legacy.pth.gz", lambda file: torch.save(model, file, _use_new_zipfile_serialization=False))
    del model.scratch  # TorchScript keeps what a state_dict leaves out.
    zipped("scripted.pt.gz", lambda file: torch.jit.save(torch.jit.script(model), file))
    zipped("traced.pt.gz", lambda file: torch.jit.save(torch.jit.trace(model, torch.zeros(1, 3, 32, 32)), file))
    torch.save(arrays(), HERE / "arrays.pth")
    for protocol in (2, 3, 4, 5):
        (HERE / f"arrays.{protocol}.pkl").write_bytes(pickle.dumps(arrays(), protocol=protocol))
    weight = {"conv1.weight": torch.arange(6.0).reshape(2, 3)}
    large = {f"layer{i}.weight": torch.arange(6.0) for i in range(20)}
    torch.save({"generator": weight, "discriminator": {**weight, "fc.bias": torch.zeros(2)}}, HERE / "pair.pth")
    torch.save({"encoder": large, "loss": weight, "rng_state": torch.zeros(4)}, HERE / "one_large.pth")
    torch.save({"model": large, "ema": weight, "optimizer": {"state": {0: weight}}}, HERE / "model_and_ema.pth")
    torch.save(metadata(), HERE / "metadata.pth")
    torch.save(metadata(), HERE / "metadata.legacy.pth", _use_new_zipfile_serialization=False)
