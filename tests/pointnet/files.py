"""A chair in every format, and files that are none of what they say."""

import io
import json
import pickle
import struct
import zipfile

import numpy as np
import trimesh
from PIL import Image

KINDS = ["off", "obj", "stl", "glb", "ply", "npy", "npz", "csv", "xyz", "las", "pcd"]
COLOUR = np.array([200, 40, 90], np.uint8)


def chair() -> trimesh.Trimesh:
    """A seat, a back towards +y and four legs, z up, a metre high, standing somewhere in a room."""
    pieces = [((0, 0, 0.45), (0.5, 0.5, 0.06)), ((0, 0.23, 0.75), (0.5, 0.05, 0.55))]
    pieces += [((x, y, 0.21), (0.05, 0.05, 0.42)) for x in (-0.22, 0.22) for y in (-0.22, 0.22)]
    boxes = [trimesh.creation.box(size, trimesh.transformations.translation_matrix(at)) for at, size in pieces]
    mesh = trimesh.util.concatenate(boxes)
    mesh.apply_translation([3, -2, 1])
    return mesh


def surface() -> np.ndarray:
    """3,000 points on the chair."""
    return trimesh.sample.sample_surface(chair(), 3000, seed=0)[0]


def written(suffix: str) -> bytes:
    """The chair as a file of that kind: a mesh where the kind has meshes, else 3,000 coloured points."""
    points = surface()
    colours = np.tile(COLOUR, (len(points), 1))
    buffer = io.BytesIO()
    if suffix in ("off", "obj", "stl", "glb", "ply"):
        mesh = chair()
        if suffix in ("glb", "obj"):  # y up
            mesh.apply_transform(trimesh.transformations.rotation_matrix(-np.pi / 2, [1, 0, 0]))
        exported = mesh.export(file_type=suffix)
        return exported.encode() if isinstance(exported, str) else exported
    if suffix == "npy":
        np.save(buffer, np.c_[points, colours])
    elif suffix == "npz":
        np.savez_compressed(buffer, label=3, points=points)
    elif suffix == "csv":
        np.savetxt(buffer, np.c_[points, colours], delimiter=",", header="x,y,z,red,green,blue", comments="")
    elif suffix == "xyz":
        np.savetxt(buffer, points)
    elif suffix == "las":
        import laspy

        scan = laspy.LasData(laspy.LasHeader(point_format=3, version="1.2"))
        scan.header.scales = [0.0001] * 3
        scan.x, scan.y, scan.z = points.T
        scan.red, scan.green, scan.blue = (COLOUR.astype(np.uint16) * 257)[:, None].repeat(len(points), 1)
        scan.write(buffer)
        return buffer.getvalue()
    elif suffix == "pcd":
        packed = np.full(len(points), 200 << 16 | 40 << 8 | 90, np.uint32).view(np.float32)
        rows = np.c_[points.astype(np.float32), packed].astype("<f4")
        head = f"FIELDS x y z rgb\nSIZE 4 4 4 4\nTYPE F F F F\nCOUNT 1 1 1 1\nPOINTS {len(rows)}\nDATA binary\n"
        return head.encode() + rows.tobytes()
    return buffer.getvalue()


def saved(array, **kwargs) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **kwargs)
    return buffer.getvalue()


def picture(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64)).save(buffer, kind)
    return buffer.getvalue()


