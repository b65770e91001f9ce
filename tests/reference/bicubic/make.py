"""Writes what Pillow makes of the photos with timm's evaluation transform: bicubic, shorter side floor(crop/crop_pct),
centre crop. Run in this folder; needs Pillow (written with 13.0.0, the filter has not changed since 2.7)."""

import math
from PIL import Image

# name, crop, crop_pct
CASES = [("cat", 224, 0.95), ("coffee", 160, 0.875), ("cat", 320, 1.0), ("astronaut224", 96, 0.5)]

for name, side, share in CASES:
    photo = Image.open(f"../photos/{name}.png").convert("RGB")
    resize = math.floor(side / share)
    width, height = photo.size
    if width <= height:
        size = (resize, int(resize * height / width))
    else:
        size = (int(resize * width / height), resize)
    resized = photo.resize(size, Image.Resampling.BICUBIC)
    # torchvision's CenterCrop
    left, top = round((size[0] - side) / 2.0), round((size[1] - side) / 2.0)
    crop = resized.crop((left, top, left + side, top + side))
    crop.save(f"{name}-{side}.png", optimize=True)
