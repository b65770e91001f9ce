"""gatescope, ONNX Runtime and PyTorch on the same networks, in turns, on one machine.

    python3 -m venv venv && venv/bin/pip install numpy onnx onnxruntime torch
    cargo build --release --benches
    venv/bin/python benches/peers/peers.py target/release/deps/network-HASH [--threads 2] [--rounds 40] [--without-torch]

Every round runs each program once on one 224x224 image; the best and the middle time of each are printed with
their ratios. Weights are random: time does not depend on them. ONNX Runtime gets BatchNorm folded into the
convolutions, PyTorch runs in inference mode with oneDNN; both use the number of threads given. ResNets are written
as ONNX layer by layer here; the networks of `networks.py` go through PyTorch's exporter.
"""

import argparse
import os
import statistics
import subprocess
import time

SPECS = ["resnet18", "resnet50", "resnet50+se", "resnet50+cbam", "resnext50_32x4d"]
SPECS += ["mobilenet_v2", "shufflenet_v2_x1_0", "googlenet", "efficientnet_b0"]
OTHERS = ["mobilenet_v3_large", "regnet_x_400mf", "regnet_y_400mf"]
BLOCKS = {"resnet18": [2, 2, 2, 2]}


def description(spec):
    """(name of the family, attention, blocks a stage, groups, width of a group)."""
    base, _, attention = spec.partition("+")
    groups, width = (32, 4) if base == "resnext50_32x4d" else (1, 64)
    return base, attention, BLOCKS.get(base, [3, 4, 6, 3]), groups, width


