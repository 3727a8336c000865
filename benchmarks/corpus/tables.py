"""The chair as tables and arrays, as numpy, pandas, polars and programs for clouds write them."""

import csv
from pathlib import Path

import numpy as np

from .shape import COLOUR, FACES, VERTICES, cloud

NAMES = ["x", "y", "z"]


def numpy_files(folder: Path) -> None:
    """By numpy: text with and without names, arrays of every type and order, records, archives."""
    points, normals = cloud()
    coloured = np.c_[points, np.tile(COLOUR, (len(points), 1))]
    for what, delimiter in (("blanks", " "), ("commas", ","), ("semicolons", ";"), ("tabs", "\t"), ("bars", "|")):
        suffix = "xyz" if what == "blanks" else "csv"
        np.savetxt(folder / f"numpy-{what}.{suffix}", points, delimiter=delimiter)
        header = delimiter.join(NAMES)
        np.savetxt(folder / f"numpy-{what}-names.{suffix}", points, delimiter=delimiter, header=header)
        np.savetxt(folder / f"numpy-{what}-bare-names.{suffix}", points, "%.5f", delimiter, header=header, comments="")
        np.savetxt(folder / f"numpy-{what}-colours.txt", coloured, "%.6g", delimiter)
        np.savetxt(folder / f"numpy-{what}-normals.txt", np.c_[points, normals], "%.6g", delimiter)
    for kind in ("f2", "f4", "f8", ">f4", ">f8"):
        np.save(folder / f"numpy-{kind.replace('>', 'big-')}.npy", points.astype(kind))
    np.save(folder / "numpy-millimetres.npy", (points * 1000).round().astype(np.int32))
    np.save(folder / "numpy-fortran.npy", np.asfortranarray(points))
    np.save(folder / "numpy-columns.npy", points.T.copy())
    np.save(folder / "numpy-colours.npy", coloured)
    np.save(folder / "numpy-homogeneous.npy", np.c_[points, np.ones(len(points))])
    np.save(folder / "numpy-batch-of-one.npy", points[None])
    np.save(folder / "refused-numpy-batch.npy", np.stack([points, points]))
    np.save(folder / "refused-numpy-objects.npy", np.array([points.tolist(), None], object), allow_pickle=True)
    records = np.zeros(len(points), [*((axis, "f4") for axis in NAMES), ("rgb", "u1", 3), ("label", "i4")])
    for at, axis in enumerate(NAMES):
        records[axis] = points[:, at]
    records["rgb"] = COLOUR
    np.save(folder / "numpy-records.npy", records)
    np.savez(folder / "numpy-first.npz", points)
    np.savez(folder / "numpy-records.npz", scan=records)
    np.savez_compressed(folder / "numpy-named.npz", points=points, normals=normals, colors=coloured[:, 3:] / 255)
    np.savez(folder / "numpy-axes.npz", x=points[:, 0], y=points[:, 1], z=points[:, 2], label=np.ones(len(points)))
    np.savez(folder / "numpy-mesh.npz", vertices=VERTICES, faces=FACES)
    np.savez(folder / "refused-numpy-two.npz", left=points, right=points)


