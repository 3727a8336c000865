"""The chair as glTF, in the ways that its specification lets a mesh be made of: all of them are the chair."""

import base64
import copy
import io
import json
import struct

import numpy as np
import pytest
import trimesh
from PIL import Image

from dlcv.core.errors import InputError
from dlcv.pointnet import formats
from tests.pointnet.files import chair

CHAIR = chair()
BOXES = [(box.bounds.mean(0), box.extents) for box in CHAIR.split()]
CUBE = trimesh.creation.box((1, 1, 1))
KINDS = {"i1": 5120, "u1": 5121, "i2": 5122, "u2": 5123, "u4": 5125, "f4": 5126}
TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}


class Maker:
    """A tree of glTF that grows."""

    def __init__(self, **more):
        self.data = b""
        self.tree = {"asset": {"version": "2.0"}, "accessors": [], "bufferViews": [], "meshes": [], "nodes": [], **more}

    def view(self, data: bytes, **more) -> int:
        self.data += bytes(-len(self.data) % 4)
        view = {"buffer": 0, "byteOffset": len(self.data), "byteLength": len(data), **more}
        self.data += data
        self.tree["bufferViews"].append(view)
        return len(self.tree["bufferViews"]) - 1

    def accessor(self, array: np.ndarray, view: int | None = None, **more) -> int:
        array = np.asarray(array)
        array = array.reshape(len(array), -1)
        made = {"componentType": KINDS[array.dtype.str[1:]], "count": len(array), "type": TYPES[array.shape[1]], **more}
        if "sparse" not in more or view is not None:
            made["bufferView"] = self.view(array.tobytes()) if view is None else view
        self.tree["accessors"].append(made)
        return len(self.tree["accessors"]) - 1

    def mesh(self, positions: int, indices: int | None = None, attributes: dict | None = None, **more) -> int:
        primitive = {"attributes": {"POSITION": positions, **(attributes or {})}, **more}
        if indices is not None:
            primitive["indices"] = indices
        self.tree["meshes"].append({"primitives": [primitive]})
        return len(self.tree["meshes"]) - 1

    def boxes(self, mesh: int, half: bool = False) -> None:
        """A node for every box of the chair; `half` where the mesh reaches from -1 to 1."""
        for centre, extent in BOXES:
            scale = extent / 2 if half else extent
            self.tree["nodes"].append({"mesh": mesh, "translation": centre.tolist(), "scale": scale.tolist()})

    def done(self, binary: bool = False) -> bytes:
        tree = copy.deepcopy(self.tree) | {"buffers": [{"byteLength": len(self.data)}]}
        if "scenes" not in tree:
            tree |= {"scene": 0, "scenes": [{"nodes": list(range(len(tree["nodes"])))}]}
        if not binary:
            tree["buffers"][0]["uri"] = "data:application/octet-stream;base64," + base64.b64encode(self.data).decode()
            return json.dumps(tree).encode()
        text = json.dumps(tree).encode()
        text += b" " * (-len(text) % 4)
        data = self.data + bytes(-len(self.data) % 4)
        chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(data), b"BIN\0") + data
        return b"glTF" + struct.pack("<II", 2, 12 + len(chunks)) + chunks


def is_chair(found: formats.Found) -> bool:
    mesh = trimesh.Trimesh(found.points, found.faces, process=False)
    return np.allclose(mesh.bounds, CHAIR.bounds, atol=2e-3) and mesh.area == pytest.approx(CHAIR.area, rel=1e-2)


CORNERS, FACES = CUBE.vertices.astype(np.float32), CUBE.faces.astype(np.uint16)
WHOLE = CHAIR.vertices.astype(np.float32), CHAIR.faces.astype(np.uint16)


def plain() -> Maker:
    made = Maker()
    made.boxes(made.mesh(made.accessor(CORNERS), made.accessor(FACES.reshape(-1))))
    return made


