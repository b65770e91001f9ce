"""Writes what timm's evaluation transforms, and Pillow with the steps of transformers' image processors, make of a photo
for configurations of every form: means by channel and a few values. Run in this folder; written with torch 2.15,
torchvision 0.29.2, timm 1.0.31, Pillow 13.0.0."""

import json
import math

import numpy as np
from PIL import Image
from timm.data import create_transform

PHOTO = "cat"
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
photo = Image.open(f"../photos/{PHOTO}.png").convert("RGB")


def timm_case(cfg, mean=None, std=None):
    size = tuple(cfg["input_size"])
    transform = create_transform(
        size if size[1] != size[2] else (3, size[1], size[2]),
        is_training=False,
        interpolation=cfg.get("interpolation", "bicubic"),
        mean=mean or cfg.get("mean", IMAGENET[0]),
        std=std or cfg.get("std", IMAGENET[1]),
        crop_pct=cfg.get("crop_pct", 0.875),
        crop_mode=cfg.get("crop_mode", "center"),
    )
    return transform(photo).numpy()


def shortest(side, resample):
    width, height = photo.size
    if width <= height:
        return photo.resize((side, int(side * height / width)), resample)
    return photo.resize((int(side * width / height), side), resample)


def centre(image, height, width):
    left, top = round((image.size[0] - width) / 2.0), round((image.size[1] - height) / 2.0)
    return image.crop((left, top, left + width, top + height))


def values(image, factor=1 / 255, offset=0.0, mean=(0, 0, 0), std=(1, 1, 1)):
    array = np.asarray(image).astype(np.float64) * factor + offset
    return ((array - np.array(mean)) / np.array(std)).transpose(2, 0, 1)


HALF = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
half = {"mean": [0.5] * 3, "std": [0.5] * 3}
cases = []


def add(name, config, array):
    channels, height, width = array.shape
    places = [(height // 7, width // 5), (height // 2, width // 2), (0, 0), (height - 1, width - 1), (height // 3, width * 3 // 4)]
    cases.append({
        "name": name,
        "config": config,
        "shape": [channels, height, width],
        "mean": [round(float(array[c].mean()), 5) for c in range(channels)],
        "places": [list(place) for place in places],
        "values": [[round(float(array[c, y, x]), 5) for c in range(channels)] for y, x in places],
    })


for name, cfg in {
    "center": {"input_size": [3, 96, 96], "crop_pct": 0.95, "interpolation": "bicubic", **half},
    "squash": {"input_size": [3, 96, 96], "crop_pct": 1.0, "crop_mode": "squash", "interpolation": "bicubic"},
    "squash and crop": {"input_size": [3, 96, 96], "crop_pct": 0.9, "crop_mode": "squash", "interpolation": "bilinear"},
    "border": {"input_size": [3, 96, 96], "crop_pct": 1.0, "crop_mode": "border", "interpolation": "bicubic"},
    "border and crop": {"input_size": [3, 97, 97], "crop_pct": 0.9, "crop_mode": "border", "interpolation": "bilinear"},
    "no square": {"input_size": [3, 128, 64], "crop_pct": 0.875, "interpolation": "bilinear"},
    "lanczos": {"input_size": [3, 64, 64], "interpolation": "lanczos"},
    "box": {"input_size": [3, 64, 64], "interpolation": "box"},
    "hamming": {"input_size": [3, 64, 64], "interpolation": "hamming"},
    "nearest": {"input_size": [3, 64, 64], "interpolation": "nearest"},
}.items():
    add(f"timm: {name}", {"architecture": "resnet18", "pretrained_cfg": cfg}, timm_case(cfg))

bytes_cfg = {"input_size": [3, 96, 96], "crop_pct": 0.95, "mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]}
add("timm: mean and std for 0..255", {"pretrained_cfg": bytes_cfg}, timm_case(bytes_cfg, *IMAGENET))
caffe_cfg = {"input_size": [3, 64, 64], "mean": [123.675, 116.28, 103.53], "std": [1, 1, 1]}
add("timm: mean for 0..255, std 1", {"pretrained_cfg": caffe_cfg}, timm_case(caffe_cfg, IMAGENET[0], [1 / 255] * 3))

R = Image.Resampling
add(
    "convnext with a share",
    {**HALF, "do_resize": True, "do_normalize": True, "resample": 3, "size": {"shortest_edge": 96}, "crop_pct": 0.875},
    values(centre(shortest(int(96 / 0.875), R.BICUBIC), 96, 96), **half),
)
add(
    "convnext from 384 on",
    {**HALF, "image_processor_type": "ConvNextImageProcessor", "resample": 2, "size": 384},
    values(photo.resize((384, 384), R.BILINEAR), **half),
)
add(
    "vit",
    {**HALF, "do_resize": True, "do_rescale": True, "resample": 2, "rescale_factor": 1 / 255, "size": {"height": 80, "width": 80}},
    values(photo.resize((80, 80), R.BILINEAR), **half),
)
add("vit, one number", {**HALF, "resample": 2, "size": 80}, values(photo.resize((80, 80), R.BILINEAR), **half))
add(
    "mobilenet",
    {**HALF, "do_center_crop": True, "crop_size": {"height": 64, "width": 64}, "resample": 2, "size": {"shortest_edge": 80}},
    values(centre(shortest(80, R.BILINEAR), 64, 64), **half),
)
roots = [0.47853944, 0.4732864, 0.47434163]
twice = values(values(photo.resize((64, 64), R.NEAREST), mean=IMAGENET[0], std=roots).transpose(1, 2, 0), factor=1, std=roots)
add(
    "efficientnet",
    {
        "image_processor_type": "EfficientNetImageProcessor", "do_center_crop": False, "do_normalize": True, "do_rescale": True,
        "image_mean": IMAGENET[0], "image_std": roots, "include_top": True, "resample": 0, "rescale_factor": 1 / 255,
        "rescale_offset": False, "size": {"height": 64, "width": 64},
    },
    twice,
)
add(
    "no rescaling, mean for 0..255",
    {"do_rescale": False, "image_mean": [127.5] * 3, "image_std": [127.5] * 3, "resample": "bicubic", "size": [64, 64]},
    values(photo.resize((64, 64), R.BICUBIC), factor=1, mean=[127.5] * 3, std=[127.5] * 3),
)
add(
    "-1 to 1 by rescaling",
    {"do_normalize": False, "rescale_factor": 1 / 127.5, "rescale_offset": True, "resample": 1, "size": {"height": 64, "width": 64}},
    values(photo.resize((64, 64), R.LANCZOS), factor=1 / 127.5, offset=-1),
)
add(
    "not resized",
    {**HALF, "do_resize": False, "do_center_crop": True, "crop_size": 100, "size": {"shortest_edge": 256}},
    values(centre(photo, 100, 100), **half),
)

with open("cases.json", "w") as file:
    json.dump({"photo": f"photos/{PHOTO}.png", "cases": cases}, file, separators=(",", ":"))
    file.write("\n")
