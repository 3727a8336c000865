"""The passports of the checkpoints: what each file of weights is, and whether it is the one it should be.

A checkpoint is data with a passport, one entry of `passports.json`:

    topic    the hall it belongs to, such as "vae"
    model    the class it loads into, such as "dlcv.vae.model.VAE"
    file     the name of the weights in the checkpoint's folder; `sha256` and `size` (bytes) are those of this file
    config   the sha256 of the settings in config.json, whatever their layout on disk
    licence  by its name on the Hub, such as "cc-by-sa-3.0"; `LICENCES` has it as people write it
    source   what it was trained on, and by whom
    recipe   how it was trained: the "command", and the numbers behind it
    repo, revision   where it is on the Hub: repository and commit (40 hex digits); null before it is published
"""

import functools
import hashlib
import json
import os
from pathlib import Path

from ..errors import InputError

PACKAGE = Path(__file__).resolve().parent
CONFIG = "config.json"
LICENCES = {
    "mit": "MIT",
    "cc-by-sa-3.0": "CC BY-SA 3.0",
    "cc0-1.0": "CC0 1.0",
    "apache-2.0": "Apache 2.0",
    "cc-by-nc-sa-4.0": "CC BY-NC-SA 4.0",
}


class WeightsError(InputError):
    """Weights that are missing, out of reach or not those of their passport; the message is a sentence."""


def root() -> Path:
    """The folder of all local checkpoints: DLCV_CHECKPOINTS, else checkpoints/ beside the package."""
    return Path(os.environ.get("DLCV_CHECKPOINTS") or PACKAGE.parents[2] / "checkpoints")


def _tables() -> list[Path]:
    """The passport files to read; the last one is the one to write.

    A checkpoints folder of its own keeps passports of its own, on top of the package's: an experiment then leaves the
    shipped weights and their passports alone.
    """
    package = PACKAGE / "passports.json"
    return [package, root() / "passports.json"] if os.environ.get("DLCV_CHECKPOINTS") else [package]


def read_json(path: Path) -> dict:
    """A JSON file; {} where there is none."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def table() -> dict[str, dict]:
    """Every passport by the name of its checkpoint, sorted by name."""
    found: dict[str, dict] = {}
    for path in _tables():
        found |= read_json(path)
    return dict(sorted(found.items()))


def passport(name: str) -> dict:
    """The passport of one checkpoint; WeightsError where there is none."""
    try:
        return table()[name]
    except KeyError:
        raise WeightsError(f"There is no model named {name}.") from None


def names(topic: str | None = None) -> list[str]:
    """The names of a topic's checkpoints, or of all of them, sorted."""
    return [name for name, entry in table().items() if topic in (None, entry["topic"])]


def record(entries: dict[str, dict]) -> None:
    """Write these passports into the table, sorted by name; safe when several trainings finish at once."""
    from filelock import FileLock
    from huggingface_hub.constants import HF_HOME

    path = _tables()[-1]
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = Path(HF_HOME) / "dlcv-passports.lock"  # one a user, and no litter in the repository
    lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock):
        scratch = path.with_name(path.name + ".part")
        scratch.write_text(json.dumps(read_json(path) | entries, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        os.replace(scratch, path)


def sha256(path: Path) -> str:
    """The sha256 of a file, in hexadecimal; read once per process as long as the file stays as it is."""
    state = path.stat()
    return _sha256(path, state.st_size, state.st_mtime_ns)


@functools.cache
def _sha256(path: Path, size: int, modified: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def config_sha256(path: Path) -> str:
    """The sha256 of the settings in a JSON file, not of their layout: a checkout may change the line endings."""
    settings = json.loads(path.read_text(encoding="utf-8"))
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def check(name: str, place: Path) -> None:
    """Raise WeightsError when the weights or the settings in the folder `place` are not those of the passport."""
    entry = passport(name)
    file, config = place / entry["file"], place / CONFIG
    if not config.exists():
        raise WeightsError(f"The model {name} cannot be loaded: its settings, {config}, are missing.")
    if (size := file.stat().st_size) != entry["size"]:
        wrong, found = file, f"{size:,} bytes instead of {entry['size']:,}"
    elif (digest := sha256(file)) != entry["sha256"]:
        wrong, found = file, f"sha256 {digest[:12]}... instead of {entry['sha256'][:12]}..."
    elif config_sha256(config) != entry["config"]:
        wrong, found = config, "its settings are others"
    else:
        return
    # In the Hub cache a file is a link: it is fetched again only when what the link points to is gone.
    again = f"Delete it to have it fetched from {entry['repo']} again, or retrain" if entry["repo"] else "Retrain it"
    raise WeightsError(
        f"The model {name} is refused, because {wrong.resolve()} is not the file of its passport: {found}. "
        f"{again} with: {entry['recipe']['command']}"
    )
