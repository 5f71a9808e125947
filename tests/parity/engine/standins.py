"""What stands in for torch, the models and the device, so that sglang's own test code runs without them.

Runs in the environment of sglang, never in ours, before the first import of sglang.
"""

import datetime as dt
import importlib.metadata
import sys
import types
from pathlib import Path
from unittest.mock import MagicMock

LIBRARIES = ("torch", "numpy", "PIL", "cv2", "httpx", "requests", "imageio", "openai", "msgspec")
MORE_LIBRARIES = ("msgspec.msgpack", "psutil", "zmq")
MODEL_CODE = ("configs.pipeline_configs.base", "configs.sample.sampling_params", "registry")
ASKED_OF_A_PLATFORM = ("cuda", "hip", "npu", "musa", "xpu", "sm120", "blackwell", "mps", "cpu")


def install(platform: str):
    """Put the stand-ins in place, of a machine that is "cuda", "hip", "npu", "musa" or "xpu"."""
    installed = Path(importlib.metadata.distribution("sglang").locate_file("sglang"))
    for name, folder in (("sglang", installed), ("sglang.multimodal_gen", installed / "multimodal_gen")):
        package = types.ModuleType(name)
        package.__path__, package.__file__ = [str(folder)], str(folder / "__init__.py")
        sys.modules[name] = package
    for name in (*LIBRARIES, *MORE_LIBRARIES, *(f"sglang.multimodal_gen.{module}" for module in MODEL_CODE)):
        sys.modules[name] = MagicMock()
    sys.modules["torch"].get_device_module().is_available.return_value = False
    sys.modules["sglang.multimodal_gen.configs.sample.sampling_params"].normalize_quality = lambda level: (
        level
    )
    sys.modules["dateutil"] = sys.modules["dateutil.tz"] = types.SimpleNamespace(UTC=dt.UTC)
    answers = {f"is_{asked}": lambda is_it=asked == platform: is_it for asked in ASKED_OF_A_PLATFORM}
    current = types.SimpleNamespace(**answers, get_available_gpu_memory=lambda **_: 0.0)
    sys.modules["sglang.multimodal_gen.runtime.platforms"] = types.SimpleNamespace(current_platform=current)
