"""Writes python2.legacy.pth as the first SE and CBAM weights were written. Needs Python 2.7 and PyTorch 1.4.

Its OrderedDict is given its items as a list of pairs, and its text is Python 2's `str`.
"""
from collections import OrderedDict

import torch

state = OrderedDict()
state["module.conv1.weight"] = (torch.arange(8).float() / 4).reshape(2, 1, 2, 2)
state["module.fc.bias"] = torch.tensor([0.5, -1.0])
torch.save({"epoch": 5, "arch": "resnet50", "state_dict": state, "best_prec1": 77.5}, "python2.legacy.pth")
