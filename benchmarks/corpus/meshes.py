"""The chair by libraries for meshes and scans."""

from pathlib import Path

import numpy as np

from .shape import COLOUR, FACES, PIECES, QUAD_FACES, VERTICES, cloud, y_up


def trimesh_files(folder: Path) -> None:
    """By trimesh: meshes and clouds, plain, coloured, with normals, as one piece and as a scene of six."""
    import trimesh

    points, _ = cloud()
    for up, kinds in (("z", ("ply", "off", "stl", "stl_ascii")), ("y", ("obj", "glb"))):
        place = VERTICES if up == "z" else y_up(VERTICES)
        for what in ("plain", "normals", "vertex_colours", "face_colours"):
            mesh = trimesh.Trimesh(place, FACES, process=False)
            if what == "vertex_colours":
                mesh.visual.vertex_colors = np.tile([*COLOUR, 255], (len(place), 1))
            if what == "face_colours":
                mesh.visual.face_colors = np.tile([*COLOUR, 255], (len(FACES), 1))
            if what == "normals":
                mesh.vertex_normals  # noqa: B018  kept from here on, so that it is written
            for kind in kinds:
                suffix = kind.removesuffix("_ascii")
                text = mesh.export(file_type=kind)
                name = f"trimesh-{what}-{kind}.{suffix}"
                (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
            if up == "z":
                (folder / f"trimesh-{what}-text.ply").write_bytes(mesh.export(file_type="ply", encoding="ascii"))
    scene = trimesh.Scene()
    box = trimesh.creation.box((1, 1, 1))
    for at, size in PIECES:
        place = trimesh.transformations.translation_matrix(y_up(np.array([at]))[0])
        scene.add_geometry(box, geom_name="box", transform=place @ np.diag([*np.abs(y_up(np.array([size]))[0]), 1]))
    scene.export(folder / "trimesh-scene.glb")
    parts = trimesh.exchange.gltf.export_gltf(scene, embed_buffers=True)
    (folder / "trimesh-scene.gltf").write_bytes(parts["model.gltf"])
    (folder / "refused-trimesh-buffers-beside.gltf").write_bytes(trimesh.exchange.gltf.export_gltf(scene)["model.gltf"])
    for what, colours in (("plain", None), ("colours", np.tile([*COLOUR, 255], (len(points), 1)))):
        seen = trimesh.PointCloud(points, colors=colours)
        for encoding in ("ascii", "binary"):
            data = trimesh.exchange.ply.export_ply(seen, encoding=encoding)
            (folder / f"trimesh-cloud-{what}-{encoding}.ply").write_bytes(data)
        trimesh.PointCloud(y_up(points), colors=colours).export(folder / f"trimesh-cloud-{what}.glb")
        trimesh.PointCloud(points, colors=colours).export(folder / f"trimesh-cloud-{what}.xyz")
        trimesh.PointCloud(y_up(points), colors=colours).export(folder / f"trimesh-cloud-{what}.obj")


def open3d_files(folder: Path) -> None:
    """By Open3D: clouds in all that it writes, meshes likewise, and by its tensors."""
    import open3d as o3d

    points, normals = cloud()
    for what in ("plain", "colours", "normals", "both"):
        seen = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points))
        if what in ("colours", "both"):
            seen.colors = o3d.utility.Vector3dVector(np.tile(COLOUR / 255, (len(points), 1)))
        if what in ("normals", "both"):
            seen.normals = o3d.utility.Vector3dVector(normals)
        for kind in ("ply", "pcd"):
            for text in (True, False):
                for packed in (True, False):
                    name = f"open3d-{what}-{'text' if text else 'binary'}{'-packed' if packed else ''}.{kind}"
                    if kind == "pcd" or not packed:
                        o3d.io.write_point_cloud(str(folder / name), seen, write_ascii=text, compressed=packed)
        for kind in ("xyz", "pts"):
            o3d.io.write_point_cloud(str(folder / f"open3d-{what}.{kind}"), seen)
    o3d.io.write_point_cloud(str(folder / "open3d-both.xyzn"), seen)
    o3d.io.write_point_cloud(str(folder / "open3d-both.xyzrgb"), seen)
    for kind in (o3d.core.float32, o3d.core.float64):
        tensors = o3d.t.geometry.PointCloud(o3d.core.Tensor(points, kind))
        tensors.point.intensities = o3d.core.Tensor(np.ones((len(points), 1)), kind)
        tensors.point.colors = o3d.core.Tensor(np.tile(COLOUR, (len(points), 1)))
        for suffix in ("ply", "pcd", "npz"):
            o3d.t.io.write_point_cloud(str(folder / f"open3d-tensors-{str(kind).lower()}.{suffix}"), tensors)
    for up, kinds in (("z", ("ply", "off", "stl")), ("y", ("obj", "glb", "gltf"))):
        place = VERTICES if up == "z" else y_up(VERTICES)
        mesh = o3d.geometry.TriangleMesh(o3d.utility.Vector3dVector(place), o3d.utility.Vector3iVector(FACES))
        mesh.compute_vertex_normals()
        for kind in kinds:
            o3d.io.write_triangle_mesh(str(folder / f"open3d-mesh.{kind}"), mesh)
        mesh.vertex_colors = o3d.utility.Vector3dVector(np.tile(COLOUR / 255, (len(place), 1)))
        for kind in kinds:
            for text in (True, False)[kind == "stl" :]:
                name = f"open3d-mesh-colours-{'text' if text else 'binary'}.{kind}"
                o3d.io.write_triangle_mesh(str(folder / name), mesh, write_ascii=text)


