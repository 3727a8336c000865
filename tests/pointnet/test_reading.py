"""Files of points and meshes: every format gives the same shape, and every bad file a sentence."""

import io
import json
import pickle
import struct
import zipfile
from pathlib import Path

import gradio
import numpy as np
import pytest
import torch
import trimesh
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy.spatial import cKDTree

from dlcv.core.errors import InputError
from dlcv.pointnet import formats, reading

ASSETS = Path(gradio.__file__).parent / "media_assets" / "models3d"
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


def read(tmp_path: Path, name: str, data: bytes) -> reading.Reading:
    path = tmp_path / name
    path.write_bytes(data)
    return reading.read(path)


KINDS = ["off", "obj", "stl", "glb", "ply", "npy", "npz", "csv", "xyz", "las", "pcd"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_gives_the_same_chair(tmp_path, kind):
    found = read(tmp_path, f"chair.{kind}", written(kind))
    assert found.points.shape == (1024, 3) and found.points.dtype == torch.float32
    torch.testing.assert_close(found.points.mean(0), torch.zeros(3), atol=1e-5, rtol=0)
    assert found.points.norm(dim=1).max() == pytest.approx(1, abs=1e-5)
    assert found.up == ("y" if kind in ("glb", "obj") else "z")
    assert found.mesh == (kind in ("off", "obj", "stl", "glb", "ply"))
    there = reading.upright(found.points * found.radius + torch.tensor(found.centre), found.up)
    dense = trimesh.sample.sample_surface(chair(), 60_000, seed=1)[0]
    assert cKDTree(dense).query(there.numpy())[0].max() < 0.03
    gaps = cKDTree(there.numpy()).query(surface())[0]  # no part of the chair is left out
    assert gaps.max() < 0.06


@pytest.mark.parametrize("kind", ["npy", "csv", "las", "pcd"])
def test_colours_are_kept(tmp_path, kind):
    assert (read(tmp_path, f"chair.{kind}", written(kind)).colours.numpy() == COLOUR).all()


def test_text_and_binary_are_read_alike(tmp_path):
    points = surface()
    cloud = trimesh.PointCloud(points, colors=np.tile(COLOUR, (len(points), 1)))
    for encoding in ("ascii", "binary"):
        found = read(tmp_path, "a.ply", trimesh.exchange.ply.export_ply(cloud, encoding=encoding))
        assert found.found == 3000 and not found.mesh and (found.colours.numpy() == COLOUR).all(), encoding
    assert read(tmp_path, "a.stl", chair().export(file_type="stl_ascii").encode()).mesh
    rows = "\n".join(" ".join(f"{value:.5f}" for value in point) for point in points)
    head = f"FIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nCOUNT 1 1 1\nPOINTS {len(points)}\nDATA ascii\n"
    binary, text = read(tmp_path, "b.pcd", written("pcd")), read(tmp_path, "t.pcd", (head + rows).encode())
    assert len(text.points) == 1024 and text.radius == pytest.approx(binary.radius, rel=1e-3)


def test_packaged_meshes_are_read_with_their_textures():
    duck, rabbit = reading.read(ASSETS / "Duck.glb"), reading.read(ASSETS / "Bunny.obj")
    assert duck.mesh and rabbit.mesh and duck.up == rabbit.up == "y"
    red, green, blue = duck.colours.float().mean(0)
    assert red > 200 > blue and green > blue  # yellow
    assert rabbit.colours is None


def test_points_are_spread_evenly(tmp_path):
    dense = np.random.default_rng(0).normal(size=(60_000, 3)) * 0.01  # nearly all points are in one corner
    found = read(tmp_path, "a.npy", saved(np.vstack([surface(), dense])))
    nearest = cKDTree(found.points.numpy()).query(found.points.numpy(), k=2)[0][:, 1]
    assert nearest.min() > 0.2 * np.median(nearest)


def test_points_that_are_not_finite_are_dropped_and_counted(tmp_path):
    points = surface()
    points[::10] = np.nan
    points[1::10, 2] = np.inf
    found = read(tmp_path, "a.xyz", b"\n".join(b"%f %f %f" % tuple(point) for point in points))
    assert found.dropped == 600 and found.found == 3000 and found.points.isfinite().all()


@pytest.mark.parametrize("scale", [1e-200, 1e-9, 1e9, 1e200])
def test_any_scale_and_place_gives_the_same_cloud(tmp_path, scale):
    one, other = (read(tmp_path, "a.npy", saved(points)) for points in (surface(), surface() * scale))
    torch.testing.assert_close(one.points, other.points, atol=1e-5, rtol=1e-4)
    assert other.radius == pytest.approx(one.radius * scale, rel=1e-4)


def test_few_points_stay_as_they_are(tmp_path):
    assert len(read(tmp_path, "a.npy", saved(surface()[:16])).points) == 16


def test_a_large_cloud_is_thinned_with_progress(tmp_path):
    told = []
    np.save(tmp_path / "a.npy", np.random.default_rng(0).random((2_000_000, 3), np.float32))
    found = reading.read(tmp_path / "a.npy", lambda share, doing: told.append((share, doing)))
    assert len(found.points) == 1024 and found.found == 2_000_000
    assert told == sorted(told) and "2,000,000" in told[-1][1]


# Bad files


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
    "forged.stl": (b"chair".ljust(80) + struct.pack("<I", 2**31) + bytes(100), "STL"),
    "forged.off": (b"OFF\n4000000000 1 0\n0 0 0\n", "OFF"),
    "outside.off": (b"OFF\n20 1 0\n" + b"1 2 3\n" * 20 + b"3 0 1 99\n", "OFF"),
    "forged.pcd": (b"FIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nPOINTS 4000000000\nDATA binary\n" + bytes(36), "points"),
    "short.pcd": (b"FIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nPOINTS 400\nDATA binary\n" + bytes(36), "PCD"),
    "short.las": (written("las")[:2000], "LAS"),
    "much.gltf": (gltf({"count": 4_000_000_000}), "does not hold"),
    "more.gltf": (gltf({"count": 4_000_000_000, "bufferView": 0}), "too many"),
    "often.gltf": (gltf({"count": 3000, "bufferView": 0}, nodes=9000), "too many"),
    "deep.gltf": (b"[" * 100_000, "GLTF"),
    "elsewhere.gltf": (
        json.dumps({"asset": {"version": "2.0"}, "buffers": [{"uri": "../../secret.bin", "byteLength": 9}]}).encode(),
        "GLTF|no shape",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_gets_a_sentence(tmp_path, name):
    data, words = BAD[name]
    with pytest.raises(InputError, match=words) as told:
        read(tmp_path, name, data)
    sentence = str(told.value)
    assert sentence.endswith(".") and len(sentence) < 200 and "/" not in sentence
    assert not Trap.sprung


def test_too_large_a_file_is_not_even_opened(tmp_path):
    with (tmp_path / "a.xyz").open("wb") as file:
        file.truncate(reading.LARGEST + 1)
    with pytest.raises(InputError, match="50 MB"):
        reading.read(tmp_path / "a.xyz")


def test_too_many_points_are_refused(tmp_path):
    with pytest.raises(InputError, match="5,000,000"):
        read(tmp_path, "a.npy", saved(np.zeros((formats.MOST_POINTS + 1, 3), np.float16)))


@pytest.mark.parametrize("version, at", [("1.2", 100), ("1.4", 100), ("1.4", 243)])
def test_a_las_file_with_fewer_records_than_it_counts_is_refused_at_once(tmp_path, version, at):
    import laspy

    scan = laspy.create(file_version=version)
    scan.x = scan.y = scan.z = np.linspace(0, 1, 20)
    file = io.BytesIO()
    scan.write(file)
    data = bytearray(file.getvalue())
    assert len(read(tmp_path, "a.las", bytes(data)).points) == 20
    data[at : at + 4] = b"\xff\xff\xff\xff"
    with pytest.raises(InputError, match="last record"):
        read(tmp_path, "a.las", bytes(data))


def test_no_other_file_is_read(tmp_path, monkeypatch):
    """An OBJ may name a library of materials, a PLY a texture; neither is opened."""
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (4, 4), (255, 0, 0)).save(tmp_path / "red.png")
    (tmp_path / "m.mtl").write_text("newmtl m\nKd 1 0 0\nmap_Kd red.png\n")
    texts = {
        "a.obj": b"mtllib m.mtl\nusemtl m\n" + chair().export(file_type="obj").encode(),
        "a.ply": chair()
        .export(file_type="ply")
        .replace(b"element vertex", b"comment TextureFile red.png\nelement vertex"),
    }
    for name, data in texts.items():
        assert read(tmp_path, name, data).colours is None


@given(
    kind=st.sampled_from(list(formats.READERS)),
    cuts=st.lists(st.integers(0, 255), min_size=1, max_size=12),
    data=st.data(),
)
def test_spoilt_files_are_read_or_refused_with_a_sentence(kind, cuts, data):
    """True files with some bytes changed, never anything else than a cloud or a sentence."""
    spoilt = bytearray(written(kind if kind in KINDS else "xyz")[:20_000])
    for value in cuts:
        spoilt[data.draw(st.integers(0, min(len(spoilt), 700) - 1))] = value
    try:
        found = formats.parse(bytes(spoilt), kind)
    except InputError:
        return
    assert found.points.shape[1] == 3


def test_up_is_guessed_by_the_format_and_by_what_is_plain():
    standing = reading.read(ASSETS / "Bunny.obj").points
    assert reading.guess_up(standing, "y") == "y"
    lamp = torch.tensor(np.vstack([  # a broad foot, a thin pole
        np.c_[np.random.default_rng(0).uniform(-0.5, 0.5, (500, 2)), np.zeros(500)],
        np.c_[np.zeros((300, 2)), np.linspace(0, 2, 300)],
    ]))  # fmt: skip
    assert reading.guess_up(lamp, "z") == reading.guess_up(lamp, "y") == "z"
    lying = lamp[:, [0, 2, 1]]
    assert reading.guess_up(lying, "z") == "y"
    torch.testing.assert_close(reading.upright(lying, "y")[:, 2], lamp[:, 2])


@pytest.mark.parametrize("up", reading.UPRIGHT)
def test_setting_upright_is_a_rotation(up):
    matrix = reading.upright(torch.eye(3), up)
    torch.testing.assert_close(matrix @ matrix.T, torch.eye(3))
    assert torch.linalg.det(matrix) == pytest.approx(1)
    assert reading.upright(torch.eye(3)["xyz".index(up)][None], up)[0, 2] == 1
