"""Writes the checkpoints in this folder with the real torch.save, and the pickles (.pkl) in the zip ones. Needs PyTorch 1.12 (any from 1.6 will do).

    python generate.py

The numbers are small integers over 4, which every float type holds exactly, so that tests can state them.
"""
import argparse
import zipfile
from collections import OrderedDict

import torch
from torch import nn


def ramp(*shape, start=0, dtype=torch.float32):
    count = 1
    for size in shape:
        count *= size
    return ((torch.arange(count, dtype=torch.float32) + start) / 4).reshape(shape).to(dtype)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(self.bn1(self.conv1(x)).mean((2, 3)))


def network():
    model = Network()
    with torch.no_grad():
        for index, tensor in enumerate(model.state_dict().values()):
            if tensor.is_floating_point():
                tensor.copy_(ramp(*tensor.shape, start=10 * index))
    model.bn1.num_batches_tracked.fill_(7)
    return model


def kinds():
    """Every way a tensor can lie in its storage."""
    base = ramp(24)
    square = base[:12].reshape(3, 4)
    return OrderedDict(
        f64=ramp(3, dtype=torch.float64),
        f16=ramp(3, dtype=torch.float16),
        bf16=ramp(3, dtype=torch.bfloat16),
        i32=torch.arange(3, dtype=torch.int32),
        flag=torch.tensor([True, False]),
        scalar=torch.tensor(2.5),
        empty=torch.zeros(0, 3),
        transposed=square.t(),
        offset=base[20:],
        every_other=base[::2],
        expanded=torch.tensor([1.5]).expand(2, 3),
        shared=square,
        channels_last=ramp(1, 2, 2, 2).contiguous(memory_format=torch.channels_last),
        parameter=nn.Parameter(ramp(2)),
    )


def training():
    """What a training script saves: DataParallel names, an optimizer, options."""
    model = nn.DataParallel(network())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model(torch.ones(2, 3, 5, 5)).sum().backward()
    optimizer.step()
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.is_floating_point():
                tensor.copy_(network().state_dict()[name[len("module."):]])
    model.module.bn1.num_batches_tracked.fill_(7)
    return {
        "epoch": 90,
        "arch": "resnet50",
        "best_acc1": torch.tensor(77.5),
        "args": argparse.Namespace(arch="resnet50", lr=0.1, classes=["cat", "dog"]),
        "optimizer": optimizer.state_dict(),
        "state_dict": model.state_dict(),
    }


def nested():
    return {"model": {"state_dict": OrderedDict(("_orig_mod.model." + k, v) for k, v in network().state_dict().items())}}


def main():
    # Old files hold the source of every class in a pickled model: keep it short, and without this machine's paths.
    torch.serialization.get_source_lines_and_file = lambda cls: ([f"class {cls.__name__}: ..."], 1, "network.py")
    for form, is_zip in (("zip", True), ("legacy", False)):
        save = lambda value, name, **more: torch.save(
            value, f"{name}.{form}.pth", _use_new_zipfile_serialization=is_zip, **more)
        save(network().state_dict(), "plain")
        save(kinds(), "kinds")
        save(training(), "training")
        save(nested(), "nested")
        save(network(), "module")
    torch.save(network().state_dict(), "plain.protocol4.pth", pickle_protocol=4, _use_new_zipfile_serialization=True)
    for name in ("plain", "kinds", "training", "nested", "module"):
        with zipfile.ZipFile(f"{name}.zip.pth") as archive, open(f"{name}.pkl", "wb") as pickle:
            pickle.write(archive.read(f"{archive.namelist()[0].split('/')[0]}/data.pkl"))


if __name__ == "__main__":
    main()
