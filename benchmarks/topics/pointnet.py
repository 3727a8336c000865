"""The PointNet tab: its chair."""

from demos.pointnet import boards
from dlcv.pointnet.predictor import PointNetPredictor


def passes() -> dict:
    """For each endpoint the computation alone."""
    order = [PointNetPredictor("pointnet-max"), PointNetPredictor("pointnet-flat")]
    parts, chair = PointNetPredictor("pointnet-parts"), boards.example("chair", boards.SHAPES["chair"]).points
    return {
        "/pointnet_classify": lambda: order[0].classify(chair),
        "/pointnet_parts": lambda: parts.parts(chair, "chair"),
        "/pointnet_shuffle": lambda: [predictor.shuffle_difference(chair) for predictor in order],
    }
