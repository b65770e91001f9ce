"""Adds to `arithmetic.json` what timm computes of families whose last stages are dilated by `output_stride`.
python3 dilated.py (needs torch and timm); weights, image and order as README.md has them."""
import json, math, os
import numpy as np, timm, torch
from timm.models import efficientnet, mobilenetv3, regnet

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "arithmetic.json")
M = (1 << 64) - 1

def formula(name, shape):
    h = 0xCBF29CE484222325
    for b in name.encode():
        h = ((h ^ b) * 0x100000001B3) & M
    n = int(np.prod(shape)) if len(shape) else 1
    with np.errstate(over="ignore"):
        z = np.uint64(h) + (np.arange(1, n + 1, dtype=np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    u = (z >> np.uint64(40)).astype(np.float64) / 2**24
    if len(shape) >= 2:
        v = (2 * u - 1) * math.sqrt(6 / np.prod(shape[1:]))
    elif name.endswith("bias"):
        v = (2 * u - 1) * 0.2
    else:
        v = 0.5 + u
    return torch.from_numpy(v.astype(np.float32)).reshape(tuple(shape)).double()

def case(spec, model, side, with_logits=True):
    model = model.double().eval()
    state, index = {}, 0
    # In a RegNet's block torchvision, whose order ours is, has the shortcut's layers first.
    names = list(model.state_dict())
    for block in {name.split(".downsample.")[0] for name in names if ".downsample." in name}:
        inside = [name for name in names if name.startswith(block + ".")]
        first = names.index(inside[0])
        names = [name for name in names if name not in inside]
        names[first:first] = sorted(inside, key=lambda name: ".downsample." not in name)
    for name in names:
        tensor = model.state_dict()[name]
        if name.endswith("num_batches_tracked"):
            state[name] = tensor
            continue
        end = name.rsplit(".", 1)[1]
        end = "bias" if end == "running_mean" else end
        state[name] = formula(f"p{index}.{end}", tensor.shape)
        index += 1
    model.load_state_dict(state)
    macs = 0
    def hook(layer, _, out):
        nonlocal macs
        if isinstance(layer, torch.nn.Conv2d):
            macs += out.numel() * layer.in_channels // layer.groups * layer.kernel_size[0] * layer.kernel_size[1]
        else:
            macs += layer.in_features * layer.out_features
    for layer in model.modules():
        if isinstance(layer, (torch.nn.Conv2d, torch.nn.Linear)):
            layer.register_forward_hook(hook)
    image = formula("image.bias", [3 * side * side]).reshape(1, 3, side, side) * 5
    with torch.no_grad():
        out = model(image)[0]
    found = {"spec": spec, "params": sum(p.numel() for p in model.parameters()), "macs": macs}
    if with_logits:
        found["logits"] = [float(np.float32(v)) for v in out[:16]]
    return found

cases = []
for stride in (8, 16):
    small = dict(num_classes=5, output_stride=stride)
    for side in (64, 75):
        net = efficientnet._gen_efficientnet("efficientnet_b0", channel_multiplier=0.25, depth_multiplier=0.4, **small)
        cases.append(case(f"efficientnet_b0(input={side},classes=5,width=25,depth=40,output_stride={stride})", net, side))
        net = efficientnet._gen_efficientnet("tf_efficientnet_b0", channel_multiplier=0.25, depth_multiplier=0.4, pad_type="same", bn_eps=1e-3, **small)
        cases.append(case(f"efficientnet_b0(input={side},classes=5,width=25,depth=40,output_stride={stride},padding=same,eps=1e-3)", net, side))
    net = efficientnet._gen_mobilenet_v2("mobilenetv2_100", 0.35, **small)
    cases.append(case(f"mobilenet_v2(input=65,classes=5,width=35,output_stride={stride})", net, 65))
    net = efficientnet._gen_mobilenet_v1("mobilenetv1_100", 0.25, **small)
    cases.append(case(f"mobilenet_v1(input=64,classes=5,width=25,output_stride={stride})", net, 64))
    # timm's classifier of this family has no such argument, its builder has.
    usual = mobilenetv3.EfficientNetBuilder
    mobilenetv3.EfficientNetBuilder = lambda **given: usual(**{**given, "output_stride": stride})
    net = mobilenetv3._gen_mobilenet_v3("mobilenetv3_small_100", 1.0, num_classes=5)
    mobilenetv3.EfficientNetBuilder = usual
    cases.append(case(f"mobilenet_v3_small(input=64,classes=5,eps=1e-5,output_stride={stride})", net, 64))
    for name, ours in (("regnetx_004_tv", "regnet_x_400mf"), ("regnety_004", "regnet_y_400mf")):
        net = timm.create_model(name, **small)
        cases.append(case(f"{ours}(input=64,classes=5,output_stride={stride})", net, 64))
known = json.load(open(HERE))
new = {c["spec"] for c in cases}
known["small"] = [c for c in known["small"] if c["spec"] not in new] + cases
with open(HERE, "w") as file:
    parts = [f' "{part}": [\n  ' + ",\n  ".join(json.dumps(c) for c in cases) + "\n ]" for part, cases in known.items()]
    file.write("{\n" + ",\n".join(parts) + "\n}\n")
print(len(cases), "cases")
