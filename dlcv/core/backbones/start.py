"""The folder DLCV_START: the published weights that trainings start from."""

import os
from pathlib import Path

import torch


def weights(file: str) -> dict[str, torch.Tensor]:
    """The tensors of a safetensors file in the folder DLCV_START, as float32; FileNotFoundError where it is missing."""
    from safetensors.torch import load_file

    path = Path(os.environ.get("DLCV_START", "")) / file
    if not path.exists():
        raise FileNotFoundError(f"{file} is needed: DLCV_START must name the folder that has it.")
    return {name: value.float() if value.is_floating_point() else value for name, value in load_file(path).items()}
