"""A plain function as a scenario: an engine's own code does one request and marks its own stages."""

import sys
from collections.abc import Callable
from importlib import import_module
from inspect import Parameter, iscoroutinefunction, signature
from pathlib import Path
from types import ModuleType
from typing import cast

from ratchet_profiler.scenario_keys import suggestion
from ratchet_profiler.scenarios import CallableScenario
from ratchet_profiler.sources.workload import Workload
from ratchet_profiler.stages import RequestProfiler


class CallRejected(ValueError):
    """The scenario's `call` cannot be used; the message is one line: what is wrong, how to mend it."""


def build(scenario: CallableScenario) -> Workload:
    """Return the function as a workload; it knows its device itself.

    Raises:
        CallRejected: there is no such function, or it cannot be called as a request.
    """
    function = function_named(scenario.call)
    if not callable(function):
        raise CallRejected(f"call: {scenario.call} is {type(function).__name__}, which cannot be called")
    if iscoroutinefunction(function):
        raise CallRejected(f"call: {scenario.call} is async; name a function that runs it to its end")
    if _takes_the_profiler(function, scenario.call):
        return Workload(pipelines=(), request=function)
    return Workload(pipelines=(), request=lambda _profiler: function())


def function_named(reference: str) -> object:
    """Return what `module:function` names: of a module here, in the current directory, or installed.

    Raises:
        CallRejected: there is none. What the module itself raises while it is imported goes through.
    """
    name, _, attribute = reference.partition(":")
    try:
        module = module_named(name)
    except ModuleNotFoundError as error:
        if error.name and f"{name}.".startswith(f"{error.name}."):
            raise CallRejected(f"call: no module {error.name!r} in {Path.cwd()} or installed") from error
        raise
    if not hasattr(module, attribute):
        hint = suggestion(attribute, dir(module))
        raise CallRejected(f"call: module {name!r} has no {attribute!r}{hint}")
    return cast("object", getattr(module, attribute))


def module_named(name: str) -> ModuleType:
    """Return a module of the user's: in the current directory, or installed."""
    folder = str(Path.cwd())
    if folder not in sys.path:
        # Last, so that a file here that is called like an installed package does not take its place.
        sys.path.append(folder)
    return import_module(name)


def _takes_the_profiler(function: Callable[[RequestProfiler], object], reference: str) -> bool:
    """Return whether the function takes an argument; one without a signature is given it."""
    try:
        parameters = signature(function).parameters.values()
    except ValueError:
        return True
    needed = [p for p in parameters if p.default is Parameter.empty and p.kind not in _ANY_NUMBER]
    by_position = [p for p in parameters if p.kind in _BY_POSITION]
    if len(needed) > 1 or any(p.kind is Parameter.KEYWORD_ONLY for p in needed):
        names = ", ".join(p.name for p in needed)
        raise CallRejected(f"call: {reference} needs {names}; let it take the request's profiler, or nothing")
    return bool(by_position)


_ANY_NUMBER = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
_BY_POSITION = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD, Parameter.VAR_POSITIONAL)
