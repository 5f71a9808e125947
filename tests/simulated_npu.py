"""Makes torch believe in a device "npu": values are computed on the CPU, time passes on a simulated device.

torch calls such a device PrivateUse1. Its tensors hold a CPU tensor each; every operation on them is one
kernel of the simulated device, which is also `torch.npu`. A process can be given such a device once, and from
then on it is the accelerator of everything in it: what uses it runs in a process of its own.
"""

import types
from collections.abc import Callable
from typing import Any, Self

import torch
from simulated_device import SimulatedDevice
from torch.utils import backend_registration

aten = torch.ops.aten

NAME = "npu"
LAUNCH_MS = 0.005
"""What the host pays for a kernel: about what an eager PyTorch does."""
KERNEL_MS = 0.02
"""How long every kernel takes: four times as long as to launch it, so that the host runs ahead."""
QUEUE = 512
"""Kernels in the launch queue. Half of a real one: these models have a tenth of a real one's kernels."""
BLOCKING = {aten._local_scalar_dense.default, aten.nonzero.default, aten.equal.default}
"""The host needs their values: it waits until the device has them."""
RESIZING = (
    aten.arange.default,
    aten.arange.start,
    aten.arange.start_step,
    aten.linspace.default,
    aten.randperm.default,
    aten.eye.default,
    aten.tril_indices.default,
)
"""Made of an operation that resizes its output, which such a tensor cannot: they are taken whole."""


class NpuTensor(torch.Tensor):
    """A tensor on the simulated device."""

    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls: type[Self], values: torch.Tensor) -> Self:
        """Wrap a CPU tensor: shape and strides are its own, the device is not."""
        tensor = torch.Tensor._make_wrapper_subclass(
            cls,
            values.size(),
            strides=values.stride(),
            storage_offset=values.storage_offset(),
            dtype=values.dtype,
            layout=values.layout,
            device=torch.device(NAME, 0),
        )
        tensor.values_on_cpu = values
        return tensor

    @classmethod
    def __torch_dispatch__(
        cls, operation: Any, _types: object, args: tuple = (), kwargs: dict | None = None
    ) -> object:
        """Compute on the CPU; let time pass on the device."""
        return compute(operation, args, kwargs or {})

    def tolist(self) -> object:
        """Return the values, for which the host waits."""
        simulated().item()
        return self.values_on_cpu.tolist()


def why_not() -> str | None:
    """Return why this torch cannot be given such a device, or None: its interface for it is not stable."""
    if not hasattr(backend_registration, "_setup_privateuseone_for_python_backend"):
        return "this torch has no _setup_privateuseone_for_python_backend"
    if not hasattr(torch._C, "_acc"):
        return "this torch has no torch._C._acc"
    return None


def install() -> SimulatedDevice:
    """Give this process the device, once, and return what stands behind it."""

    class Hooks(torch._C._acc.PrivateUse1Hooks):
        """What torch asks of a backend."""

        def is_available(self) -> bool:
            """Say yes."""
            return True

        def is_built(self) -> bool:
            """Say yes."""
            return True

        def has_primary_context(self, _index: int) -> bool:
            """Say yes."""
            return True

    device = SimulatedDevice(launch_ms=LAUNCH_MS, queue=QUEUE)
    backend_registration._setup_privateuseone_for_python_backend(
        NAME, backend_module=_module(device), hook=Hooks()
    )
    _register_operations()
    for constructor in ("tensor", "as_tensor"):
        setattr(torch, constructor, _through_cpu(getattr(torch, constructor)))
    return device


def simulated() -> SimulatedDevice:
    """Return the device of this process."""
    return torch.npu.device_behind


def compute(operation: Any, args: tuple, kwargs: dict) -> object:
    """Return what an operation gives for CPU tensors, on the device that it was asked for."""
    given: dict[int, NpuTensor] = {}
    on_cpu = [_on_cpu(value, given) for value in args]
    result = operation(*on_cpu, **{name: _on_cpu(value, given) for name, value in kwargs.items()})
    return result if _charge(operation, args, kwargs) else _on_device(result, given)


def _on_cpu(value: object, given: dict[int, NpuTensor]) -> object:
    """Return an argument with CPU tensors in the place of ours, and note which they stand for."""
    if isinstance(value, NpuTensor):
        given[id(value.values_on_cpu)] = value
        return value.values_on_cpu
    if isinstance(value, torch.device):
        return torch.device("cpu")
    if isinstance(value, tuple | list):
        return type(value)([_on_cpu(item, given) for item in value])
    return value


def _on_device(value: object, given: dict[int, NpuTensor]) -> object:
    """Return a result with our tensors: what was written in place is the one that was given."""
    if isinstance(value, torch.Tensor):
        return given[id(value)] if id(value) in given else NpuTensor(value)
    if isinstance(value, tuple | list):
        return type(value)([_on_device(item, given) for item in value])
    return value


def _charge(operation: Any, args: tuple, kwargs: dict) -> bool:
    """Let the device's time pass; return whether the result is on the CPU, for which the host waits."""
    target = kwargs.get("device")
    to_cpu = target is not None and torch.device(target).type == "cpu"
    to_cpu = to_cpu or (operation is aten.copy_.default and not isinstance(args[0], NpuTensor))
    device = torch.npu.device_behind
    if not operation.is_view:
        device.launch(KERNEL_MS)
    if to_cpu or operation in BLOCKING:
        device.item()
    return to_cpu


def _module(device: SimulatedDevice) -> types.ModuleType:
    """Return `torch.npu`: the device's own interface, and what libraries ask of any device module."""
    module = types.ModuleType("torch.npu")
    for name in dir(device):
        if not name.startswith("_"):
            setattr(module, name, getattr(device, name))
    module.device_behind = device
    module.is_available = module.is_initialized = lambda: True
    module._is_in_bad_fork = lambda: False
    module.device_count = lambda: 1
    module.current_device = lambda: 0
    module.set_device = module.manual_seed_all = lambda _value: None
    module.empty_cache = lambda: None
    module.get_amp_supported_dtype = lambda: [torch.bfloat16, torch.float16]
    return module


def _register_operations() -> None:
    """Take all operations that are called for the device without a tensor on it, such as `torch.zeros`."""
    everything = torch.library.Library("_", "IMPL", "PrivateUse1")
    everything.fallback(lambda operation, *args, **kwargs: compute(operation, args, kwargs))
    some = torch.library.Library("aten", "IMPL", "PrivateUse1")
    for operation in RESIZING:
        some.impl(operation, _whole(operation))
    # They end when nobody holds them.
    torch.npu.libraries = (everything, some)


def _whole(operation: Any) -> Callable[..., object]:
    return lambda *args, **kwargs: compute(operation, args, kwargs)


def _through_cpu(constructor: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """Return a constructor that moves what it made on the CPU: torch cannot make our tensors from data."""

    def make(*args: Any, device: Any = None, **kwargs: Any) -> torch.Tensor:
        if device is not None and torch.device(device).type == NAME:
            return constructor(*args, **kwargs).to(device)
        return constructor(*args, device=device, **kwargs)

    return make
