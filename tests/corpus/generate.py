"""Writes the binary inputs in this folder, which the fuzzer mutates. Needs Pillow, NumPy and safetensors."""
import numpy
from PIL import Image
from safetensors.numpy import save_file

grey = numpy.arange(96, dtype=numpy.uint8).reshape(8, 12)
colour = Image.fromarray(numpy.stack([grey, grey[::-1] * 2, 255 - grey], axis=-1))
turned = Image.Exif()
turned[0x0112] = 6
colour.save("image/colour.png")
colour.save("image/colour.jpg", exif=turned)
colour.save("image/progressive.jpg", progressive=True)
colour.convert("CMYK").save("image/cmyk.jpg")
colour.save("image/colour.bmp")
colour.save("image/colour.gif")
colour.save("image/lossy.webp")
colour.save("image/lossless.webp", lossless=True)
colour.save("image/colour.tiff", compression="tiff_lzw")
colour.convert("RGBA").save("image/alpha.png")
colour.convert("P").save("image/palette.png")
Image.fromarray(grey).save("image/grey.png")
Image.fromarray(grey.astype(numpy.uint16) * 257).save("image/grey16.png")
save_file({
    "module.conv1.weight": numpy.arange(108, dtype=numpy.float32).reshape(4, 3, 3, 3),
    "module.bn1.num_batches_tracked": numpy.array(7),
    "module.bn1.bias": numpy.arange(4, dtype=numpy.float16),
    "module.fc.weight": numpy.arange(8, dtype=numpy.float64).reshape(2, 4),
}, "safetensors/plain.safetensors", metadata={"format": "pt", "arch": "resnet50"})
