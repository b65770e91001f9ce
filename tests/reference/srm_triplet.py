"""Writes `srm_triplet.json`: what the authors' SRM (Lee et al., ICCV 2019) and triplet attention (Misra et al., WACV
2021) give, in float64, with their gates. Inputs and weights are made of sines. python3 srm_triplet.py (needs torch)."""
import json, math, os
import torch
from torch import nn

torch.set_default_dtype(torch.float64)

class SRM(nn.Module):
    """github.com/hyunjaelee410/style-recalibration-module, as published."""
    def __init__(self, channel):
        super().__init__()
        self.cfc = nn.Parameter(torch.zeros(channel, 2))
        self.bn = nn.BatchNorm2d(channel)
    def gate(self, x, eps=1e-5):
        n, c, _, _ = x.size()
        mean = x.view(n, c, -1).mean(dim=2, keepdim=True)
        std = (x.view(n, c, -1).var(dim=2, keepdim=True) + eps).sqrt()
        z = torch.sum(torch.cat((mean, std), dim=2) * self.cfc[None, :, :], dim=2)[:, :, None, None]
        return torch.sigmoid(self.bn(z))
    def forward(self, x):
        return x * self.gate(x)

class BasicConv(nn.Module):
    def __init__(self, kernel):
        super().__init__()
        self.conv = nn.Conv2d(2, 1, kernel_size=kernel, padding=(kernel - 1) // 2, bias=False)
        self.bn = nn.BatchNorm2d(1, eps=1e-5, momentum=0.01)
    def forward(self, x):
        return self.bn(self.conv(x))

class AttentionGate(nn.Module):
    def __init__(self, kernel):
        super().__init__()
        self.spatial = BasicConv(kernel)
    def gate(self, x):
        return torch.sigmoid(self.spatial(torch.cat((x.max(1)[0].unsqueeze(1), x.mean(1).unsqueeze(1)), dim=1)))

class Triplet(nn.Module):
    """github.com/landskape-ai/triplet-attention, as published."""
    def __init__(self, kernel=7, no_spatial=False):
        super().__init__()
        self.ChannelGateH, self.ChannelGateW = AttentionGate(kernel), AttentionGate(kernel)
        if not no_spatial:
            self.SpatialGate = AttentionGate(kernel)
        self.no_spatial = no_spatial
    def gates(self, x):
        h = self.ChannelGateH.gate(x.permute(0, 2, 1, 3)).permute(0, 2, 1, 3)
        w = self.ChannelGateW.gate(x.permute(0, 3, 2, 1)).permute(0, 3, 2, 1)
        return [h, w] if self.no_spatial else [h, w, self.SpatialGate.gate(x)]
    def forward(self, x):
        return sum(x * gate for gate in self.gates(x)) / len(self.gates(x))

def waves(shape, seed):
    count = math.prod(shape)
    return torch.tensor([math.sin(1.7 * i + seed) * 2 + (i * i + seed) % 5 for i in range(count)]).reshape(shape)

def filled(module):
    for index, (name, value) in enumerate(module.state_dict().items()):
        if value.dtype.is_floating_point:
            value.copy_(waves(value.shape, index) * 0.2 + (1.5 if name.endswith(("running_var", "bn.weight")) else 0.0))
    return module.eval()

def case(module, shape, gates, rename=lambda name, value: (name, value)):
    module, x = filled(module), waves(shape, 0.3)
    state = dict(rename(name, value) for name, value in module.state_dict().items() if "num_batches" not in name)
    numbers = lambda value: value.detach().flatten().tolist()
    tensor = lambda value: {"shape": list(value.shape), "data": numbers(value)}
    return {
        "input_shape": list(shape),
        "state_dict": {name: tensor(value) for name, value in state.items()},
        "input": numbers(x),
        "output": numbers(module(x)),
        "captured": {name: tensor(gate) for name, gate in gates(module, x)},
    }

# Their `cfc` is a table; a depthwise convolution over mean and deviation has the same numbers in the same order.
table = lambda name, value: ("cfc.weight", value.reshape(-1, 1, 1, 2)) if name == "cfc" else (name, value)
three = ["h", "w", "s"]
cases = {
    "SRM": case(SRM(4), [2, 4, 5, 3], lambda module, x: [("gate", module.gate(x))], table),
    "Triplet(7)": case(Triplet(), [2, 6, 5, 4], lambda module, x: zip(three, module.gates(x))),
    "Triplet(3,no_spatial)": case(Triplet(3, True), [1, 3, 4, 6], lambda module, x: zip(three, module.gates(x))),
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "srm_triplet.json"), "w") as file:
    json.dump(cases, file)