class Onnx:
    """Writes the network as an ONNX graph, one method a layer; BatchNorm is folded."""

    def __init__(self, spec):
        import numpy

        self.random = numpy.random.default_rng(0)
        self.nodes, self.weights, self.count = [], [], 0
        self.network(spec)

    def node(self, op, inputs, **attributes):
        from onnx import helper

        self.count += 1
        name = f"t{self.count}"
        self.nodes.append(helper.make_node(op, inputs, [name], **attributes))
        return name

    def constant(self, array):
        from onnx import numpy_helper

        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def conv(self, x, inner, outer, kernel, stride=1, groups=1, bias=True):
        fan = inner // groups * kernel * kernel
        weight = self.random.standard_normal((outer, inner // groups, kernel, kernel)) * (1 / fan) ** 0.5
        inputs = [x, self.constant(weight.astype("float32"))]
        if bias:
            inputs.append(self.constant(self.random.standard_normal(outer).astype("float32") * 0.1))
        pads = [kernel // 2] * 4
        return self.node("Conv", inputs, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=pads, group=groups)

    def relu(self, x):
        return self.node("Relu", [x])

    def mlp(self, x, channels):
        hidden = self.relu(self.conv(x, channels, channels // 16, 1))
        return self.conv(hidden, channels // 16, channels, 1)

    def attention(self, kind, x, channels):
        if kind == "se":
            gate = self.node("Sigmoid", [self.mlp(self.node("GlobalAveragePool", [x]), channels)])
            return self.node("Mul", [x, gate])
        if kind == "cbam":
            # The two passes of the shared MLP keep their own weights here: the time is the same.
            parts = [self.mlp(self.node(op, [x]), channels) for op in ("GlobalAveragePool", "GlobalMaxPool")]
            x = self.node("Mul", [x, self.node("Sigmoid", [self.node("Add", parts)])])
            axes = self.constant(__import__("numpy").array([1], dtype="int64"))
            planes = [self.node(op, [x, axes], keepdims=1) for op in ("ReduceMax", "ReduceMean")]
            planes = self.node("Concat", planes, axis=1)
            return self.node("Mul", [x, self.node("Sigmoid", [self.conv(planes, 2, 1, 7)])])
        return x

    def network(self, spec):
        base, attention, blocks, groups, width = description(spec)
        x = self.relu(self.conv("image", 3, 64, 7, 2))
        x = self.node("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
        inner = 64
        for stage, count in enumerate(blocks):
            for index in range(count):
                stride = 2 if stage > 0 and index == 0 else 1
                planes = 64 << stage
                outer = planes if base == "resnet18" else planes * 4
                if base == "resnet18":
                    y = self.relu(self.conv(x, inner, planes, 3, stride))
                    y = self.conv(y, planes, planes, 3)
                else:
                    middle = planes * width // 64 * groups
                    y = self.relu(self.conv(x, inner, middle, 1))
                    y = self.relu(self.conv(y, middle, middle, 3, stride, groups))
                    y = self.conv(y, middle, outer, 1)
                y = self.attention(attention, y, outer)
                if stride > 1 or inner != outer:
                    x = self.conv(x, inner, outer, 1, stride)
                x = self.relu(self.node("Add", [y, x]))
                inner = outer
        x = self.node("Flatten", [self.node("GlobalAveragePool", [x])], axis=1)
        weight = self.random.standard_normal((1000, inner)).astype("float32") * 0.02
        self.output = self.node("Gemm", [x, self.constant(weight)], transB=1)

    def file(self):
        from onnx import TensorProto, helper

        image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 224, 224])
        logits = helper.make_tensor_value_info(self.output, TensorProto.FLOAT, [1, 1000])
        graph = helper.make_graph(self.nodes, "network", [image], [logits], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        return model.SerializeToString()


def session(file, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])


def torch_network(spec):
    if spec in SPECS[5:] + OTHERS:
        import networks

        return networks.NETWORKS[spec]().eval()
    return residual_network(spec)


def residual_network(spec):
    import torch
    from torch import nn

    base, attention, blocks, groups, width = description(spec)

    def conv_bn(inner, outer, kernel, stride=1, groups=1):
        conv = nn.Conv2d(inner, outer, kernel, stride, kernel // 2, groups=groups, bias=False)
        return nn.Sequential(conv, nn.BatchNorm2d(outer))

    def mlp(channels):
        return nn.Sequential(nn.Conv2d(channels, channels // 16, 1), nn.ReLU(), nn.Conv2d(channels // 16, channels, 1))

    class Se(nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.mlp = mlp(channels)

        def forward(self, x):
            return x * torch.sigmoid(self.mlp(x.mean((2, 3), keepdim=True)))

    class Cbam(nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.mlp, self.spatial = mlp(channels), conv_bn(2, 1, 7)

        def forward(self, x):
            gate = self.mlp(x.mean((2, 3), keepdim=True)) + self.mlp(x.amax((2, 3), keepdim=True))
            x = x * torch.sigmoid(gate)
            planes = torch.cat([x.amax(1, keepdim=True), x.mean(1, keepdim=True)], 1)
            return x * torch.sigmoid(self.spatial(planes))

    class Block(nn.Module):
        def __init__(self, inner, planes, outer, stride):
            super().__init__()
            if base == "resnet18":
                layers = [conv_bn(inner, planes, 3, stride), nn.ReLU(), conv_bn(planes, planes, 3)]
            else:
                middle = planes * width // 64 * groups
                layers = [conv_bn(inner, middle, 1), nn.ReLU(), conv_bn(middle, middle, 3, stride, groups), nn.ReLU()]
                layers.append(conv_bn(middle, outer, 1))
            kinds = {"se": Se, "cbam": Cbam}
            self.body = nn.Sequential(*layers, *([kinds[attention](outer)] if attention else []))
            self.shortcut = conv_bn(inner, outer, 1, stride) if stride > 1 or inner != outer else nn.Identity()

        def forward(self, x):
            return torch.relu(self.body(x) + self.shortcut(x))

    layers, inner = [conv_bn(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)], 64
    for stage, count in enumerate(blocks):
        for index in range(count):
            outer = (64 << stage) * (1 if base == "resnet18" else 4)
            layers.append(Block(inner, 64 << stage, outer, 2 if stage > 0 and index == 0 else 1))
            inner = outer
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inner, 1000)).eval()


def runners(program, spec, threads, with_torch):
    """Name to a function that runs once and gives milliseconds."""
    import numpy

    def timed(run):
        def once():
            start = time.perf_counter()
            run()
            return (time.perf_counter() - start) * 1e3

        return once

    image = numpy.random.default_rng(1).standard_normal((1, 3, 224, 224)).astype("float32")
    pipe = subprocess.PIPE
    ours = subprocess.Popen([program, "--serve", "--threads", str(threads), spec], stdin=pipe, stdout=pipe, text=True)

    def gatescope():
        ours.stdin.write("run\n")
        ours.stdin.flush()
        return float(ours.stdout.readline())

    if spec in SPECS[:5]:
        file = Onnx(spec).file()
    else:
        import networks

        file = networks.onnx_bytes(torch_network(spec))
    peer = session(file, threads)
    found = {"gatescope": gatescope, "onnxruntime": timed(lambda: peer.run(None, {"image": image}))}
    if with_torch:
        import torch

        torch.set_num_threads(threads)
        network, tensor = torch_network(spec), torch.from_numpy(image)

        def run():
            with torch.inference_mode():
                network(tensor)

        found["torch"] = timed(run)
    return found, ours


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--without-torch", action="store_true")
    parser.add_argument("specs", nargs="*", default=SPECS, help=f"{' '.join(SPECS)}; also {' '.join(OTHERS)}")
    args = parser.parse_intermixed_args()
    ratios = {}
    for spec in args.specs:
        found, ours = runners(args.program, spec, args.threads, not args.without_torch)
        times = {name: [] for name in found}
        for _ in range(args.rounds + 2):
            for name, run in found.items():
                times[name].append(run())
                # Spinning threads of one program must not take the cores of the next.
                time.sleep(0.02)
        ours.terminate()
        best = {name: min(values[2:]) for name, values in times.items()}
        middle = {name: statistics.median(values[2:]) for name, values in times.items()}
        line = "  ".join(f"{name} {best[name]:6.1f} ({middle[name]:6.1f})" for name in found)
        own = {name: best["gatescope"] / best[name] for name in found if name != "gatescope"}
        for name, ratio in own.items():
            ratios.setdefault(name, []).append(ratio)
        print(f"{spec:16} {line}  ratio " + "  ".join(f"{name} {ratio:.2f}" for name, ratio in own.items()), flush=True)
    for name, values in ratios.items():
        print(f"geometric mean against {name}: {statistics.geometric_mean(values):.3f}")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "2")
    main()
