"""Files of points and meshes: every format gives the same shape, and every bad file a sentence."""

import io
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
from dlcv.pointnet.predictor import PointNetPredictor
from tests.pointnet.files import (
    BAD,
    COLOUR,
    KINDS,
    Trap,
    chair,
    saved,
    surface,
    written,
)

ASSETS = Path(gradio.__file__).parent / "media_assets" / "models3d"


def read(tmp_path: Path, name: str, data: bytes) -> reading.Reading:
    path = tmp_path / name
    path.write_bytes(data)
    return reading.read(path)


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


MODEL = PointNetPredictor("pointnet-max")
FLAT = np.random.default_rng(0).random((400, 2))


@pytest.mark.parametrize("shape", ["flat along x", "flat along y", "flat along z", "on a line", "in two places"])
def test_flat_clouds_are_read_and_answered(tmp_path, shape):
    """What has no volume, or no area, has no hull; the networks are asked as of any cloud."""
    axis = {"flat along x": 0, "flat along y": 1, "flat along z": 2}.get(shape)
    points = np.insert(FLAT, axis, 2.0, axis=1) if axis is not None else FLAT[:, :1] * [1, 2, 3]
    if shape == "in two places":
        points = np.round(points / points.max())
    found = read(tmp_path, "a.xyz", "\n".join(" ".join(map(str, point)) for point in points).encode())
    assert found.points.isfinite().all() and found.up in ("y", "z")
    for up in "xyz":
        seen = MODEL.classify(reading.upright(found.points, up))
        assert seen.probabilities.sum() == pytest.approx(1, abs=1e-4) and np.isfinite(seen.ood_score)


def test_a_flat_mesh_is_read(tmp_path):
    found = read(tmp_path, "card.obj", b"v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nf 1 2 3 4\n")
    assert found.mesh and len(found.points) == 1024 and found.up == "y"


@pytest.mark.parametrize(
    "name, data", [("one.xyz", b"1 2 3\n"), ("one.csv", b"x,y,z\n1,2,3\n"), ("one.obj", b"v 1 2 3\n")]
)
def test_a_single_point_is_too_few(tmp_path, name, data):
    with pytest.raises(InputError, match="16 points"):
        read(tmp_path, name, data)


# Bad files


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
