"""I3D in PyTorch, to compare against: reads lines `<frames> <height> <width>`, answers with milliseconds."""

import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

MIXED = {
    "3b": (192, 64, 96, 128, 16, 32, 32), "3c": (256, 128, 128, 192, 32, 96, 64),
    "4b": (480, 192, 96, 208, 16, 48, 64), "4c": (512, 160, 112, 224, 24, 64, 64),
    "4d": (512, 128, 128, 256, 24, 64, 64), "4e": (512, 112, 144, 288, 32, 64, 64),
    "4f": (528, 256, 160, 320, 32, 128, 128),
    "5b": (832, 256, 160, 320, 32, 128, 128), "5c": (832, 384, 192, 384, 48, 128, 128),
}  # fmt: skip


def same(x, size, stride):
    """Zeros around a video, as many as TensorFlow's SAME takes, the smaller half first."""
    pads = []
    for length, k, s in zip(x.shape[:1:-1], size[::-1], stride[::-1]):
        missing = max(0, (-(-length // s) - 1) * s + k - length)
        pads += [missing // 2, missing - missing // 2]
    return F.pad(x, pads) if any(pads) else x


class Unit(nn.Module):
    def __init__(self, channels_in, channels_out, size, stride=1):
        super().__init__()
        self.size, self.stride = (size,) * 3, (stride,) * 3
        self.conv3d = nn.Conv3d(channels_in, channels_out, size, stride, bias=False)
        self.bn = nn.BatchNorm3d(channels_out, eps=1e-3)

    def forward(self, x):
        return F.relu(self.bn(self.conv3d(same(x, self.size, self.stride))))


class Pool(nn.Module):
    def __init__(self, size, stride):
        super().__init__()
        self.size, self.stride = size, stride

    def forward(self, x):
        return F.max_pool3d(same(x, self.size, self.stride), self.size, self.stride)


class Mixed(nn.Module):
    def __init__(self, channels_in, b0, b1a, b1b, b2a, b2b, b3b):
        super().__init__()
        self.b0 = Unit(channels_in, b0, 1)
        self.b1a, self.b1b = Unit(channels_in, b1a, 1), Unit(b1a, b1b, 3)
        self.b2a, self.b2b = Unit(channels_in, b2a, 1), Unit(b2a, b2b, 3)
        self.b3a, self.b3b = Pool((3, 3, 3), (1, 1, 1)), Unit(channels_in, b3b, 1)

    def forward(self, x):
        parts = self.b0(x), self.b1b(self.b1a(x)), self.b2b(self.b2a(x)), self.b3b(self.b3a(x))
        return torch.cat(parts, 1)


class Logits(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv3d = nn.Conv3d(1024, 400, 1)

    def forward(self, x):
        return self.conv3d(F.avg_pool3d(x, (2, 7, 7), 1)).mean((2, 3, 4))


class I3d(nn.Module):
    def __init__(self):
        super().__init__()
        self.Conv3d_1a_7x7 = Unit(3, 64, 7, 2)
        self.MaxPool3d_2a_3x3 = Pool((1, 3, 3), (1, 2, 2))
        self.Conv3d_2b_1x1 = Unit(64, 64, 1)
        self.Conv3d_2c_3x3 = Unit(64, 192, 3)
        self.MaxPool3d_3a_3x3 = Pool((1, 3, 3), (1, 2, 2))
        for name, channels in MIXED.items():
            if name == "4b":
                self.MaxPool3d_4a_3x3 = Pool((3, 3, 3), (2, 2, 2))
            if name == "5b":
                self.MaxPool3d_5a_2x2 = Pool((2, 2, 2), (2, 2, 2))
            self.add_module("Mixed_" + name, Mixed(*channels))
        self.logits = Logits()

    def forward(self, video):
        """(T, H, W, 3) uint8 -> (1, 400)"""
        frames = sampled(sampled(video.permute(0, 3, 1, 2).float(), 2), 3)
        x = (frames * 2 / 255 - 1).transpose(0, 1)[None]
        for part in self.children():
            x = part(x)
        return x


def sampled(x, axis):
    """224 places along an axis, between two neighbours: place i lies at i * length / 224."""
    length = x.shape[axis]
    at = torch.arange(224) * (length / 224)
    low = at.long()
    high = (low + 1).clamp(max=length - 1)
    share = (at - low).view([-1 if i == axis else 1 for i in range(4)])
    return x.index_select(axis, low) * (1 - share) + x.index_select(axis, high) * share


def main():
    torch.set_num_threads(int(sys.argv[1]))
    network = I3d().eval()
    with torch.inference_mode():
        print(torch.__version__, flush=True)
        for line in sys.stdin:
            video = torch.randint(256, [*map(int, line.split()), 3], dtype=torch.uint8)
            start = time.perf_counter()
            network(video)
            print((time.perf_counter() - start) * 1000, flush=True)


if __name__ == "__main__":
    main()