def quantised(kind: str, normalised: bool) -> Maker:
    """Corners as integers between views of four; those that are not normalised are scaled by the nodes."""
    made = Maker(extensionsUsed=["KHR_mesh_quantization"], extensionsRequired=["KHR_mesh_quantization"])
    most = np.iinfo(kind).max if normalised else 1
    low = 0 if kind[0] == "u" else -1
    corners = ((CORNERS > 0) * (1 - low) + low) * most
    padded = np.zeros((8, 4), kind)
    padded[:, :3] = corners
    view = made.view(padded.tobytes(), byteStride=4 * padded.itemsize)
    position = made.accessor(padded[:, :3], view, normalized=normalised)
    mesh = made.mesh(position, made.accessor(FACES.reshape(-1)))
    for centre, extent in BOXES:
        start = centre - extent / 2 if low == 0 else centre
        scale = extent / (1 - low)
        made.tree["nodes"].append({"mesh": mesh, "translation": start.tolist(), "scale": scale.tolist()})
    return made


def fans() -> Maker:
    made = Maker()
    position = made.accessor(CORNERS)
    sides = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    parts = [
        {"attributes": {"POSITION": position}, "mode": 6, "indices": made.accessor(np.array(s, np.uint8))}
        for s in sides
    ]
    made.tree["meshes"].append({"primitives": parts})
    made.boxes(0)
    return made


def strips(indices: bool) -> Maker:
    made = Maker()
    order = np.array([0, 1, 2, 3, 6, 7, 4, 5, 0, 1], np.uint8)  # around, the two ends are left
    made.boxes(
        made.mesh(made.accessor(CORNERS), made.accessor(order), mode=5)
        if indices
        else made.mesh(made.accessor(CORNERS[order]), mode=5)
    )
    ends = np.array([0, 2, 4, 4, 2, 6, 1, 5, 3, 3, 5, 7], np.uint8)
    made.boxes(made.mesh(made.accessor(CORNERS[ends])))
    return made


def sparse(base: bool) -> Maker:
    made = Maker()
    wrong = np.zeros_like(CORNERS)
    rows = np.arange(8, dtype=np.uint8)
    values = {"bufferView": made.view(CORNERS.tobytes())}
    indices = {"bufferView": made.view(rows.tobytes()), "componentType": 5121}
    more = {"sparse": {"count": 8, "indices": indices, "values": values}}
    position = made.accessor(wrong, made.view(wrong.tobytes()) if base else None, **more)
    made.boxes(made.mesh(position, made.accessor(FACES.reshape(-1))))
    return made


def interleaved() -> Maker:
    made = Maker()
    rows = np.zeros(8, [("p", "<f4", 3), ("n", "<f4", 3), ("c", "<u1", 4)])
    rows["p"], rows["c"] = CORNERS, (200, 40, 90, 255)
    view = made.view(rows.tobytes(), byteStride=28)
    position = made.accessor(CORNERS, view)
    normal = made.accessor(CORNERS, view, byteOffset=12)
    colour = made.accessor(rows["c"], view, byteOffset=24, normalized=True)
    mesh = made.mesh(position, made.accessor(FACES.reshape(-1)), {"NORMAL": normal, "COLOR_0": colour})
    made.boxes(mesh)
    return made


def nested() -> Maker:
    """Each box under a node that turns and moves it, and turns back below."""
    made = Maker()
    mesh = made.mesh(made.accessor(CORNERS), made.accessor(FACES.reshape(-1)))
    turn = trimesh.transformations.rotation_matrix(1.0, [1, 2, 3])
    roots = []
    for centre, extent in BOXES:
        back = np.linalg.inv(turn) @ trimesh.transformations.translation_matrix(centre) @ np.diag([*extent, 1])
        made.tree["nodes"] += [{"mesh": mesh, "matrix": back.T.ravel().tolist()}]
        half = np.sin(0.5) * np.array([1, 2, 3]) / 14**0.5
        made.tree["nodes"] += [
            {"children": [len(made.tree["nodes"]) - 1], "rotation": [*half, np.cos(0.5)], "camera": 0}
        ]
        roots.append(len(made.tree["nodes"]) - 1)
    made.tree["nodes"].append({"mesh": mesh, "translation": [9, 9, 9]})  # in no scene
    made.tree |= {"scene": 0, "scenes": [{"nodes": roots}]}
    return made


