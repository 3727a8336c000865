"""What `pip install .` takes from requirements.txt and requirements-dev.txt: one paragraph is one list."""

from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface


def paragraphs(path: Path) -> list[list[str]]:
    """The packages of a list, paragraph by paragraph, without comments and `-r`."""
    parts = path.read_text(encoding="utf-8").split("\n\n")
    found = [[line for line in part.splitlines() if line and not line.startswith(("#", "-r"))] for part in parts]
    return [lines for lines in found if lines]


class Dependencies(MetadataHookInterface):
    """Called by hatchling when it writes the package's metadata."""

    def update(self, metadata: dict) -> None:
        """Adds the dependencies, and those of the extras `gallery`, `train`, `metrics` and `cluster`."""
        library, gallery = paragraphs(Path(self.root, "requirements.txt"))
        train, metrics, cluster, _ = paragraphs(Path(self.root, "requirements-dev.txt"))
        metadata["dependencies"] = library
        extras = {"gallery": gallery, "train": train, "metrics": metrics, "cluster": cluster}
        metadata["optional-dependencies"] = extras
