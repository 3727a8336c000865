"""glTF 2.0 and GLB: every mesh of the scene where its nodes put it, in its pose at rest.

trimesh reads the usual ones; it takes quantised coordinates for whole numbers, and leaves out sparse accessors, fans,
instances and skins.
"""

import base64
import io
import json
import struct
from urllib.parse import unquote_to_bytes

import numpy as np

from ...core.errors import InputError
from .found import MOST_POINTS, Found, strip
from .text import decoded

KINDS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
PARTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
TRIANGLES, STRIP, FAN = 4, 5, 6
COMPRESSED = {"draco": "Draco", "meshopt": "meshopt"}
DEEPEST = 200  # nodes in nodes
MOST_PIECES = 20_000
TOO_MANY = "This scene draws too many points. Save its main object alone."
FIRST = "This is glTF 1. Save it as glTF 2."
ELSEWHERE = "This GLTF file keeps its points in another file. Save it as GLB, which holds everything."


def gltf(data: bytes, kind: str, *_) -> Found:
    """All meshes of the scene in one piece; its points and lines where there is no mesh."""
    if data[:8] == b"glTF\1\0\0\0":
        raise InputError(FIRST)
    tree, binary = _chunks(data) if data[:4] == b"glTF" else (json.loads(decoded(data)), None)
    if str(tree.get("asset", {}).get("version", "2")).startswith("1"):
        raise InputError(FIRST)
    parts = _Scene(tree, binary).parts()
    if any(part.faces is not None for part in parts):  # points and lines beside a mesh are marks in the scene
        parts = [part for part in parts if part.faces is not None]
    if not parts:
        raise InputError("There is no shape in this file.")
    starts = np.cumsum([0, *(len(part.points) for part in parts)])
    faces = None
    if parts[0].faces is not None:
        faces = np.concatenate([start + part.faces for start, part in zip(starts, parts)])
    coloured = all(part.colours is not None for part in parts)
    colours = np.concatenate([part.colours for part in parts]) if coloured else None
    return Found(np.concatenate([part.points for part in parts]), faces, colours)


def _chunks(data: bytes) -> tuple[dict, bytes | None]:
    """The tree of a GLB file, and its binary chunk."""
    tree, binary, at = None, None, 12
    while at + 8 <= len(data):
        length, kind = struct.unpack_from("<I4s", data, at)
        chunk = data[at + 8 : at + 8 + length]
        if len(chunk) < length:
            raise ValueError("a chunk that is cut short")
        if kind == b"JSON" and tree is None:
            tree = json.loads(decoded(chunk.rstrip(b"\0 ")))
        elif kind == b"BIN\0" and binary is None:
            binary = chunk
        at += 8 + length
    return tree, binary


def _bytes_of(uri: str) -> bytes:
    """The bytes in a data URI; nothing else is opened."""
    if not uri.startswith("data:"):
        raise InputError(ELSEWHERE)
    head, _, body = uri.partition(",")
    return base64.b64decode(body) if head.endswith("base64") else unquote_to_bytes(body)


def _matrix(node: dict) -> np.ndarray:
    """The 4 x 4 matrix of a node, or of one instance: T R S."""
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    matrix = np.eye(4)
    x, y, z, w = np.array(node.get("rotation", (0, 0, 0, 1)), np.float64)
    rotation = np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip
    matrix[:3, :3] = rotation * np.array(node.get("scale", (1, 1, 1)), np.float64)
    matrix[:3, 3] = node.get("translation", (0, 0, 0))
    return matrix


