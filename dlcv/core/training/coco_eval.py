"""Average precision by COCO's own code, which prints as it goes; here it is silent."""

import contextlib
import io

import numpy as np


def precision_and_recall(
    images: list[dict], categories: list[dict], known: list[dict], found: list[dict], kind: str, **settings
) -> tuple[np.ndarray, np.ndarray]:
    """Precision (T, R, K, A, M) and recall (T, K, A, M) of `found` objects by the `known` ones, both as COCO has them:
    https://cocodataset.org/#format-data. -1 where there is nothing to find.

    T thresholds of the overlap (0.5 to 0.95), R recalls (0 to 1), K categories, A ranges of the area (the first has
    all), M bounds on the objects a picture.

    Args:
        kind: "bbox", "segm" or "keypoints".
        settings: of pycocotools' `Params`, by name, where not the usual ones.
    """
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def annotated(entries: list[dict]) -> COCO:
        coco = COCO()
        coco.dataset = {"info": {}, "images": images, "categories": categories, "annotations": entries}
        coco.createIndex()
        return coco

    with contextlib.redirect_stdout(io.StringIO()):
        truth = annotated([entry | {"id": number} for number, entry in enumerate(known, 1)])
        evaluation = COCOeval(truth, truth.loadRes(found) if found else annotated([]), kind)
        for name, value in settings.items():
            setattr(evaluation.params, name, value)
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation.eval["precision"], evaluation.eval["recall"]
