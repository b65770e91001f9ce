"""The networks of many small layers in plain PyTorch, wired as torchvision wires them, and their way to ONNX."""

import io
import warnings

import torch
from torch import nn


def unit(inner, outer, kernel=1, stride=1, groups=1, activation=nn.ReLU):
    """Convolution, BatchNorm and an activation, if there is one."""
    layers = [nn.Conv2d(inner, outer, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(outer)]
    return nn.Sequential(*layers, *([activation()] if activation else []))


def divisible(value):
    rounded = max(8, int(value + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * value else rounded


class Gate(nn.Module):
    """Squeeze-and-excitation."""

    def __init__(self, channels, hidden, activation=nn.ReLU, gate=nn.Sigmoid):
        super().__init__()
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, hidden, 1), activation(), nn.Conv2d(hidden, channels, 1), gate()
        )

    def forward(self, x):
        return x * self.gate(x)


class Sum(nn.Module):
    """A branch and what goes past it."""

    def __init__(self, branch, past=None, activation=None):
        super().__init__()
        self.branch, self.past, self.activation = branch, past or nn.Identity(), activation or nn.Identity()

    def forward(self, x):
        return self.activation(self.branch(x) + self.past(x))


class Branches(nn.Module):
    """Branches over the same input, concatenated."""

    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], 1)


class Shuffled(nn.Module):
    """ShuffleNetV2's unit: half of the channels go past the branch; then all are shuffled."""

    def __init__(self, branch, past=None):
        super().__init__()
        self.branch, self.past = branch, past

    def forward(self, x):
        first, second = (self.past(x), x) if self.past is not None else x.chunk(2, 1)
        x = torch.cat([first, self.branch(second)], 1)
        batch, channels, height, width = x.shape
        return x.view(batch, 2, channels // 2, height, width).transpose(1, 2).reshape(batch, channels, height, width)


def head(channels, *before):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), *before, nn.Linear(channels, 1000))


def inverted(inner, expanded, outer, kernel, stride, activation, gate=None):
    layers = [unit(inner, expanded, activation=activation)] if expanded != inner else []
    layers.append(unit(expanded, expanded, kernel, stride, expanded, activation))
    layers += [gate] if gate else []
    branch = nn.Sequential(*layers, unit(expanded, outer, activation=None))
    return Sum(branch) if stride == 1 and inner == outer else branch


def mobilenet_v2():
    table = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    layers, inner = [unit(3, 32, 3, 2, activation=nn.ReLU6)], 32
    for expansion, outer, count, stride in table:
        for index in range(count):
            layers.append(inverted(inner, inner * expansion, outer, 3, stride if index == 0 else 1, nn.ReLU6))
            inner = outer
    return nn.Sequential(*layers, unit(inner, 1280, activation=nn.ReLU6), head(1280))