def bomb() -> bytes:
    """256 MB of zeros in 256 kB of npz."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("points.npy", "w", force_zip64=True) as member:
            for _ in range(256):
                member.write(bytes(2**20))
    return buffer.getvalue()


def lying_bomb() -> bytes:
    """The same, but declared to be 1,000 bytes."""
    data = bytearray(bomb())
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.index(mark) + at
        data[place : place + 4] = struct.pack("<I", 1000)
    return bytes(data)


class Trap:
    """Leaves a mark where it is unpickled."""

    sprung = []

    def __reduce__(self):
        return (Trap.sprung.append, ("sprung",))


def ply(count: int, rows: bytes, encoding: str = "ascii") -> bytes:
    axes = "".join(f"property float {axis}\n" for axis in "xyz")
    return f"ply\nformat {encoding} 1.0\nelement vertex {count}\n{axes}end_header\n".encode() + rows


def gltf(accessor: dict, nodes: int = 1) -> bytes:
    """A scene that draws one mesh `nodes` times."""
    accessor = {"componentType": 5126, "type": "VEC3"} | accessor
    mesh = {"primitives": [{"attributes": {"POSITION": 0}}]}
    buffer = {"byteLength": 36, "uri": "data:application/octet-stream;base64," + "A" * 48}
    tree = {"asset": {"version": "2.0"}, "accessors": [accessor], "meshes": [mesh], "nodes": [{"mesh": 0}] * nodes}
    tree |= {"buffers": [buffer], "bufferViews": [{"buffer": 0, "byteLength": 36}], "scene": 0}
    return json.dumps(tree | {"scenes": [{"nodes": list(range(nodes))}]}).encode()


TRAP = pickle.dumps(Trap())
BAD = {
    "picture.ply": (picture("PNG"), "PNG"),
    "photograph.xyz": (picture("JPEG"), "JPEG"),
    "empty.obj": (b"", "empty"),
    "blank.xyz": (b"\n\n  \n", "empty"),
    "zeros.stl": (bytes(1000), "empty"),
    "few.xyz": (b"1 2 3\n" * 5, "16 points"),
    "equal.npy": (saved(np.ones((100, 3))), "same place"),
    "equal.off": (b"OFF\n20 1 0\n" + b"1 1 1\n" * 20 + b"3 0 1 2\n", "same place"),
    "nan.npy": (saved(np.full((100, 3), np.nan)), "16 points"),
    "unknown.exe": (b"MZ", "kind"),
    "no suffix": (b"1 2 3", "kind"),
    "pickled.npy": (saved(np.array([Trap()], object), allow_pickle=True), "not opened"),
    "pickle.npy": (TRAP, "NPY"),
    "pickle.npz": (TRAP, "NPZ"),
    "bomb.npz": (bomb(), "unpacks"),
    "lying.npz": (lying_bomb(), "NPZ"),
    "flat.npy": (saved(np.zeros(100)), "shape"),
    "texts.npy": (saved(np.array([["a", "b", "c"]] * 20)), "numbers"),
    "forged.npy": (saved(np.zeros((2, 3))).replace(b"(2, 3), }      ", b"(900000000, 3),"), "NPY|points"),
    "prose.xyz": (b"It was a dark\nand stormy night\n" * 20, "table"),
    "ragged.csv": (b"1,2,3\n1,2\n" * 20, "table"),
    "binary.csv": (b"\0\1" * 500, "text"),
    "forged.ply": (ply(4_000_000_000, bytes(36), "binary_little_endian"), "PLY"),
    "outside.ply": (
        ply(20, b"0 0 0\n1 0 0\n0 1 0\n0 0 1\n" * 5 + b"3 0 1 -7\n").replace(
            b"end_header", b"element face 1\nproperty list uchar int vertex_indices\nend_header"
        ),
        "PLY",
    ),
    "few.ply": (ply(4_000_000_000, b"0 0 0\n" * 3), "16 points|PLY"),
    "half.glb": (written("glb")[:900], "GLB"),
    "forged.stl": (b"chair".ljust(80) + struct.pack("<I", 2**31) + bytes(100), "STL|no shape"),
    "forged.off": (b"OFF\n4000000000 1 0\n0 0 0\n", "OFF"),
    "outside.off": (b"OFF\n20 1 0\n" + b"1 2 3\n" * 20 + b"3 0 1 99\n", "OFF"),
    "forged.pcd": (b"FIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nPOINTS 4000000000\nDATA binary\n" + bytes(36), "points"),
    "short.pcd": (b"FIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nPOINTS 400\nDATA binary\n" + bytes(36), "PCD"),
    "short.las": (written("las")[:2000], "LAS"),
    "much.gltf": (gltf({"count": 4_000_000_000}), "too many"),
    "more.gltf": (gltf({"count": 4_000_000_000, "bufferView": 0}), "too many"),
    "often.gltf": (gltf({"count": 3000, "bufferView": 0}, nodes=9000), "too many|GLTF"),
    "deep.gltf": (b"[" * 100_000, "GLTF"),
    "elsewhere.gltf": (
        json.dumps({"asset": {"version": "2.0"}, "buffers": [{"uri": "../../secret.bin", "byteLength": 9}]}).encode(),
        "GLTF|no shape",
    ),
}
