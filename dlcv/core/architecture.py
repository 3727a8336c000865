"""What a network looks like: its layers in the order in which they run, the shape that each gives, and what feeds it.

Nothing is written down by hand: the network runs once, and its modules say what passed through them.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

ROOT = Path(__file__).resolve().parents[2]
BLOCK = 3  # layers with weights, of an inverted residual, for example
CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
WEIGHTED = (nn.modules.conv._ConvNd, nn.Linear)
QUIET = tuple(f"torch.nn.modules.{file}" for file in ("activation", "batchnorm", "dropout", "instancenorm", "padding"))
QUIET += ("torch.nn.modules.linear.Identity",)
"""Layers that change no shape, or only the border: they are named with the layer before them."""


@dataclass(frozen=True)
class Layer:
    """A layer, or a run of equal ones, as `described` gives it."""

    name: str  # its path in the network, as in "encoder.0"
    kind: str  # its class, and those of the layers that are named with it: "Conv2d, BatchNorm2d, ReLU"
    detail: str  # as PyTorch prints a layer's arguments; "" for a block of several
    shape: tuple[int, ...]  # of what the layer gives, without the number of pictures
    weights: int  # of all layers of a run
    file: str  # where the layer is made, below the root of the repository
    line: int
    code: str  # the statement, or the class, that stands there
    sources: tuple[int, ...]  # places in the list of the layers that feed it; none for the network's input
    times: int = 1  # how many equal layers follow each other


@dataclass
class _Seen:
    """A module while the network runs."""

    name: str
    module: nn.Module
    shape: tuple[int, ...]
    sources: set[int]
    quiet: list[str] = field(default_factory=list)


def described(network: nn.Module, run: Callable[[], Any], closed: tuple[str, ...] = ()) -> list[Layer]:
    """The layers that `run()` calls, each once, in this order.

    A block of at most BLOCK layers with weights is one of the list, and so is a larger one whose path is in `closed`.
    Every weight of the network is made to want a gradient, as the pictures that `run` gives it must.
    """
    network.requires_grad_()  # by the autograd graph one knows what feeds a layer
    notes, handles = _Notes(), []
    for name, module in network.named_modules():
        layers = sum(isinstance(one, WEIGHTED) for one in module.modules())
        if name and (name in closed or layers <= (1 if isinstance(module, CONTAINERS) else BLOCK)):
            handles.append(module.register_forward_pre_hook(notes.enter))
            handles.append(module.register_forward_hook(notes.leave(name), with_kwargs=True))
    try:
        with torch.enable_grad():
            run()
    finally:
        for handle in handles:
            handle.remove()
    return _runs([_layer(one, network) for one in notes.seen])


def _ours(module: nn.Module) -> bool:
    return type(module).__module__.startswith(__name__.partition(".")[0] + ".")


def _quiet(module: nn.Module) -> bool:
    return f"{type(module).__module__}.{type(module).__name__}".startswith(QUIET)


class _Notes:
    """What the hooks see while the network runs."""

    def __init__(self):
        self.seen: list[_Seen] = []
        self.numbers: dict[nn.Module, int] = {}
        self.made_by: dict[Any, int] = {}  # which layer's output a node of the autograd graph is
        self.last = -1
        self.running: nn.Module | None = None

    def enter(self, module: nn.Module, _inputs: tuple) -> None:
        """Before a module runs: within one that is drawn as a whole, nothing is noted."""
        self.running = self.running or module

    def leave(self, name: str) -> Callable:
        """The hook after the module of this path has run: what the module gives, and where its input comes from."""

        def note(module: nn.Module, inputs: tuple, keywords: dict, output: Any) -> None:
            if self.running is not module:
                return
            self.running, tensors = None, list(_tensors(output))
            many = len(tensors) > 1 and not any(True for _ in module.parameters())  # all levels of a pyramid, passed on
            if many or not any(tensor.requires_grad for tensor in tensors):  # anchors are not computed from a picture
                return
            number = self.numbers.get(module)
            if number is None and _quiet(module):
                if self.last < 0:
                    return
                number = self.numbers[module] = self.last
                self.seen[number].quiet.append(type(module).__name__)
            if number is None:
                sources = _sources([*_tensors(inputs), *_tensors(keywords)], self.made_by)
                number = self.numbers[module] = len(self.seen)
                self.seen.append(_Seen(name, module, tuple(tensors[0].shape[1:]), sources))
            self.last = number
            self.made_by.update((tensor.grad_fn, number) for tensor in tensors if tensor.grad_fn is not None)

        return note


def _tensors(value: Any):
    """All tensors in tuples, lists and dictionaries."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from _tensors(one)


