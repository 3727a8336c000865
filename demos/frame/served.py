"""What the browser is shown of a visitor's picture: the very one that the networks see."""

import io

import PIL.Image
from gradio.utils import get_upload_folder, is_in_or_equal
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dlcv.core.images import reader

SHOWN = 2048  # pixels of the longer side


class AsRead:
    """ASGI middleware: an uploaded file that browsers show differently, or not at all, such as a TIFF, is served as the
    picture that was read in it. The file itself stays, so that nothing is computed a second time."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the picture where the request is for such a file, else pass the request on."""
        _, mark, path = scope.get("path", "").partition("/gradio_api/file=")
        if mark and scope["method"] == "GET" and is_in_or_equal(path, get_upload_folder()):
            content = await run_in_threadpool(_as_png, path)
            if content is not None:
                return await Response(content, media_type="image/png")(scope, receive, send)
        return await self.app(scope, receive, send)


def _as_png(path: str) -> bytes | None:
    """The picture in a file, no larger than SHOWN, as PNG; None where the browser shows the file itself."""
    picture = reader.not_as_shown(path)
    if picture is None:
        return None
    picture.thumbnail((SHOWN, SHOWN), PIL.Image.Resampling.BILINEAR)
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()