def mobilenet_v3_large():
    relu, swish = nn.ReLU, nn.Hardswish
    table = [
        (3, 16, 16, 0, relu, 1), (3, 64, 24, 0, relu, 2), (3, 72, 24, 0, relu, 1), (5, 72, 40, 1, relu, 2),
        (5, 120, 40, 1, relu, 1), (5, 120, 40, 1, relu, 1), (3, 240, 80, 0, swish, 2), (3, 200, 80, 0, swish, 1),
        (3, 184, 80, 0, swish, 1), (3, 184, 80, 0, swish, 1), (3, 480, 112, 1, swish, 1), (3, 672, 112, 1, swish, 1),
        (5, 672, 160, 1, swish, 2), (5, 960, 160, 1, swish, 1), (5, 960, 160, 1, swish, 1),
    ]  # fmt: skip
    layers, inner = [unit(3, 16, 3, 2, activation=swish)], 16
    for kernel, expanded, outer, gated, activation, stride in table:
        gate = Gate(expanded, divisible(expanded // 4), gate=nn.Hardsigmoid) if gated else None
        layers.append(inverted(inner, expanded, outer, kernel, stride, activation, gate))
        inner = outer
    last = head(1280, nn.Linear(960, 1280), swish())
    return nn.Sequential(*layers, unit(inner, 960, activation=swish), last)


def efficientnet_b0():
    table = [
        (1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3), (6, 5, 1, 112, 3), (6, 5, 2, 192, 4),
        (6, 3, 1, 320, 1),
    ]  # fmt: skip
    layers, inner = [unit(3, 32, 3, 2, activation=nn.SiLU)], 32
    for expansion, kernel, stride, outer, count in table:
        for index in range(count):
            expanded = inner * expansion
            gate = Gate(expanded, max(1, inner // 4), activation=nn.SiLU)
            layers.append(inverted(inner, expanded, outer, kernel, stride if index == 0 else 1, nn.SiLU, gate))
            inner = outer
    return nn.Sequential(*layers, unit(inner, 1280, activation=nn.SiLU), head(1280))


def shufflenet_v2_x1_0():
    layers, inner = [unit(3, 24, 3, 2), nn.MaxPool2d(3, 2, 1)], 24
    for outer, count in [(116, 4), (232, 8), (464, 4)]:
        half = outer // 2
        for index in range(count):
            stride, into = (2, inner) if index == 0 else (1, half)
            depthwise = unit(half, half, 3, stride, half, None)
            branch = nn.Sequential(unit(into, half), depthwise, unit(half, half))
            past = nn.Sequential(unit(inner, inner, 3, 2, inner, None), unit(inner, half)) if index == 0 else None
            layers.append(Shuffled(branch, past))
        inner = outer
    return nn.Sequential(*layers, unit(inner, 1024), head(1024))


def googlenet():
    def pool(kernel, stride, padding=0):
        return nn.MaxPool2d(kernel, stride, padding, ceil_mode=True)

    def module(inner, widths):
        first, reduce3, second, reduce5, third, projection = widths
        return Branches(
            unit(inner, first),
            nn.Sequential(unit(inner, reduce3), unit(reduce3, second, 3)),
            nn.Sequential(unit(inner, reduce5), unit(reduce5, third, 3)),
            nn.Sequential(pool(3, 1, 1), unit(inner, projection)),
        )

    stages = [
        [(64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64)],
        [
            (192, 96, 208, 16, 48, 64), (160, 112, 224, 24, 64, 64), (128, 128, 256, 24, 64, 64),
            (112, 144, 288, 32, 64, 64), (256, 160, 320, 32, 128, 128),
        ],
        [(256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128)],
    ]  # fmt: skip
    layers = [unit(3, 64, 7, 2), pool(3, 2), unit(64, 64), unit(64, 192, 3), pool(3, 2)]
    inner = 192
    for stage, modules in enumerate(stages):
        layers += [pool(3 if stage == 1 else 2, 2)] if stage else []
        for widths in modules:
            layers.append(module(inner, widths))
            inner = widths[0] + widths[2] + widths[4] + widths[5]
    return nn.Sequential(*layers, head(inner))


def regnet(depths, widths, group, ratio=None):
    layers, inner = [unit(3, 32, 3, 2)], 32
    for count, outer in zip(depths, widths):
        for index in range(count):
            stride = 2 if index == 0 else 1
            gate = [Gate(outer, round(inner * ratio))] if ratio else []
            middle = unit(outer, outer, 3, stride, outer // group)
            branch = nn.Sequential(unit(inner, outer), middle, *gate, unit(outer, outer, activation=None))
            past = unit(inner, outer, 1, 2, activation=None) if index == 0 else None
            layers.append(Sum(branch, past, nn.ReLU()))
            inner = outer
    return nn.Sequential(*layers, head(inner))


NETWORKS = {
    "mobilenet_v2": mobilenet_v2,
    "shufflenet_v2_x1_0": shufflenet_v2_x1_0,
    "googlenet": googlenet,
    "efficientnet_b0": efficientnet_b0,
    "mobilenet_v3_large": mobilenet_v3_large,
    "regnet_x_400mf": lambda: regnet([1, 2, 7, 12], [32, 64, 160, 400], 16),
    "regnet_y_400mf": lambda: regnet([1, 3, 6, 6], [48, 104, 208, 440], 8, 0.25),
}


def macs(network):
    """Multiply-accumulates of convolutions and linear layers on a 224x224 image."""
    count = 0

    def add(layer, _, output):
        nonlocal count
        count += output.numel() * layer.weight[0].numel()

    kinds = (nn.Conv2d, nn.Linear)
    hooks = [layer.register_forward_hook(add) for layer in network.modules() if isinstance(layer, kinds)]
    with torch.inference_mode():
        network(torch.zeros(1, 3, 224, 224))
    for hook in hooks:
        hook.remove()
    return count


def onnx_bytes(network):
    """The network as an ONNX file, BatchNorm folded into the convolutions."""
    file = io.BytesIO()
    with warnings.catch_warnings():
        # The exporter that needs nothing else installed calls itself old.
        warnings.simplefilter("ignore")
        image = torch.zeros(1, 3, 224, 224)
        torch.onnx.export(network, image, file, input_names=["image"], opset_version=18, dynamo=False)
    return file.getvalue()


if __name__ == "__main__":
    for name, make in NETWORKS.items():
        network = make().eval()
        parameters = sum(parameter.numel() for parameter in network.parameters())
        print(f"{name:20} {parameters:12,} parameters {macs(network):14,} MACs")
