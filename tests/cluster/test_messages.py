"""What goes between the page and the replicas, without a Ray that runs: where a question goes, and what is answered."""

from types import SimpleNamespace

import gradio as gr
import pytest
import yaml

pytest.importorskip("ray", reason="Ray is not installed: make dev")

from ray.exceptions import ActorDiedError, RayTaskError
from ray.serve.schema import ServeDeploySchema

from cluster import answers
from cluster.gallery import Models
from cluster.questions import Questions, _place, _uploaded
from cluster.router import ToItsReplica
from demos import frame
from demos.frame import elsewhere, keep
from dlcv.core.errors import InputError
from tests.support.asking import alone
from tests.support.serving import ROOT

NAME = "ab12cd34.0123456789-_abcd"


class Question(frame.Query):
    token: frame.Text


class OutOfLuck(InputError):
    """One that cannot be sent as it is: it wants two arguments."""

    def __init__(self, first, second):
        super().__init__(f"{first} {second}.")


def progressing(x, progress=gr.Progress()):  # noqa: B008
    progress(0.5, desc="Half")
    if x < 0:
        raise KeyError("ours")
    return x + 1


def growing(most):
    yield from range(most)
    raise InputError("No more.")


def refusing():
    raise OutOfLuck("Not", "today")


def changing():
    return "text", gr.Button("Stop", interactive=False)


@pytest.fixture
def asked(monkeypatch) -> dict:
    functions = [progressing, growing, refusing, changing]
    monkeypatch.setattr(elsewhere, "COMPUTES", functions)
    return {fn: (number, elsewhere.named(number)) for number, fn in enumerate(functions)}


def test_a_question_about_something_kept_goes_where_it_is_kept(monkeypatch):
    for args in ((NAME, 3), ([1], Question(token=NAME)), ({"x": None, "run": NAME},), ({"of": {"token": NAME}},)):
        assert _place(args) == "ab12cd34"
    for args in ((), ("street 3", {"token": None}), (Question(token="a text. It is longer than"),), (NAME + "x",)):
        assert _place(args) == ""
    monkeypatch.setattr(keep, "place", "ab12cd34.")
    assert _place([keep.Keep(1, "Gone.").add("thing")]) == "ab12cd34"


def test_the_router_takes_the_replica_that_is_named_or_two_of_all():
    replicas = [SimpleNamespace(replica_id=SimpleNamespace(unique_id=name)) for name in ("a", "b", "c")]

    def chosen(place, among=replicas):
        context = SimpleNamespace(should_backoff=False)
        pending = SimpleNamespace(metadata=SimpleNamespace(session_id=place), routing_context=context)
        return alone(ToItsReplica.choose_replicas(None, among, pending))

    assert chosen("b") == [[replicas[1]]]
    for place in ("", "of one that died"):
        ((one, other),) = chosen(place)
        assert one is not other and {id(one), id(other)} <= set(map(id, replicas))
    assert chosen("", replicas[:1]) == [replicas[:1]]


def test_answers_refusals_and_what_is_said_on_the_way(asked):
    said = list(answers.many(asked[progressing], (1, gr.Progress())))
    assert said == [("progress", ((0.5,), {"desc": "Half"})), ("answer", 2)]
    with pytest.raises(KeyError, match="ours"):
        list(answers.many(asked[progressing], (-1, gr.Progress())))
    *some, (kind, refusal) = answers.many(asked[growing], (2,))
    assert some == [("answer", 0), ("answer", 1)] and kind == "refused" and str(refusal) == "No more."
    kind, refusal = answers.one(asked[refusing], ())
    assert kind == "refused" and type(refusal) is InputError and str(refusal) == "Not today."
    for other in ((99, "demos.gone"), (asked[growing][0], asked[changing][1]), (99, "")):
        ((kind, refusal),) = answers.many(other, (1,))
        assert (kind, str(refusal)) == ("refused", elsewhere.AGAIN)  # of another version
    kind, (text, change) = answers.one(asked[changing], ())
    assert (kind, text, change["__type__"], change["interactive"]) == ("answer", "text", "update", False)


