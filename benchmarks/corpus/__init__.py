"""One chair in some hundred files by writers that are not ours, and what the gallery reads in them.

pip install trimesh open3d meshio laspy[lazrs] pandas polars plyfile pypcd4 pygltflib pyvista   # a place of its own
python -m benchmarks.corpus.write FOLDER      # there
python -m benchmarks.corpus FOLDER            # in the gallery's environment
"""
