"""What operations of a store take, counted by how they end."""

import functools
import time
from collections.abc import Callable
from types import CoroutineType
from typing import Any, ParamSpec, TypeVar

from cms_bridge.metrics import STORE_SECONDS

P = ParamSpec("P")
T = TypeVar("T")


def measured(
    operation: "Callable[P, CoroutineType[Any, Any, T]]",
) -> "Callable[P, CoroutineType[Any, Any, T]]":
    """Time a store's operation under its own name."""

    @functools.wraps(operation)
    async def timed(*args: P.args, **kwargs: P.kwargs) -> T:
        began, outcome = time.perf_counter(), "ok"
        try:
            return await operation(*args, **kwargs)
        except BaseException as error:
            outcome = type(error).__name__
            raise
        finally:
            seconds = time.perf_counter() - began
            STORE_SECONDS.labels(operation.__name__, outcome).observe(seconds)

    return timed
