"""The passports of the checkpoints: what each file of weights is, and whether it is the one it should be.

A passport lies beside its weights, in checkpoints/<name>/passport.json.
"""

import functools
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from ..errors import InputError

PACKAGE = Path(__file__).resolve().parents[2]
# An installed package carries the checkpoints within itself; in the repository the folder is beside it.
SHIPPED = (PACKAGE if (PACKAGE / "checkpoints").exists() else PACKAGE.parent) / "checkpoints"
PASSPORT, CONFIG = "passport.json", "config.json"
LICENCES = {
    "mit": "MIT",
    "cc-by-sa-3.0": "CC BY-SA 3.0",
    "cc0-1.0": "CC0 1.0",
    "apache-2.0": "Apache 2.0",
    "cc-by-nc-sa-4.0": "CC BY-NC-SA 4.0",
    "cc-by-nc-4.0": "CC BY-NC 4.0",
    "other": "none stated: for research and teaching",
}


class WeightsError(InputError):
    """Weights that are missing, out of reach or not those of their passport; the message is a sentence."""


@dataclass(frozen=True)
class Passport:
    """What a checkpoint is."""

    topic: str  # the topic it belongs to, such as "vae"
    model: str  # the class it loads into, such as "dlcv.vae.model.VAE"
    file: str  # the name of the weights in the checkpoint's folder; sha256 and size are those of this file
    sha256: str
    size: int  # bytes
    config: str  # the sha256 of the settings in config.json, whatever their layout on disk
    licence: str  # by its name on the Hub, such as "cc-by-sa-3.0"; LICENCES has it as people write it
    source: str  # what it was trained on, and by whom
    recipe: dict  # how it was trained: the "command", and the numbers behind it
    repo: str | None = None  # where it is on the Hub; None before it is published
    revision: str | None = None  # the commit there, 40 hex digits

    @property
    def command(self) -> str:
        """The command that trains the checkpoint again."""
        return self.recipe["command"]


def root() -> Path:
    """The folder of all local checkpoints: DLCV_CHECKPOINTS, else checkpoints/ beside the package."""
    return Path(os.environ.get("DLCV_CHECKPOINTS") or SHIPPED)


def _files() -> dict[str, Path]:
    """The passport files by the names of their checkpoints, sorted.

    A checkpoints folder of its own has passports of its own, on top of the shipped ones: an experiment then leaves the
    shipped weights and their passports alone.
    """
    found = [path for folder in (SHIPPED, root()) for path in folder.glob(f"*/{PASSPORT}")]
    return {path.parent.name: path for path in sorted(found, key=lambda path: path.parent.name)}


def passport(name: str) -> Passport:
    """The passport of one checkpoint; WeightsError where there is none."""
    for folder in (root(), SHIPPED):
        if entry := read_json(folder / name / PASSPORT):
            return Passport(**entry)
    raise WeightsError(f"There is no model named {name}.")


def names(topic: str | None = None) -> list[str]:
    """The names of a topic's checkpoints, or of all of them, sorted."""
    return [name for name, path in _files().items() if topic is None or read_json(path)["topic"] == topic]


def record(name: str, entry: Passport) -> None:
    """Write the passport of a checkpoint; it is replaced whole, never seen half written."""
    path = root() / name / PASSPORT
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(path.name + ".part")
    scratch.write_text(json.dumps(asdict(entry), indent=2, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(scratch, path)


def read_json(path: Path) -> dict:
    """A JSON file; {} where there is none."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


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
    file, config = place / entry.file, place / CONFIG
    if not config.exists():
        raise WeightsError(f"The model {name} cannot be loaded: its settings, {config}, are missing.")
    if (size := file.stat().st_size) != entry.size:
        wrong, found = file, f"{size:,} bytes instead of {entry.size:,}"
    elif (digest := sha256(file)) != entry.sha256:
        wrong, found = file, f"sha256 {digest[:12]}... instead of {entry.sha256[:12]}..."
    elif config_sha256(config) != entry.config:
        wrong, found = config, "its settings are others"
    else:
        return
    # In the Hub cache a file is a link: it is fetched again only when what the link points to is gone.
    again = f"Delete it to have it fetched from {entry.repo} again, or retrain" if entry.repo else "Retrain it"
    raise WeightsError(
        f"The model {name} is refused, because {wrong.resolve()} is not the file of its passport: {found}. "
        f"{again} with: {entry.command}"
    )