def meshio_files(folder: Path) -> None:
    """By meshio: triangles, quads and both."""
    import meshio

    half = len(QUAD_FACES) // 2
    mixed = [("triangle", FACES[np.r_[0:half, len(QUAD_FACES) : len(QUAD_FACES) + half]]), ("quad", QUAD_FACES[half:])]
    for what, cells in (("triangles", [("triangle", FACES)]), ("quads", [("quad", QUAD_FACES)]), ("mixed", mixed)):
        mesh = meshio.Mesh(VERTICES, cells)
        for text in (True, False):
            mesh.write(folder / f"meshio-{what}-{'text' if text else 'binary'}.ply", binary=not text)
            if what == "triangles":
                mesh.write(folder / f"meshio-{what}-{'text' if text else 'binary'}.stl", binary=not text)
        if what == "triangles":
            mesh.write(folder / f"meshio-{what}.off")
        meshio.Mesh(y_up(VERTICES), cells).write(folder / f"meshio-{what}.obj")
    points, _ = cloud()
    data = dict(zip(("red", "green", "blue"), np.tile(COLOUR, (len(points), 1)).T.copy()))
    for text in (True, False):
        name = folder / f"meshio-points-{'text' if text else 'binary'}.ply"
        meshio.Mesh(points, [], point_data=data).write(name, binary=not text)


def plyfile_files(folder: Path) -> None:
    """By plyfile: lists of varying length, both byte orders, comments, colours of vertices and faces."""
    from plyfile import PlyData, PlyElement

    points, _ = cloud()
    vertex = np.array([tuple(row) for row in VERTICES], [(axis, "f4") for axis in "xyz"])
    sides = [tuple(face) for face in QUAD_FACES[:20]] + [tuple(face) for face in FACES[20:36]]
    sides += [tuple(face) for face in FACES[len(QUAD_FACES) + 20 :]]
    face = np.array(
        [(side, *COLOUR) for side in sides], [("vertex_indices", "O"), *((c, "u1") for c in ("red", "green", "blue"))]
    )
    seen = np.array(
        [(*point, *COLOUR, 7, list(range(at % 5)), 0.5) for at, point in enumerate(points)],
        [
            *((axis, "f8") for axis in "xyz"),
            *((c, "u1") for c in ("red", "green", "blue")),
            ("view_count", "u4"),
            ("views", "O"),
            ("conf", "f4"),
        ],
    )
    grid = np.array([([at] if at % 3 else [],) for at in range(2500)], [("vertex_indices", "O")])
    places = np.array([tuple(point) for point in points], [(axis, "f4") for axis in "xyz"])
    orders = {"text": {"text": True}, "little": {"byte_order": "<"}, "big": {"byte_order": ">"}}
    for name, how in orders.items():
        elements = [
            PlyElement.describe(vertex, "vertex"),
            PlyElement.describe(face, "face", val_types={"vertex_indices": "i4"}),
        ]
        PlyData(elements, comments=["made by plyfile"], **how).write(folder / f"plyfile-mixed-{name}.ply")
        if name != "big":  # which plyfile writes in the order of the machine
            elements = [PlyElement.describe(seen, "vertex", val_types={"views": "u4"}, len_types={"views": "u4"})]
            PlyData(elements, **how).write(folder / f"plyfile-views-{name}.ply")
        elements = [PlyElement.describe(places, "vertex")]
        elements.append(PlyElement.describe(grid, "range_grid", val_types={"vertex_indices": "i4"}))
        PlyData(elements, obj_info=["num_cols 50", "num_rows 50"], **how).write(folder / f"plyfile-grid-{name}.ply")