def instances() -> Maker:
    made = Maker(extensionsUsed=["EXT_mesh_gpu_instancing"])
    mesh = made.mesh(made.accessor(CORNERS), made.accessor(FACES.reshape(-1)))
    places, sizes = (np.array(part, np.float32) for part in zip(*BOXES))
    attributes = {"TRANSLATION": made.accessor(places), "SCALE": made.accessor(sizes)}
    made.tree["nodes"] = [{"mesh": mesh, "extensions": {"EXT_mesh_gpu_instancing": {"attributes": attributes}}}]
    return made


def skinned() -> Maker:
    """The chair half as large, which its one joint makes whole."""
    made = Maker()
    corners, faces = WHOLE
    joints, weights = np.zeros((len(corners), 4), np.uint8), np.zeros((len(corners), 4), np.float32)
    weights[:, 0] = 1
    attributes = {"JOINTS_0": made.accessor(joints), "WEIGHTS_0": made.accessor(weights)}
    mesh = made.mesh(made.accessor(corners / 2), made.accessor(faces.reshape(-1)), attributes)
    bind = made.accessor(np.eye(4, dtype=np.float32).reshape(1, 16))
    made.tree["nodes"] = [{"mesh": mesh, "skin": 0, "translation": [7, 7, 7]}, {"scale": [2, 2, 2]}]
    made.tree["skins"] = [{"joints": [1], "inverseBindMatrices": bind}]
    return made


def without_indices() -> Maker:
    made = Maker()
    made.boxes(made.mesh(made.accessor(CORNERS[FACES.reshape(-1)])))
    return made


def beside_marks() -> Maker:
    """Lines and points beside a mesh, and a morph target that is not applied."""
    made = plain()
    far = made.accessor(np.full((4, 3), 99, np.float32))
    made.tree["meshes"][0]["primitives"][0]["targets"] = [{"POSITION": made.accessor(CORNERS * 5)}]
    for mode in (0, 1, 2, 3):
        made.tree["nodes"].append({"mesh": made.mesh(far, mode=mode)})
    return made


CASES = {
    "plain": plain(),
    **{f"{kind} normalised": quantised(kind, True) for kind in ("i1", "u1", "i2", "u2")},
    **{f"{kind} as they are": quantised(kind, False) for kind in ("i1", "u2")},
    "fans": fans(),
    "strips": strips(True),
    "strips without indices": strips(False),
    "sparse": sparse(True),
    "sparse over nothing": sparse(False),
    "interleaved": interleaved(),
    "nested": nested(),
    "instances": instances(),
    "skinned": skinned(),
    "without indices": without_indices(),
    "beside marks": beside_marks(),
}


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_every_way_to_make_a_mesh_is_the_chair(name, binary):
    assert is_chair(formats.parse(CASES[name].done(binary), "glb" if binary else "gltf"))


def test_text_before_and_other_data_uris_are_read():
    data = plain().done()
    assert is_chair(formats.parse(b"\xef\xbb\xbf" + data, "gltf"))
    tree = json.loads(data)
    uri = tree["buffers"][0]["uri"]
    body = base64.b64decode(uri.partition(",")[2])
    tree["buffers"][0]["uri"] = "data:application/octet-stream," + "".join(f"%{byte:02X}" for byte in body)
    assert is_chair(formats.parse(json.dumps(tree).encode(), "gltf"))


def test_points_alone_are_a_cloud():
    made = Maker()
    points = np.random.default_rng(0).random((50, 3)).astype(np.float32)
    made.tree["nodes"] = [{"mesh": made.mesh(made.accessor(points), mode=0), "translation": [1, 2, 3]}]
    found = formats.parse(made.done(), "gltf")
    np.testing.assert_allclose(found.points, points + [1, 2, 3], atol=1e-6)
    assert found.faces is None