class Handle:
    """Models without Ray: the same methods, called at once; `error` is what happens instead."""

    def __init__(self, error: Exception | None = None, **options):
        self.error, self.chosen, self.asked = error, options, []

    def options(self, **options) -> "Handle":
        other = Handle(self.error, **self.chosen, **options)
        other.asked = self.asked
        return other

    def remote(self, asked, args):
        self.asked.append(self.chosen["session_id"])
        method = getattr(Models.func_or_class, self.chosen["method_name"])

        async def every():
            return [said async for said in method(None, asked, args)]

        class Response(list):
            cancel = staticmethod(lambda: None)

            def result(response):
                if self.error:
                    raise self.error
                return alone(method(None, asked, args))

            def __iter__(response):
                if self.error:
                    raise self.error
                return iter(alone(every()))

        return Response()


def test_the_page_has_its_answers_from_models(asked):
    class Heard(gr.Progress):
        said: list = []

        def __call__(self, *args, **kwargs):
            self.said.append((args, kwargs))

    handle, number = Handle(), {fn: number for fn, (number, _) in asked.items()}
    ask = Questions(handle)
    assert ask(number[progressing], (1, Heard())) == 2 and Heard.said == [((0.5,), {"desc": "Half"})]
    growth = ask(number[growing], (2,))
    assert [next(growth), next(growth)] == [0, 1]
    with pytest.raises(InputError, match="No more."):
        next(growth)
    assert ask(number[changing], ())[0] == "text"
    with pytest.raises(InputError, match="Not today."):
        ask(number[refusing], ())
    with pytest.raises(TypeError):  # it takes no name, but this is where it is asked
        ask(number[changing], (NAME,))
    assert handle.asked == ["", "", "", "", "ab12cd34"]


MISTAKE = RayTaskError("answer", "Traceback ...", KeyError("ours")).as_instanceof_cause()


@pytest.mark.parametrize(("error", "kind"), [(ActorDiedError(), InputError), (MISTAKE, KeyError)])
def test_who_asked_a_replica_that_died_may_try_again_and_a_mistake_is_one(asked, error, kind):
    ask, number = Questions(Handle(error)), {fn: number for fn, (number, _) in asked.items()}
    for answer in (lambda: ask(number[changing], ()), lambda: list(ask(number[growing], (1,)))):
        with pytest.raises(kind) as raised:
            answer()
        assert (str(raised.value) == elsewhere.AGAIN) == (kind is InputError)


def test_an_uploaded_file_is_read_where_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    assert _uploaded(str(tmp_path / "ab" / "cloud.ply"))
    for value in ("/etc/passwd", f"{tmp_path}/../x", "cloud.ply", "/" * 10_000, None, {"path": str(tmp_path / "x")}):
        assert not _uploaded(value)


def test_both_configurations_are_read_and_name_what_there_is():
    here = yaml.safe_load((ROOT / "cluster/serve.yaml").read_text(encoding="utf-8"))
    kubernetes = yaml.safe_load((ROOT / "cluster/kuberay.yaml").read_text(encoding="utf-8"))["spec"]
    for said in (here, yaml.safe_load(kubernetes["serveConfigV2"])):
        ServeDeploySchema.model_validate(said)
        (application,) = said["applications"]
        module, name = application["import_path"].split(":")
        page, models = application["deployments"]
        assert (module, name, page["name"], models["name"]) == ("cluster.gallery", "gallery", "Gallery", "Models")
        assert page["num_replicas"] == 1 and models["autoscaling_config"]["max_replicas"] > 1
    pinned = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")
    assert f"ray[serve]=={kubernetes['rayClusterConfig']['rayVersion']}\n" in pinned
