"""Forged values to the endpoints that do not say by types yet what they take."""

import copy
import json
import urllib.request

import pytest

import app  # noqa: F401  its tabs register what they offer
from demos import TOPICS, frame
from tests.support.asking import check_calm, judge, post
from tests.support.forged import PICTURES, VALUES


def endpoints(gallery) -> dict[str, list[dict]]:
    info = json.load(urllib.request.urlopen(gallery.url + "/gradio_api/info"))
    return {name: entry["parameters"] for name, entry in info["named_endpoints"].items()}


def test_every_topic_has_a_named_endpoint(gallery):
    names = endpoints(gallery)
    for topic in TOPICS:
        assert any(name.startswith(f"/{topic}_") for name in names), names
    assert not any("lambda" in name for name in names)


@pytest.mark.parametrize("topic", TOPICS)
def test_forged_values_to_every_public_endpoint(gallery, topic):
    before, faults = gallery.log(), []
    for name, parameters in endpoints(gallery).items():
        if not name.startswith(f"/{topic}_") or name in frame.ENDPOINTS:
            continue
        address = f"{gallery.url}/gradio_api/run{name}"
        usual = [p["parameter_default"] if p["parameter_has_default"] else None for p in parameters]
        for place, parameter in enumerate(parameters):
            for kind, value in (VALUES | PICTURES if parameter["component"] == "Image" else VALUES).items():
                data = copy.deepcopy(usual)
                data[place] = value
                faults += judge(*post(address, {"data": data}), f"{name}, {parameter['parameter_name']}: {kind}")
        for data in ([], [0] * 50):
            faults += judge(*post(address, {"data": data}), f"{name} with {len(data)} values")
    assert not faults, "\n".join(faults)
    check_calm(gallery, before)