class _Scene:
    """A tree of glTF with its buffers."""

    def __init__(self, tree: dict, binary: bytes | None):
        self.tree, self.binary = tree, binary
        self.buffers: dict[int, bytes] = {}
        self.arrays: dict[int, np.ndarray] = {}
        self.drawn = self.corners = self.pieces = 0
        if sum(accessor["count"] for accessor in tree.get("accessors", ())) > 20 * MOST_POINTS:
            raise InputError(TOO_MANY)

    def of(self, kind: str, at: int) -> dict:
        """One of the tree's things of a kind."""
        if at < 0:
            raise ValueError("a negative index")
        return self.tree[kind][at]

    # ---- numbers

    def buffer(self, at: int) -> bytes:
        """The bytes of a buffer."""
        if at not in self.buffers:
            buffer = self.of("buffers", at)
            if "uri" in buffer:
                self.buffers[at] = _bytes_of(buffer["uri"])
            elif at == 0 and self.binary is not None:
                self.buffers[at] = self.binary
            else:
                self.refuse_compressed(buffer)
                raise InputError(ELSEWHERE)
        return self.buffers[at]

    def refuse_compressed(self, *things: dict) -> None:
        """InputError that names the compression where one of the things, or the whole file, is compressed."""
        named = [name for thing in things for name in thing.get("extensions", {})]
        for name in named + self.tree.get("extensionsRequired", []):
            for part, title in COMPRESSED.items():
                if part in name.lower():
                    raise InputError(
                        f"This glTF file is compressed by {title}, which is not read here. Save it without compression."
                    )

    def view(self, at: int) -> tuple[bytes, int | None]:
        """The bytes of a bufferView, and the distance from item to item where it is said."""
        view = self.of("bufferViews", at)
        start, length = view.get("byteOffset", 0), view["byteLength"]
        data = self.buffer(view["buffer"])
        if not 0 <= start <= start + length <= len(data):
            raise ValueError("a view beyond its buffer")
        return data[start : start + length], view.get("byteStride")

    def items(self, view: int, start: int, kind: str, parts: int, count: int) -> np.ndarray:
        """Numbers (count, parts) in a view, interleaved with others or not."""
        data, stride = self.view(view)
        kind = np.dtype(kind)
        stride = stride or kind.itemsize * parts
        if start < 0 or count < 0 or stride < 0 or start + (count - 1) * stride + kind.itemsize * parts > len(data):
            raise ValueError("an accessor beyond its view")
        if not count:
            return np.zeros((0, parts), kind)
        return np.ndarray((count, parts), kind, data, start, (stride, kind.itemsize))

    def array(self, at: int) -> np.ndarray:
        """The numbers (count, parts) of an accessor: integers as they are, or parts of 1 where they are normalised."""
        if at in self.arrays:
            return self.arrays[at]
        accessor = self.of("accessors", at)
        kind, parts, count = KINDS[accessor["componentType"]], PARTS[accessor["type"]], accessor["count"]
        sparse = accessor.get("sparse")
        if "bufferView" in accessor:
            found = self.items(accessor["bufferView"], accessor.get("byteOffset", 0), kind, parts, count)
        elif sparse and count * parts <= 4 * MOST_POINTS:
            found = np.zeros((count, parts), kind)
        else:
            raise InputError("This glTF file describes points that it does not hold. Save it anew.")
        if sparse:
            where, what = sparse["indices"], sparse["values"]
            number = sparse["count"]
            rows = self.items(where["bufferView"], where.get("byteOffset", 0), KINDS[where["componentType"]], 1, number)
            found = found.copy()
            found[rows[:, 0]] = self.items(what["bufferView"], what.get("byteOffset", 0), kind, parts, number)
        if accessor.get("normalized") and found.dtype.kind in "iu":
            found = np.maximum(found / np.iinfo(found.dtype).max, -1)
        self.arrays[at] = found
        return found

    # ---- the scene

    def parts(self) -> list[Found]:
        """The parts of the scene that is shown, or of all nodes where there is none, each in its place."""
        nodes = self.tree.get("nodes", [])
        if scenes := self.tree.get("scenes"):
            roots = scenes[self.tree.get("scene", 0)].get("nodes", [])
        else:
            roots = set(range(len(nodes))) - {child for node in nodes for child in node.get("children", ())}
        placed, waiting = [], [(root, np.eye(4), 0) for root in roots]
        where: dict[int, np.ndarray] = {}
        while waiting:
            at, above, depth = waiting.pop()
            if at in where or depth > DEEPEST:
                raise ValueError("a node below itself")
            node = self.of("nodes", at)
            where[at] = above @ _matrix(node)
            waiting += [(child, where[at], depth + 1) for child in node.get("children", ())]
        for at, matrix in where.items():
            node = self.of("nodes", at)
            if "mesh" in node:
                for own in self.instances(node):
                    placed += self.mesh(node, matrix @ own, where)
        return placed

    def instances(self, node: dict) -> list[np.ndarray]:
        """The matrix of each instance that a node draws of its mesh."""
        many = node.get("extensions", {}).get("EXT_mesh_gpu_instancing", {}).get("attributes", {})
        columns = {name.lower(): self.array(at) for name, at in many.items() if not name.startswith("_")}
        if not columns:
            return [np.eye(4)]
        count = min(map(len, columns.values()))
        if count > MOST_PIECES:
            raise InputError(TOO_MANY)
        return [_matrix({name: rows[at] for name, rows in columns.items()}) for at in range(count)]

    def mesh(self, node: dict, matrix: np.ndarray, where: dict[int, np.ndarray]) -> list[Found]:
        """The primitives of a node's mesh in the room."""
        found = []
        for primitive in self.of("meshes", node["mesh"])["primitives"]:
            attributes = primitive["attributes"]
            if "POSITION" not in attributes:
                continue
            accessor = self.of("accessors", attributes["POSITION"])
            if "bufferView" not in accessor and "sparse" not in accessor:
                self.refuse_compressed(primitive)
            self.drawn += accessor["count"]
            self.corners += self.of("accessors", primitive["indices"])["count"] if "indices" in primitive else 0
            self.pieces += 1
            if self.drawn > MOST_POINTS or self.corners > 3 * MOST_POINTS or self.pieces > MOST_PIECES:
                raise InputError(TOO_MANY)
            points = self.array(attributes["POSITION"])[:, :3].astype(np.float64)
            if "skin" in node and "JOINTS_0" in attributes:
                points = self.posed(points, attributes, self.of("skins", node["skin"]), where)
            else:
                points = points @ matrix[:3, :3].T + matrix[:3, 3]
            found.append(Found(points, self.faces(primitive, len(points)), self.colours(primitive, len(points))))
        return [part for part in found if len(part.points)]

    def posed(self, points: np.ndarray, attributes: dict, skin: dict, where: dict[int, np.ndarray]) -> np.ndarray:
        """Points (V, 3) where the joints of a skin hold them."""
        joints = np.stack([where.get(joint, np.eye(4)) for joint in skin["joints"]])
        if "inverseBindMatrices" in skin:
            joints = (
                joints @ self.array(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)[: len(joints)]
            )
        held, total = np.zeros_like(points), np.zeros((len(points), 1))
        for number in range(4):
            if f"JOINTS_{number}" not in attributes:
                break
            of, weights = self.array(attributes[f"JOINTS_{number}"]), self.array(attributes[f"WEIGHTS_{number}"])
            for part in range(of.shape[1]):
                matrices = joints[of[:, part].astype(np.int64)]
                moved = np.einsum("vij,vj->vi", matrices[:, :3, :3], points) + matrices[:, :3, 3]
                held += weights[:, part, None] * moved
                total += weights[:, part, None]
        return held / np.where(total > 0, total, 1)

    def faces(self, primitive: dict, count: int) -> np.ndarray | None:
        """The triangles (F, 3) of a primitive; None of points and lines."""
        mode = primitive.get("mode", TRIANGLES)
        if mode < TRIANGLES:
            return None
        corners = (
            self.array(primitive["indices"])[:, 0].astype(np.int64) if "indices" in primitive else np.arange(count)
        )
        if corners.size and corners.max() >= count:
            raise ValueError("a corner of a triangle is none of the points")
        if mode == STRIP:
            return strip(corners)
        if mode == FAN:
            return np.stack([np.full(max(len(corners) - 2, 0), corners[0]), corners[1:-1], corners[2:]], 1)
        return corners[: len(corners) // 3 * 3].reshape(-1, 3)

    # ---- colours

    def colours(self, primitive: dict, count: int) -> np.ndarray | None:
        """The colours (V, 3) uint8 of a primitive: its own times those of its material; None where all is white."""
        attributes = primitive["attributes"]
        light = np.ones((count, 3))
        said = False
        if "COLOR_0" in attributes:
            own = self.array(attributes["COLOR_0"])[:count, :3]
            light = light * (own / (np.iinfo(own.dtype).max if own.dtype.kind in "iu" else 1))
            said = bool(own.any())
        if "material" in primitive:
            material = self.of("materials", primitive["material"])
            surface = material.get("pbrMetallicRoughness", {})
            if "baseColorFactor" in surface:
                light = light * np.array(surface["baseColorFactor"][:3], np.float64)
                said = said or bool((light < 1).any())
            texture = surface.get("baseColorTexture")
            if texture and (seen := self.texture(texture, attributes, count)) is not None:
                light, said = light * seen, True
        return (np.nan_to_num(light) * 255).round().clip(0, 255).astype(np.uint8) if said else None

    def texture(self, texture: dict, attributes: dict, count: int) -> np.ndarray | None:
        """What a texture shows at every vertex, (V, 3) in parts of 1; None where there is no picture in the file."""
        import PIL.Image

        name = f"TEXCOORD_{texture.get('texCoord', 0)}"
        source = self.of("textures", texture["index"]).get("source")
        if name not in attributes or source is None:
            return None
        image = self.of("images", source)
        try:
            data = self.view(image["bufferView"])[0] if "bufferView" in image else _bytes_of(image["uri"])
            with PIL.Image.open(io.BytesIO(data)) as picture:
                if picture.width * picture.height > 64_000_000:
                    return None
                pixels = np.asarray(picture.convert("RGB")) / np.float32(255)
        except (InputError, OSError, KeyError, PIL.Image.DecompressionBombError):
            return None
        own = np.nan_to_num(self.array(attributes[name])[:count, :2].astype(np.float64))
        across, down = ((own % 1) * pixels.shape[1::-1]).astype(np.int64).T
        return pixels[down.clip(0, pixels.shape[0] - 1), across.clip(0, pixels.shape[1] - 1)]
