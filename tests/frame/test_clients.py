"""What a program meets that asks by gradio_client: whatever has a default need not be sent."""

import pytest
from gradio_client import Client

from demos import frame
from tests.support import serving


@pytest.fixture(scope="module")
def client(gallery) -> Client:
    return Client(gallery.url, verbose=False)


def test_what_has_a_default_need_not_be_sent(client):
    import app  # noqa: F401  builds the tabs, and so fills ENDPOINTS

    told = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    for name, endpoint in frame.ENDPOINTS.items():
        required = [one["parameter_name"] for one in told[name]["parameters"] if not one["parameter_has_default"]]
        assert required == [key for key, field in endpoint.asks.model_fields.items() if field.is_required()], name


@pytest.mark.parametrize("name", ["/pointnet_classify", "/pointnet_parts", "/pointnet_shuffle"])
def test_a_shape_is_enough_for_pointnet(client, name):
    assert client.predict(example="table", api_name=name)


def test_an_example_is_enough_for_a_pair(client):
    *_, numbers = client.predict(example="made", api_name="/depth_stereo")
    assert numbers["matched"] > 0.3


def test_what_must_be_sent_is_asked_for(client):
    with pytest.raises(TypeError, match="picture"):
        client.predict(api_name="/depth_map")


def test_a_plain_request_may_leave_out_the_last_parameters(gallery):
    plain = serving.Client(gallery)
    z, name = [0.5, -1.0], "vae-mnist-2d"
    assert plain.run("/vae_decode", [z]) == plain.run("/vae_decode", [z, name])
    with pytest.raises(RuntimeError, match="Choose a picture first"):
        plain.run("/depth_map", [])
