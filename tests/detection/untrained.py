"""A small detector that has learned nothing."""

from dataclasses import replace

import torch

from dlcv.detection.model import Detector, DetectorConfig, PeopleDetector


def detector(masks: bool = True, people: bool = False) -> Detector:
    """An untrained detector whose heads are not indifferent, so that some boxes are surer than others."""
    torch.manual_seed(0)
    config = DetectorConfig(("nut", "bolt"), masks, min_size=128, max_size=256, fpn_channels=16, proposals=50)
    model = PeopleDetector(replace(config, backbone="people")) if people else Detector(config)
    for layer in (model.parts.roi_heads.box_predictor.cls_score, model.parts.rpn.head.cls_logits):
        torch.nn.init.normal_(layer.weight, std=0.5)
    return model.eval()
