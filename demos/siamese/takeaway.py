"""Embeddings as files: a row each, their distances from each other, and both for NumPy."""

import base64
import io
from typing import Annotated

import numpy as np
from pydantic import Field

from demos import frame
from demos.frame.questions import Asked
from dlcv.core.errors import InputError

from .boards import MOST
from .models import known

FILES = {"embeddings.csv": "Embeddings, CSV", "distances.csv": "Distances, CSV", "embeddings.npz": "Both, NPZ"}

Rows = Annotated[
    list[frame.Text], Field(min_length=1, max_length=MOST + 1), Asked(f"a list of 1 to {MOST + 1} embeddings")
]
Name = Annotated[frame.Text, Field(max_length=40, pattern=r"^[\w ]*$")]
Names = Annotated[list[Name], Asked("a list of names of at most 40 letters and digits")]


class Taken(frame.Query):
    """Question for a file of embeddings, each with a name."""

    file: frame.Choice(FILES)
    embeddings: Rows
    names: Names


def take(query: Taken) -> dict:
    """A file in base64. Distances are those of the screen, || f(x_1) - f(x_2) ||."""
    import torch

    if len(query.names) != len(query.embeddings):
        raise InputError("Send a name for each embedding.")
    rows, names = known(query.embeddings), query.names
    distances = torch.cdist(rows, rows, compute_mode="donot_use_mm_for_euclid_dist")
    if query.file == "embeddings.npz":
        file = io.BytesIO()
        np.savez_compressed(file, names=np.array(names), embeddings=rows.numpy(), distances=distances.numpy())
        return {"file": base64.b64encode(file.getvalue()).decode()}
    of_distances = query.file == "distances.csv"
    columns = names if of_distances else [f"e{i + 1}" for i in range(rows.shape[1])]
    values = (distances if of_distances else rows).tolist()
    lines = [["name", *columns], *([name, *(f"{value:.6g}" for value in row)] for name, row in zip(names, values))]
    return {"file": base64.b64encode("".join(",".join(line) + "\n" for line in lines).encode()).decode()}
