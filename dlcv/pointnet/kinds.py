"""The kinds of shape whose parts are known, and their parts: the one order that networks, screens and tests number by.

The order of the keys in a checkpoint's config.json is the alphabet's and says nothing.
"""

PARTS = {
    "chair": ("seat", "back", "leg", "arm"),
    "table": ("top", "leg", "shelf"),
    "lamp": ("base", "pole", "shade"),
    "mug": ("body", "handle"),
    "aeroplane": ("body", "wing", "tail", "engine"),
    "bed": ("mattress", "frame", "headboard", "pillow"),
}
KINDS = tuple(PARTS)
FURNITURE = ("desk", "sofa", "monitor", "dresser", "night stand", "bathtub", "toilet")  # made whole, by furniture.py
KNOWN = ("chair", "table", "bed", *FURNITURE)  # the classes of ModelNet10, all of them


def first_part(kind: str) -> int:
    """The index of the first part of `kind` among the parts of all kinds, listed one kind after the other."""
    return sum(len(PARTS[before]) for before in KINDS[: KINDS.index(kind)])