def test_colours_of_vertices_materials_and_textures():
    assert (formats.parse(interleaved().done(), "gltf").colours == [200, 40, 90]).all()
    made = plain()
    made.tree["meshes"][0]["primitives"][0]["material"] = 0
    made.tree["materials"] = [{"pbrMetallicRoughness": {"baseColorFactor": [1, 0.5, 0.2, 1]}}]
    assert (formats.parse(made.done(), "gltf").colours == [255, 128, 51]).all()
    picture = io.BytesIO()
    Image.fromarray(np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8)).save(picture, "PNG")
    texcoord = np.tile(np.array([[0.2, 0.5], [1.8, 0.5]], np.float32), (4, 1))
    made.tree["meshes"][0]["primitives"][0]["attributes"]["TEXCOORD_0"] = made.accessor(texcoord)
    made.tree["images"] = [{"bufferView": made.view(picture.getvalue()), "mimeType": "image/png"}]
    made.tree["textures"] = [{"source": 0}]
    made.tree["materials"] = [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}]
    assert (formats.parse(made.done(True), "glb").colours[:2] == [[255, 0, 0], [0, 0, 255]]).all()


def compressed(name: str) -> bytes:
    made = plain()
    made.tree |= {"extensionsUsed": [name], "extensionsRequired": [name]}
    if "draco" in name:
        for accessor in made.tree["accessors"]:
            del accessor["bufferView"]
        made.tree["meshes"][0]["primitives"][0]["extensions"] = {name: {"bufferView": 0, "attributes": {"POSITION": 0}}}
        return made.done()
    tree = json.loads(made.done())
    tree["buffers"].append({"byteLength": 999, "extensions": {name: {"fallback": True}}})
    for view in tree["bufferViews"]:
        view |= {"buffer": 1, "extensions": {name: {"buffer": 0, "byteLength": 9, "byteStride": 12, "count": 8}}}
    return json.dumps(tree).encode()


@pytest.mark.parametrize("name, title", [
    ("KHR_draco_mesh_compression", "Draco"),
    ("EXT_meshopt_compression", "meshopt"),
    ("KHR_meshopt_compression", "meshopt"),
])  # fmt: skip
def test_compression_is_refused_by_its_name(name, title):
    with pytest.raises(InputError, match=f"compressed by {title}.*without compression"):
        formats.parse(compressed(name), "gltf")


def test_a_mesh_that_is_drawn_too_often_is_refused():
    made = instances()
    attributes = made.tree["nodes"][0]["extensions"]["EXT_mesh_gpu_instancing"]["attributes"]
    attributes["TRANSLATION"] = made.accessor(np.zeros((30_000, 3), np.float32))
    del attributes["SCALE"]
    with pytest.raises(InputError, match="too many"):
        formats.parse(made.done(), "gltf")


def broken(change) -> bytes:
    tree = json.loads(plain().done())
    change(tree)
    return json.dumps(tree).encode()


@pytest.mark.parametrize("change, words", [
    (lambda tree: tree["buffers"][0].update(uri="chair.bin"), "another file"),
    (lambda tree: tree["asset"].update(version="1.0"), "glTF 1"),
    (lambda tree: tree["accessors"][1].update(count=99), "GLTF"),
    (lambda tree: tree["accessors"][0].pop("bufferView"), "does not hold"),
    (lambda tree: tree["nodes"][0].update(children=[0]), "GLTF"),
    (lambda tree: tree["nodes"][0].update(mesh=-1), "GLTF"),
    (lambda tree: tree.update(nodes=[{}], scenes=[{"nodes": [0]}]), "no shape"),
])  # fmt: skip
def test_broken_gltf_gets_a_sentence(change, words):
    with pytest.raises(InputError, match=words):
        formats.parse(broken(change), "gltf")