def frames_files(folder: Path) -> None:
    """By pandas and polars: separators, decimal signs, indices, quotes, encodings."""
    import pandas
    import polars

    points, normals = cloud()
    plain = pandas.DataFrame(points.round(5), columns=NAMES)
    for separator, what in ((",", "commas"), (";", "semicolons"), ("\t", "tabs")):
        for index in (False, True):
            for header in (True, False):
                name = f"pandas-{what}{'-index' if index else ''}{'' if header else '-headless'}.csv"
                plain.to_csv(folder / name, sep=separator, index=index, header=header)
        if separator != ",":
            plain.to_csv(folder / f"pandas-{what}-decimal-commas.csv", sep=separator, decimal=",", index=False)
    for quoting, what in ((csv.QUOTE_ALL, "all"), (csv.QUOTE_NONNUMERIC, "words")):
        plain.to_csv(folder / f"pandas-quotes-{what}.csv", index=False, quoting=quoting)
    plain.to_csv(folder / "pandas-quoted-decimal-commas.csv", index=False, decimal=",", quoting=csv.QUOTE_ALL)
    plain.to_csv(
        folder / "refused-pandas-all-commas.csv", index=False, decimal=",", quoting=csv.QUOTE_NONE, escapechar=" "
    )
    for encoding in ("utf-8-sig", "utf-16", "utf-32", "cp1252"):
        plain.assign(Stühle=1.0).to_csv(folder / f"pandas-{encoding}.csv", index=False, encoding=encoding)
    pandas.DataFrame(points.round(5)).to_csv(folder / "pandas-numbered.csv")
    pandas.DataFrame(points.round(5)).to_csv(folder / "pandas-numbered-no-index.csv", index=False)
    (folder / "pandas-to-string.txt").write_text(plain.to_string())
    gaps = pandas.concat([plain, pandas.DataFrame({"x": [None, 1.0], "y": [2.0, None], "z": [None, None]})])
    gaps.to_csv(folder / "pandas-gaps.csv", index=False)
    gaps.to_csv(folder / "pandas-gaps-na.csv", index=False, na_rep="NA")
    many = plain.assign(name="a chair, red", nx=normals[:, 0], ny=normals[:, 1], nz=normals[:, 2], intensity=0.5)
    many = many.assign(**dict(zip(("red", "green", "blue"), COLOUR.tolist())))
    many.to_csv(folder / "pandas-many.csv")
    many[[*reversed(many.columns)]].to_csv(folder / "pandas-many-reversed.csv", index=False)
    many.rename(columns={"x": "Easting", "y": "Northing", "z": "Elevation"}).to_csv(folder / "pandas-map.csv")
    many.rename(columns=str.upper).to_csv(folder / "pandas-upper.csv", sep=";", decimal=",")
    asked = pandas.DataFrame(np.c_[normals[:, 0], points].round(5), columns=["a", "b", "c", "d"])
    asked.to_csv(folder / "refused-pandas-which.csv", index=False)
    seen = polars.DataFrame(dict(zip(NAMES, points.round(5).T)))
    seen.write_csv(folder / "polars.csv")
    seen.write_csv(folder / "polars-tabs.tsv", separator="\t", include_header=False)
    seen.write_csv(folder / "polars-decimal-commas.csv", separator=";", decimal_comma=True)
    seen.write_csv(folder / "polars-quotes.csv", quote_style="always")


