"""Steps of the original program under PyTorch, on request, for `fdm bench`.

Usage: python reference_side.py CHECKOUT

Standard input holds one JSON request a line, standard output one JSON reply a line; the first request names
the job (see src/bench/side-job.ts). Standard output belongs to the replies: whatever else is printed goes to
standard error.
"""

import contextlib
import copy
import json
import os
import platform
import sys
import time

replies = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
sys.path.insert(0, sys.argv[1])

import numpy as np
import torch
from improved_diffusion.fp16_util import zero_grad
from improved_diffusion.nn import update_ema
from improved_diffusion.resample import UniformSampler
from improved_diffusion.script_util import create_model_and_diffusion

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
UINT32 = np.uint32


def procedural(count, index):
    """`count` numbers in [-1, 1) that depend on `index` alone: the same as procedural.ts makes."""
    with np.errstate(over="ignore"):
        x = np.arange(1, count + 1, dtype=UINT32) * UINT32(0x9E3779B1) + UINT32(index + 1) * UINT32(0x85EBCA6B)
        x ^= x >> UINT32(15)
        x *= UINT32(0x2C1B3C6D)
        x ^= x >> UINT32(12)
        x *= UINT32(0x297A2D39)
        x ^= x >> UINT32(15)
    return (x.astype(np.float64) / 2**31 - 1).astype(np.float32)


def set_weights(model):
    for index, (_, parameter) in enumerate(model.named_parameters()):
        values = torch.from_numpy(procedural(parameter.numel(), index)).view(parameter.shape)
        if parameter.dim() > 1:
            values = values * (parameter[0].numel() ** -0.5 * 2.4)
        else:
            values = 0.1 * values
        parameter.data.copy_(values)


