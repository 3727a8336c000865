"""Writes the corpus: python -m benchmarks.corpus.write FOLDER, where the writers are installed."""

import sys
from pathlib import Path

from . import meshes, tables

WRITERS = [
    *(meshes.trimesh_files, meshes.open3d_files, meshes.meshio_files, meshes.plyfile_files, meshes.laspy_files),
    *(meshes.pypcd4_files, meshes.pyvista_files, tables.numpy_files, tables.frames_files, tables.convention_files),
]

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for writer in WRITERS:
        writer(folder)
    print(f"{len(list(folder.iterdir()))} files in {folder}")