def convention_files(folder: Path) -> None:
    """In the ways of programs that are not here: CloudCompare, PCL, ParaView, R, Excel, MATLAB, Metashape, Leica."""
    points, normals = cloud()
    rows = points.round(6).tolist()
    red, green, blue = COLOUR.tolist()

    def lines(*fields, separator: str = " ") -> str:
        """A line a point of what the functions make of it and its number."""
        return "\n".join(separator.join(f"{field(at, row)}" for field in fields) for at, row in enumerate(rows)) + "\n"

    x, y, z = ((lambda _, row, axis=axis: f"{row[axis]:.8f}") for axis in range(3))
    nx, ny, nz = ((lambda at, _, axis=axis: f"{normals[at, axis]:.6f}") for axis in range(3))
    r, g, b = ((lambda *_, value=value: value) for value in (red, green, blue))
    rf, gf, bf = ((lambda *_, value=value: f"{value / 255:.6f}") for value in (red, green, blue))
    packed = (red << 16) + (green << 8) + blue
    one, number = (lambda *_: 1), (lambda at, _: at)
    comma = [(lambda _, row, axis=axis: f"{row[axis]:.6f}".replace(".", ",")) for axis in range(3)]
    far = [(lambda _, row, axis=axis, to=to: f"{row[axis] + to:.4f}") for axis, to in enumerate((5e5, 5.4e6, 200))]
    files = {
        "cloudcompare.asc": lines(x, y, z, r, g, b),
        "cloudcompare-header.txt": "//X Y Z R G B Nx Ny Nz\n" + lines(x, y, z, r, g, b, nx, ny, nz),
        "cloudcompare-count.txt": f"{len(rows)}\n" + lines(x, y, z, r, g, b),
        "cloudcompare-float.csv": "//X;Y;Z;Rf;Gf;Bf;Scalar field\n" + lines(x, y, z, rf, gf, bf, one, separator=";"),
        "cloudcompare-comma.csv": "//X,Y,Z,Scalar_field\n" + lines(x, y, z, one, separator=","),
        "leica.pts": f"{len(rows)}\n" + lines(x, y, z, lambda *_: -1207, r, g, b),
        "metashape.txt": lines(x, y, z, r, g, b, nx, ny, nz),
        "metashape-far.txt": lines(*far, r, g, b),
        "paraview.csv": '"Normals:0","Normals:1","Normals:2","Points:0","Points:1","Points:2"\n'
        + lines(nx, ny, nz, x, y, z, separator=","),
        "paraview-points-first.csv": '"Points_0","Points_1","Points_2","RGB_0","RGB_1","RGB_2"\n'
        + lines(x, y, z, r, g, b, separator=","),
        "veloview.csv": '"intensity","laser_id","timestamp","Points_m_XYZ:0","Points_m_XYZ:1","Points_m_XYZ:2"\n'
        + lines(one, one, number, x, y, z, separator=","),
        "r-table.txt": '"x" "y" "z"\n' + lines(lambda at, _: f'"{at + 1}"', x, y, z),
        "r-csv.csv": '"","x","y","z"\n' + lines(lambda at, _: f'"{at + 1}"', x, y, z, separator=","),
        "r-csv2.csv": '"x";"y";"z"\n' + lines(*comma, separator=";"),
        "excel-german.csv": "X;Y;Z\n" + lines(*comma, separator=";"),
        "excel-sep.csv": "sep=;\nX;Y;Z\n" + lines(x, y, z, separator=";"),
        "matlab.txt": lines(*((lambda _, row, axis=axis: f"  {row[axis]:.7e}") for axis in range(3))),
        "total-station.csv": "Punkt;Rechtswert;Hochwert;Höhe\n" + lines(number, *far, separator=";"),
        "qgis.csv": "WKT,fid,X,Y,Z\n"
        + lines(lambda _, row: '"POINT Z ({} {} {})"'.format(*row), number, x, y, z, separator=","),
        "kinect.xyz": lines(x, y, z).replace("\n", "\r\n"),
        "bom.xyz": "\ufeff" + lines(x, y, z),
        "refused-all-commas.csv": lines(*comma, separator=","),
        "refused-time-first.csv": lines(lambda at, _: f"{at * 0.1:.1f}", x, y, z, separator=","),
        "refused-angles.csv": "longitude,latitude,altitude\n" + lines(x, y, z, separator=","),
    }
    for name, text in files.items():
        (folder / f"{'' if name.startswith('refused') else 'as-'}{name}").write_text(text, encoding="utf-8")
    (folder / "as-excel-unicode.txt").write_text("X\tY\tZ\n" + lines(*comma, separator="\t"), encoding="utf-16")
    (folder / "as-latin-1.csv").write_text("x;y;z;Länge\n" + lines(x, y, z, one, separator=";"), encoding="latin-1")
    (folder / "as-gbk.txt").write_text("# 椅子\n" + lines(x, y, z), encoding="gbk")
    head = "# .PCD v.7 - Point Cloud Data file format\nVERSION .7\nFIELDS x y z rgb\nSIZE 4 4 4 4\n"
    head += "TYPE F F F {}\nCOUNT 1 1 1 1\nWIDTH {}\nHEIGHT {}\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS {}\nDATA ascii\n"
    as_float = np.array([packed], np.uint32).view(np.float32)[0]
    text = lines(x, y, z, lambda *_: f"{as_float:.9g}")
    (folder / "as-pcl-float.pcd").write_text(head.format("F", len(rows), 1, len(rows)) + text)
    (folder / "as-pcl-unsigned.pcd").write_text(
        head.format("U", len(rows), 1, len(rows)) + lines(x, y, z, lambda *_: packed)
    )
    holes = text + f"nan nan nan {as_float:.9g}\n" * 500
    (folder / "as-pcl-organised.pcd").write_text(head.format("F", 50, 50, 2500) + holes)