def status_bytes(field):
    """A line of /proc/self/status in bytes, or None where there is none."""
    try:
        with open("/proc/self/status") as status:
            for line in status:
                if line.startswith(field + ":"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def forget_peak():
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def finish():
    if DEVICE.type == "cuda":
        torch.cuda.synchronize()


class Side:
    def __init__(self, job):
        self.job = job
        torch.manual_seed(0)
        torch.set_num_threads(job["threads"])
        if job["precision"] == "tf32" and DEVICE.type != "cuda":
            raise RuntimeError("tf32 needs a GPU")
        torch.backends.cuda.matmul.allow_tf32 = job["precision"] != "fp32"
        torch.backends.cudnn.allow_tf32 = job["precision"] != "fp32"
        torch.ones(64, 64, device=DEVICE) @ torch.ones(64, 64, device=DEVICE)
        finish()
        forget_peak()
        self.idle = status_bytes("VmRSS")

    def prepare(self):
        job = self.job
        self.model, self.diffusion = create_model_and_diffusion(**job["model"])
        set_weights(self.model)
        self.model.to(DEVICE)
        self.model.train(job["task"] == "train")
        self.parameters = list(self.model.parameters())
        self.network = torch.compile(self.model) if job["compile"] else self.model
        self.inputs()
        if job["task"] == "train":
            self.optimizer = torch.optim.AdamW(self.parameters, lr=1e-4, weight_decay=0.0)
            self.averages = copy.deepcopy(self.parameters)
            self.sampler = UniformSampler(self.diffusion)
        return {
            "parameters": sum(parameter.numel() for parameter in self.parameters),
            "losses": self.losses(),
        }

    def inputs(self):
        B, T, size = self.job["batch"], self.job["frames"], self.job["model"]["image_size"]
        shape = (B, T, 3, size, size)
        count = B * T * 3 * size * size
        pixels = np.floor((procedural(count, 1001) + 1) * 128)
        self.x0 = torch.from_numpy(pixels * np.float32(2 / 255) - 1).view(shape)
        self.noise = torch.from_numpy(procedural(count, 1002)).view(shape)
        self.indices = torch.arange(T).mul(3).expand(B, T).contiguous()
        observed = (torch.arange(T) < T // 2).float().expand(B, T).contiguous().view(B, T, 1, 1, 1)
        self.observed, self.latent = observed, 1 - observed

    def moved(self):
        names = ["x0", "indices", "observed", "latent"]
        x0, indices, observed, latent = [getattr(self, name).to(DEVICE) for name in names]
        return x0, {"x0": x0, "frame_indices": indices, "obs_mask": observed, "latent_mask": latent}

    def precision(self):
        if self.job["precision"] == "bf16":
            return torch.autocast(DEVICE.type, dtype=torch.bfloat16)
        return contextlib.nullcontext()

    def losses(self):
        """What the network that is timed gives for inputs that both sides make the same."""
        x0, given = self.moved()
        B = self.job["batch"]
        t = torch.arange(1, B + 1, device=DEVICE) * (self.diffusion.num_timesteps // (B + 1))
        with torch.no_grad(), self.precision():
            terms = self.diffusion.training_losses(
                self.model, x0, t, model_kwargs=given, noise=self.noise.to(DEVICE),
                latent_mask=given["latent_mask"], eval_mask=given["latent_mask"],
            )
        return terms["loss"].float().tolist()

    def training_step(self):
        """What the original's TrainLoop.run_step does once it has its batch."""
        zero_grad(self.parameters)
        x0, given = self.moved()
        t, weights = self.sampler.sample(self.job["batch"], DEVICE)
        with self.precision():
            losses = self.diffusion.training_losses(
                self.network, x0, t, model_kwargs=given,
                latent_mask=1 - given["obs_mask"], eval_mask=given["latent_mask"],
            )
            loss = (losses["loss"] * weights).mean()
        for values in losses.values():
            (values * weights).mean().item()
        loss.backward()
        square = 0.0
        for parameter in self.parameters:
            square += (parameter.grad ** 2).sum().item()
        np.sqrt(square)
        self.optimizer.step()
        update_ema(self.averages, self.parameters, rate=0.9999)

    def sampling_step(self):
        t = torch.full((self.job["batch"],), self.t, device=DEVICE)
        with torch.no_grad(), self.precision():
            result = self.diffusion.p_sample(self.network, self.x, t, clip_denoised=True, model_kwargs=self.given)
        self.x = result["sample"]
        self.t = max(self.t - 1, 1)

    def steps(self, count):
        if self.job["task"] == "train":
            step = self.training_step
        else:
            step = self.sampling_step
            self.x, self.given = self.moved()
            self.x = torch.randn_like(self.x)
            self.t = self.diffusion.num_timesteps - 1
        milliseconds = []
        for _ in range(count):
            finish()
            start = time.perf_counter()
            step()
            finish()
            milliseconds.append(1000 * (time.perf_counter() - start))
        return {"milliseconds": milliseconds}

    def product(self, size):
        """Speed of products of square matrices of so many rows, the best of several, in GFLOP/s."""
        dtype = torch.bfloat16 if self.job["precision"] == "bf16" else torch.float32
        a, b = (torch.randn(size, size, device=DEVICE).to(dtype) for _ in range(2))
        best = float("inf")
        for _ in range(8):
            finish()
            start = time.perf_counter()
            a @ b
            finish()
            best = min(best, time.perf_counter() - start)
        return {"gflops": 2 * size**3 / best / 1e9}

    def memory(self):
        peak = status_bytes("VmHWM")
        known = self.idle is not None and peak is not None
        return {"bytes": peak - self.idle if known else None}

    def about(self):
        name = torch.cuda.get_device_name() if DEVICE.type == "cuda" else "CPU"
        return {"software": f"PyTorch {torch.__version__}, Python {platform.python_version()}", "device": name, "isGpu": DEVICE.type == "cuda"}


def main():
    side = None
    for line in sys.stdin:
        request = json.loads(line)
        name = request["name"]
        try:
            if name == "start":
                side = Side(request["job"])
                reply = side.about()
            elif name == "steps":
                reply = side.steps(request["count"])
            elif name == "product":
                reply = side.product(request["size"])
            else:
                reply = {"prepare": side.prepare, "memory": side.memory}[name]()
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}".split("\n")[0]}
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


main()
