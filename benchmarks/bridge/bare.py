"""The floor: the barest Litestar application that commits one row, or answers the same bytes.

    python -m benchmarks.bridge.bare PORT DATABASE BODY

It verifies nothing, counts nothing, writes no log and wakes nobody; its rows go through the
same driver and a pool of the same size, each by one statement that commits by itself.
"""

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import uvicorn
from litestar import Litestar, Request, Response, get, post

from cms_bridge.engines import DatabaseBounds

CREATE = "CREATE TABLE IF NOT EXISTS bare (id BIGSERIAL PRIMARY KEY, name TEXT, body BYTEA)"
INSERT = "INSERT INTO bare (name, body) VALUES ($1, $2)"


def bare(database: str, told: bytes) -> Litestar:
    """Return the application."""

    @asynccontextmanager
    async def pooled(app: Litestar) -> AsyncGenerator[None]:
        bounds = DatabaseBounds()
        async with asyncpg.create_pool(
            database, min_size=bounds.idle_connections, max_size=bounds.connections
        ) as pool:
            await pool.execute(CREATE)
            app.state.pool = pool
            yield

    @post("/webhook", status_code=202)
    async def commit(request: Request[Any, Any, Any]) -> dict[str, str]:
        await request.app.state.pool.execute(
            INSERT, request.headers["webhook-id"], await request.body()
        )
        return {"status": "pending"}

    @get("/status")
    async def status() -> Response[bytes]:
        return Response(told, media_type="application/json")

    return Litestar([commit, status], lifespan=[pooled], openapi_config=None)


if __name__ == "__main__":
    port, database, body = sys.argv[1:]
    uvicorn.run(
        bare(database, Path(body).read_bytes()), port=int(port), access_log=False, log_config=None
    )
