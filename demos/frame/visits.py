"""What Gradio does at every visit and every request, without what it does for things that the gallery has none of."""

import contextlib
from types import SimpleNamespace

from gradio import Blocks, utils
from gradio.state_holder import SessionState

_begin = SessionState.__init__


def _begin_lightly(visit: SessionState, blocks: Blocks) -> None:
    """Begin a visit without a description of every component of the page, which takes the loop that serves everybody 56
    ms. Gradio wants these descriptions for its deep links."""
    _begin(visit, SimpleNamespace(default_config=blocks.default_config, blocks={}))


def _keep_nothing(visit: SessionState, key: int, value: object) -> None:
    """Do not note in such a description what a visitor sent, or was answered: it would stay for as long as the gallery
    runs."""


def lighten() -> None:
    """Make visits, and requests, cheap from now on. Where there is no matplotlib, Gradio looks for it on disk twice a
    request."""
    SessionState.__init__ = _begin_lightly
    SessionState._update_value_in_config = _keep_nothing
    utils.MatplotlibBackendMananger = contextlib.nullcontext
