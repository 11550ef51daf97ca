"""Reads of objects at a pace: a store that sends a byte now and then is as good as away."""

from collections.abc import AsyncGenerator, AsyncIterator

import anyio

from cms_bridge.storage.base import StorageUnavailable


async def paced(
    chunks: AsyncIterator[bytes], *, seconds: float, bytes_per_second: float
) -> AsyncGenerator[bytes]:
    """Yield chunks; raise `StorageUnavailable` once they are waited for too long.

    All together they may be waited for so many `seconds`, and as long again as what has come takes
    at the pace. What is done with them counts for nothing.
    """
    allowed = seconds
    while True:
        began = anyio.current_time()
        try:
            with anyio.fail_after(max(0, allowed)):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise StorageUnavailable("The store sends an object too slowly to wait for.") from error
        allowed += len(chunk) / bytes_per_second - (anyio.current_time() - began)
        yield chunk
