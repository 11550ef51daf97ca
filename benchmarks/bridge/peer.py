"""The peer: the same two endpoints in the plainest FastAPI and Celery, as one would begin.

Run by an environment of its own (requirements-bench.lock), never the product's:

    python benchmarks/bridge/peer.py PORT DATABASE REDIS SECRET

A webhook is verified, its row and its job committed by SQLAlchemy, and a Celery task sent;
a status is one row read by its primary key. No key, no counting, no events, no outbox.
"""

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import uvicorn
from celery import Celery
from fastapi import FastAPI, HTTPException, Request
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from standardwebhooks import Webhook, WebhookVerificationError

port, database, redis, secret = sys.argv[1:]
engine = create_async_engine(
    database.replace("postgresql://", "postgresql+asyncpg://"), pool_size=10, max_overflow=0
)
Session = async_sessionmaker(engine, expire_on_commit=False)
queue = Celery(broker=redis.replace("unix://", "redis+socket://"))


class Base(DeclarativeBase):
    """What there is a table of."""


class Event(Base):
    """A webhook."""

    __tablename__ = "peer_event"
    id: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[bytes]


class Job(Base):
    """What was asked for."""

    __tablename__ = "peer_job"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    video_id: Mapped[str]
    brief: Mapped[str]
    status: Mapped[str]
    progress: Mapped[int]


@asynccontextmanager
async def tables(_app: FastAPI) -> AsyncIterator[None]:
    """Make the tables."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield


app = FastAPI(lifespan=tables)


@queue.task(name="draft")
def draft(job: str) -> None:
    """Draft a storyboard, in a worker that is not there."""


@app.post("/webhook", status_code=202)
async def webhook(request: Request) -> dict[str, str]:
    """Store an event and its job."""
    body = await request.body()
    try:
        event = Webhook(secret).verify(body, dict(request.headers))
    except WebhookVerificationError:
        raise HTTPException(401) from None
    data = event["data"]
    job = Job(
        id=uuid.uuid4(),
        video_id=data["videoId"],
        brief=data["brief"]["script"],
        status="pending",
        progress=0,
    )
    async with Session() as session, session.begin():
        session.add(Event(id=request.headers["webhook-id"], body=body))
        session.add(job)
    await asyncio.to_thread(draft.delay, str(job.id))
    return {"jobId": str(job.id), "status": job.status}


@app.get("/jobs/{job_id}/status")
async def status(job_id: uuid.UUID) -> dict[str, object]:
    """Return where a job stands."""
    async with Session() as session:
        job = await session.get(Job, job_id)
    if job is None:
        raise HTTPException(404)
    return {
        "id": job.id,
        "videoId": job.video_id,
        "status": job.status,
        "progress": job.progress,
        "readAt": datetime.now(UTC),
    }


if __name__ == "__main__":
    uvicorn.run(app, port=int(port), access_log=False, log_level="warning")
