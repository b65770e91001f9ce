"""Writes `simam.json`: what the authors' SimAM (Yang et al., ICML 2021) gives, in float64. The input is
sin(1.7 i + 0.3) * 2 + i % 5 for the flat index i. python3 simam.py (needs torch)."""
import json, math, os
import torch

class SimAM(torch.nn.Module):
    """github.com/ZjjConan/SimAM, as published."""
    def __init__(self, e_lambda=1e-4):
        super().__init__()
        self.activaton, self.e_lambda = torch.nn.Sigmoid(), e_lambda
    def forward(self, x):
        b, c, h, w = x.size()
        n = w * h - 1
        square = (x - x.mean(dim=[2, 3], keepdim=True)).pow(2)
        y = square / (4 * (square.sum(dim=[2, 3], keepdim=True) / n + self.e_lambda)) + 0.5
        return x * self.activaton(y)

shape = [1, 3, 4, 5]
x = torch.tensor([math.sin(1.7 * i + 0.3) * 2 + i % 5 for i in range(60)], dtype=torch.float64).reshape(shape)
cases = {
    f"SimAM({l})": {"input_shape": shape, "state_dict": {}, "input": x.flatten().tolist(), "output": SimAM(float(l))(x).flatten().tolist()}
    for l in ("1e-4", "0.5")
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "simam.json"), "w") as file:
    json.dump(cases, file, indent=0)