def _sources(inputs: list[torch.Tensor], made_by: dict[Any, int]) -> set[int]:
    """The nearest layers upstream: backwards through the autograd graph, each way until a layer's output is met."""
    found, visited = set(), set()
    ahead = [tensor.grad_fn for tensor in inputs]
    while ahead:
        node = ahead.pop()
        if node is None or node in visited:
            continue
        visited.add(node)
        if node in made_by:
            found.add(made_by[node])
        else:
            ahead += [before for before, _ in node.next_functions]
    return found


def _layer(seen: _Seen, network: nn.Module) -> Layer:
    module = seen.module
    if isinstance(module, nn.Sequential):
        kinds = dict.fromkeys(type(one).__name__ for one in module.modules() if not isinstance(one, CONTAINERS))
        [weighted] = [one for one in module.modules() if isinstance(one, WEIGHTED)] or [None]
        detail = weighted.extra_repr() if weighted is not None else ""
    else:
        kinds = {type(module).__name__: None}
        detail = "" if list(module.children()) else module.extra_repr()
    return Layer(
        seen.name,
        ", ".join(dict.fromkeys([*kinds, *seen.quiet])),
        detail,
        seen.shape,
        sum(weight.numel() for weight in module.parameters()),
        *_place(seen.name, network),
        tuple(sorted(seen.sources)),
    )


def _place(name: str, network: nn.Module) -> tuple[str, int, str]:
    """File, line and code by which a module is made: its own class, or what the class of ours around it assigns."""
    module, ours, attribute = network, type(network), ""
    for key in name.split("."):
        module = module.get_submodule(key)
        if _ours(module):
            ours, attribute = type(module), ""
        else:
            attribute = attribute or key
    code, first = _statement(ours, attribute)
    file = Path(inspect.getsourcefile(ours)).resolve().relative_to(ROOT).as_posix()
    return file, first, code


def _statement(ours: type, attribute: str) -> tuple[str, int]:
    """The code of a class that assigns an attribute, with the function called there; its line. Else the class."""
    lines, first = inspect.getsourcelines(ours)
    for node in ast.walk(ast.parse(textwrap.dedent("".join(lines)))):
        if isinstance(node, ast.Assign) and any(ast.unparse(to) == f"self.{attribute}" for to in node.targets):
            code = textwrap.dedent("".join(lines[node.lineno - 1 : node.end_lineno]))
            called = inspect.getmodule(ours).__dict__.get(ast.unparse(getattr(node.value, "func", node)))
            if inspect.isfunction(called):
                code += f"\n\n{inspect.getsource(called)}"
            return code, first + node.lineno - 1
    return "".join(lines), first


def _runs(layers: list[Layer]) -> list[Layer]:
    """The layers, three or more equal ones in a row as one."""
    numbers, runs = [], []  # where each layer went
    for number, layer in enumerate(layers):
        last = runs[-1] if runs else None
        if last and (last.kind, last.detail, last.shape) == (layer.kind, layer.detail, layer.shape):
            chained = layer.sources == (number - 1,)
        else:
            chained = False
        if chained and not layer.detail:
            runs[-1] = replace(last, times=last.times + 1, weights=last.weights + layer.weights)
        else:
            sources = tuple(sorted({numbers[source] for source in layer.sources}))
            runs.append(replace(layer, sources=sources))
        numbers.append(len(runs) - 1)
    return runs
