"""The training loop: it learns, goes on where it stopped, averages, and runs on several processes."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from dlcv.core.datasets import TensorBatches, Varied
from dlcv.core.training.loop import Recipe, fit, moving_average, passport_recipe, rate_at

ROOT = Path(__file__).resolve().parent.parent.parent
RECIPE = Recipe(epochs=8, batch_size=8, learning_rate=0.2, average=0.5, seed=3)


def data():
    x = torch.randn(64, 2, generator=torch.Generator().manual_seed(0))
    return TensorBatches(x, x @ torch.tensor([[2.0], [-1.0]]))


def loss_that_stops_at(number=None):
    def loss(model, batch, step):
        if step.number == number:
            raise KeyboardInterrupt
        x, y = batch
        noise = 0.01 * torch.randn(y.shape, generator=step.generator)
        return {"loss": ((model(x) - y + noise) ** 2).mean()}

    return loss


def train(run, step=None, recipe=RECIPE):
    torch.manual_seed(0)
    return fit(nn.Linear(2, 1), loss_that_stops_at(step), data(), recipe, run)


def test_it_learns_and_logs(tmp_path):
    model = train(tmp_path)
    torch.testing.assert_close(model.weight, torch.tensor([[2.0, -1.0]]), atol=0.1, rtol=0)
    recipe, *epochs = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert recipe["recipe"]["seed"] == 3 and [entry["epoch"] for entry in epochs] == list(range(1, 9))
    assert epochs[-1]["step"] == 64 and epochs[-1]["loss"] < 0.1 * epochs[0]["loss"]


def test_other_processes_may_read_the_data(tmp_path):
    there, here = (train(tmp_path / str(count), recipe=replace(RECIPE, epochs=2, workers=count)) for count in (2, 0))
    torch.testing.assert_close(there.weight, here.weight, rtol=0, atol=1e-6)


def test_samples_are_varied_each_time_they_are_read():
    torch.manual_seed(0)
    data = Varied([10.0, 20.0], lambda value: value + torch.rand(()).item())
    assert len(data) == 2 and data[1] != data[1] and 20 <= data[1] < 21


def test_a_passport_says_how_to_train_again():
    usual, large = (passport_recipe("dlcv.vae.train", "vae", replace(RECIPE, preset=name)) for name in ("cpu", "gpu"))
    assert usual["command"] == "python -m dlcv.vae.train --model vae" and usual["epochs"] == 8
    assert large["command"] == "python -m dlcv.vae.train --model vae --preset gpu"


@pytest.mark.parametrize("step", [11, 16])
def test_a_stopped_training_goes_on_as_if_nothing_had_happened(tmp_path, step):
    whole = train(tmp_path / "whole")
    with pytest.raises(SystemExit, match=f"step {step} of 64"):
        train(tmp_path / "stopped", step)
    resumed = train(tmp_path / "stopped")
    torch.testing.assert_close(resumed.weight, whole.weight, rtol=0, atol=1e-6)


def test_a_training_goes_on_with_the_rate_it_is_given(tmp_path):
    with pytest.raises(SystemExit):
        train(tmp_path, 11)
    stopped = load_file(tmp_path / "state" / "model.safetensors")
    resumed = train(tmp_path, recipe=replace(RECIPE, learning_rate=0.0))
    torch.testing.assert_close(resumed.weight, stopped["weight"], rtol=0, atol=1e-6)


def test_half_a_state_is_not_resumed_from(tmp_path):
    with pytest.raises(SystemExit):
        train(tmp_path, 5)
    (tmp_path / "state" / "done").unlink()
    torch.testing.assert_close(train(tmp_path).weight, train(tmp_path / "whole").weight, rtol=0, atol=1e-6)


def test_the_moving_average_forgets_where_it_began():
    mean, update = [torch.full((1,), 1000.0)], moving_average(0.999)
    for step in range(1, 2000):
        update(mean, [torch.ones(1)], torch.tensor(step))
    assert mean[0].item() == pytest.approx(1, abs=0.01)


def tiny_mnist(folder: Path, count: int) -> None:
    """`count` random pictures in the files that torchvision reads."""
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    pictures = torch.randint(0, 256, (count, 28, 28), dtype=torch.uint8)
    labels = torch.arange(count, dtype=torch.uint8) % 10
    for split in ("train", "t10k"):
        header = bytes([0, 0, 8, 3]) + b"".join(side.to_bytes(4, "big") for side in pictures.shape)
        (raw / f"{split}-images-idx3-ubyte").write_bytes(header + pictures.numpy().tobytes())
        header = bytes([0, 0, 8, 1]) + count.to_bytes(4, "big")
        (raw / f"{split}-labels-idx1-ubyte").write_bytes(header + labels.numpy().tobytes())


def test_two_processes_train_the_vae_together(tmp_path):
    tiny_mnist(tmp_path / "data", 1000 + 600)  # the last 1,000 are held out
    command = f"""-m accelerate.commands.accelerate_cli launch --multi_gpu --num_processes 2 --num_machines 1
        --mixed_precision no --dynamo_backend no -m dlcv.vae.train
        --model vae-mnist-2d --epochs 1 --data {tmp_path / "data"} --runs {tmp_path / "runs"}""".split()
    # --multi_gpu only means "start several"; DLCV_DEVICE puts them on the CPU
    here = {"DLCV_CHECKPOINTS": str(tmp_path / "checkpoints"), "DLCV_DEVICE": "cpu", "OMP_NUM_THREADS": "1"}
    environment = {**os.environ, **here}
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stderr[-2000:]
    _, epoch = [json.loads(line) for line in (tmp_path / "runs/vae-mnist-2d/log.jsonl").read_text().splitlines()]
    assert epoch["step"] == 2  # 600 pictures in batches of 128, two batches a step
    assert epoch["loss"] > 0 and (tmp_path / "checkpoints/vae-mnist-2d/model.safetensors").exists()


def test_the_rate_rises_and_falls():
    rates = [rate_at(step, 1000, Recipe(warmup=0.02)) for step in range(1001)]
    assert rates[0] == 0.05 and rates[19] == pytest.approx(1, abs=2e-3) and rates[-1] == pytest.approx(0)
    assert rates[500] == pytest.approx(0.5)
    assert rates[20:] == sorted(rates[20:], reverse=True)