def laspy_files(folder: Path) -> None:
    """By laspy: versions and formats of points, colours of 16 and of 8 bits and none, far from the origin; LAZ."""
    import laspy

    points, _ = cloud()
    for version, kinds in (("1.2", (0, 1, 2, 3)), ("1.3", (3, 4)), ("1.4", (6, 7, 8))):
        for kind in kinds:
            for what, colour in (("16", COLOUR.astype(np.uint16) * 257), ("8", COLOUR), ("none", COLOUR * 0)):
                scan = laspy.create(point_format=kind, file_version=version)
                coloured = "red" in scan.point_format.dimension_names
                if what != "none" and not coloured:
                    continue
                scan.header.scales, scan.header.offsets = [0.0001] * 3, [500_000, 5_400_000, 200]
                scan.x, scan.y, scan.z = (points + scan.header.offsets).T
                if coloured:
                    scan.red, scan.green, scan.blue = np.tile(colour, (len(points), 1)).T
                scan.write(str(folder / f"laspy-{version}-{kind}-{what}.las"))
    scan.write(str(folder / "refused-laspy.laz"))
    (folder / "refused-laspy-named.las").write_bytes((folder / "refused-laspy.laz").read_bytes())


def pypcd4_files(folder: Path) -> None:
    """By pypcd4, all encodings."""
    from pypcd4 import Encoding, PointCloud

    points, normals = (part.astype(np.float32) for part in cloud())
    packed = PointCloud.encode_rgb(np.tile(COLOUR, (len(points), 1)))
    made = {
        "xyz": PointCloud.from_xyz_points(points),
        "xyzi": PointCloud.from_xyzi_points(np.c_[points, normals[:, :1]]),
        "xyzrgb": PointCloud.from_xyzrgb_points(np.c_[points, packed]),
    }
    for what, seen in made.items():
        for encoding in Encoding:
            seen.save(folder / f"pypcd4-{what}-{encoding.value}.pcd", encoding=encoding)


def pyvista_files(folder: Path) -> None:
    """By VTK through PyVista."""
    import pyvista

    faces = np.c_[np.full(len(FACES), 3), FACES].ravel()
    mesh = pyvista.PolyData(VERTICES.astype(np.float32), faces)
    quads = pyvista.PolyData(VERTICES, np.c_[np.full(len(QUAD_FACES), 4), QUAD_FACES].ravel())
    for binary in (True, False):
        what = "binary" if binary else "text"
        mesh.save(folder / f"vtk-triangles-{what}.ply", binary=binary)
        quads.save(folder / f"vtk-quads-{what}.ply", binary=binary)
        mesh.save(folder / f"vtk-triangles-{what}.stl", binary=binary)
        colours = np.tile(COLOUR, (len(VERTICES), 1))
        mesh.save(folder / f"vtk-colours-{what}.ply", binary=binary, texture=colours)
    pyvista.PolyData(y_up(VERTICES), faces).save(folder / "vtk-triangles.obj")
    points, _ = cloud()
    pyvista.PolyData(points).save(folder / "vtk-points.ply")
