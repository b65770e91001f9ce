"""Files that weights come in, written by the programs that people write them with. Run with torch and numpy:

    python generate.py

Everything is a few hundred bytes to a few kilobytes and the same at every run but for the zip's own bytes.
"""

import argparse
import sys
import types
from pathlib import Path

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


if __name__ == "__main__":
    torch.save(metadata(), HERE / "metadata.pth")
    torch.save(metadata(), HERE / "metadata.legacy.pth", _use_new_zipfile_serialization=False)
