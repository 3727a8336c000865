"""The page and its parts are made once, are what Gradio would send, and arrive small; all else passes by."""

import gzip
import urllib.request

import brotli
import pytest

from demos.frame import board, hosting, once
from tests.support.asking import alone

PAGE = "text/html; charset=utf-8"


class Server:
    """Answers everything, and counts what it is asked for."""

    def __init__(self, kind: str = PAGE, status: int = 200):
        self.asked, self.kind, self.status = [], kind, status

    async def __call__(self, scope, receive, send) -> None:
        self.asked.append(scope["path"])
        headers = [(b"content-type", self.kind.encode())]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": f"for {dict(scope['headers'])} ".encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b"again and " * 100})


def get(app: once.Once, path: str, method: str = "GET", **headers: str) -> tuple[int, dict, bytes]:
    """Status, headers and content."""
    path, _, query = path.partition("?")
    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in ({"host": "here"} | headers).items()]
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": sent}
    got = []

    async def send(message) -> None:
        got.append(message)

    async def receive() -> dict:
        return {"type": "http.request"}

    alone(app({**scope, "scheme": "http", "server": ("here", 80)}, receive, send))
    found = {name.decode(): value.decode() for name, value in got[0]["headers"]}
    return got[0]["status"], found, b"".join(message["body"] for message in got[1:])


def test_what_was_made_is_sent_again_in_each_form_that_browsers_take():
    server = Server()
    app = once.Once(server)
    texts = set()
    for _ in range(2):
        for accepted, opened in (("gzip, deflate, br", brotli.decompress), ("gzip", gzip.decompress), ("", bytes)):
            status, headers, content = get(app, "/?tab=vae", accept_encoding=accepted)
            assert status == 200 and int(headers["content-length"]) == len(content)
            assert headers["vary"] == "Accept-Encoding" and headers["cache-control"] == "no-cache"
            texts.add(opened(content)[-1000:])
    assert texts == {b"again and " * 100} and len(server.asked) == 3
    assert get(app, "/", if_none_match=f'W/{headers["etag"]}, "other"')[0::2] == (304, b"")
    assert get(app, "/", if_none_match='"other"')[0] == 200
    assert get(app, "/", "HEAD") == (200, get(app, "/")[1], b"") and len(server.asked) == 3


@pytest.mark.parametrize(
    "one",
    [{"host": "there"}, {"x_forwarded_host": "there"}, {"x_forwarded_proto": "https"}, {"x_gradio_server": "http://a"}],
)
def test_nobody_is_sent_the_page_of_another_address(one):
    server = Server()
    app = once.Once(server)
    assert get(app, "/")[2] != get(app, "/", **one)[2] and len(server.asked) == 2


@pytest.mark.parametrize(
    "path",
    [
        "/?deep_link=a",
        "/?page=a",
        "/?all_endpoints=1",
        "/gradio_api/queue/data",
        "/gradio_api/file=/tmp/gradio/a.png",
        "/gradio_api/file=/tmp/gradio/demos/home/pictures/a.png",
        "/config",
        "/health",
    ],
)
def test_what_differs_from_visitor_to_visitor_passes(path):
    server = Server()
    app = once.Once(server)
    assert [get(app, path)[0], get(app, path)[0]] == [200, 200] and len(server.asked) == 2
    assert not len(app.answers._things)


def test_an_error_is_not_kept_and_pictures_are_not_compressed():
    server = Server(status=404)
    app = once.Once(server)
    assert get(app, "/assets/none.js")[0] == 404 and not app.answers._things
    app = once.Once(Server("image/jpeg"))
    picture = f"/gradio_api/file={(board.DEMOS / 'home' / 'pictures').as_posix()}/vae-dark.jpg"
    _, headers, content = get(app, picture, accept_encoding="br")
    assert b"again and" in content and "content-encoding" not in headers and "immutable" not in headers["cache-control"]


def test_the_gallery_sends_the_page_small_with_its_headers(gallery):
    def read(path: str, **headers: str):
        with urllib.request.urlopen(urllib.request.Request(gallery.url + path, headers=headers), timeout=60) as answer:
            return answer.headers, answer.read()

    plain = read("/")[1]
    headers, small = read("/?tab=vae", **{"Accept-Encoding": "br"})
    assert brotli.decompress(small) == plain and gallery.url.encode() in plain and len(small) < len(plain) / 8
    assert headers["Content-Security-Policy"] == hosting.policy() and headers["X-Content-Type-Options"] == "nosniff"
    other = read("/", Host="gallery.example.org:80")[1]
    assert b"http://gallery.example.org" in other and gallery.url.encode() not in other
    script = f"/scripts/{board.VERSION}/frame/web/board.js"
    headers, _ = read(script)
    assert headers["Cache-Control"] == board.FOREVER["Cache-Control"]
    asset = plain.split(b'src="./assets/')[1].split(b'"')[0].decode()
    headers, content = read(f"/assets/{asset}", **{"Accept-Encoding": "br", "Origin": gallery.url})
    assert "immutable" in headers["Cache-Control"] and headers["Access-Control-Allow-Origin"] == gallery.url
    assert brotli.decompress(content) == read(f"/assets/{asset}")[1]
