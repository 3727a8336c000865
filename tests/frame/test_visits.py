"""A visit costs little to begin, and holds a visitor's states but nothing that was sent or answered."""

import gradio as gr
from gradio.state_holder import SessionState

from demos import frame
from demos.frame import visits
from tests.support.asking import alone


def test_a_visit_holds_states_and_nothing_that_was_sent_or_answered():
    visits.lighten()
    with frame.page("Loud") as page:
        said, times = gr.Textbox("quiet"), gr.State([])
        gr.on([], lambda said, times: (said.upper(), [*times, 1]), [said, times], [said, times], api_name="loud")
    (loud,), visit, other = page.fns.values(), SessionState(page), SessionState(page)
    for _ in range(2):
        assert alone(page.process_api(loud, ["hush", None], state=visit))["data"][0] == "HUSH"
    assert visit[times._id] == [1, 1] and other[times._id] == []
    assert "hush" not in str([*visit.components, *other.components]).lower()
    assert visit[said._id] is said and said.value == "quiet"
