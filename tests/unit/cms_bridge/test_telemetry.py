"""Log lines, whoever writes them: no secret, no body, no locals, and no great length."""

import asyncio
import gc
import io
import json
import logging
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from cms_bridge import redaction, telemetry
from cms_bridge.access.tokens import new_token
from cms_bridge.redaction import Redactor

SECRET = "the-configured-secret-of-this-house"
CANARY = f"canary-{0xB0D1:x}"


@pytest.fixture(params=["json", "console"])
def form(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def written(form: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], str]]:
    """What the log holds, with logging set up as in production and put back afterwards."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    for hook in ("excepthook", "unraisablehook"):
        monkeypatch.setattr(sys, hook, getattr(sys, hook))
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    telemetry.configure_logging(form=form, level="debug", secrets=[SECRET])
    yield stream.getvalue
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def fail(body: str = CANARY) -> None:
    header = f"Bearer {SECRET}"
    raise ValueError(f"cannot read {body} under {header}")


def clean(said: str) -> None:
    assert said
    assert CANARY not in said
    assert SECRET not in said
    assert "ValueError" in said
    assert max(map(len, said.splitlines())) <= telemetry.MAX_LINE + 100


def test_our_own_loggers(written: Callable[[], str]) -> None:
    log = structlog.get_logger("cms_bridge.anything")
    try:
        fail()
    except ValueError as error:
        log.exception("it.failed")
        log.error("it.failed", exc_info=error)  # noqa: TRY400 - as others do
        log.warning("it.failed", reason=error, body=CANARY.encode(), settings={"key": SECRET})
    clean(written())


def test_a_logger_that_has_spoken_is_heard_after_a_second_set_up(
    written: Callable[[], str],
) -> None:
    log = structlog.get_logger("cms_bridge.anything")
    log.info("it.spoke")
    telemetry.configure_logging(form="json", level="debug", secrets=[SECRET])
    with structlog.testing.capture_logs() as lines:
        log.info("it.spoke.again")
    assert [line["event"] for line in lines] == ["it.spoke.again"]


def test_a_strangers_text_stays_within_its_line(
    written: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # What pytest itself keeps of the log cannot be sent from one of its processes to another.
    root = logging.getLogger()
    ours = [one for one in root.handlers if not type(one).__module__.startswith("_pytest")]
    monkeypatch.setattr(root, "handlers", ours)
    breaks = "\r\n\v\f\x1c\x85\u2028\u2029"
    moves = "\x00\x08\t\x1b[2J\x7f\x9b2J\u202e\u2066\ud800"
    log = structlog.get_logger("cms_bridge.anything")
    for text in (f"a{breaks}forged", f"a{moves}forged", f"{breaks}{moves}" * 10_000):
        log.info(text, value=text, inner={"list": [text], text: 1})
        logging.getLogger("uvicorn.error").warning("it failed: %s", text)
    said = written()
    assert len(said.splitlines()) == said.count("\n") == 6
    assert said.replace("\n", "").isprintable()
    assert max(map(len, said.splitlines())) <= telemetry.MAX_LINE + 100


@pytest.mark.parametrize("name", ["arq.worker", "uvicorn.error", "asyncio", "litestar", "botocore"])
def test_libraries_loggers(written: Callable[[], str], name: str) -> None:
    log = logging.getLogger(name)
    try:
        fail()
    except ValueError as error:
        log.exception("%6.2fs ! %s failed, %s: %s", 1.0, "job", type(error).__name__, error)  # noqa: TRY401 - as arq does
        log.exception("Exception in ASGI application\n")
        log.warning("it failed: %s", error)
        log.warning(f"it failed: {error}", exc_info=error)  # noqa: G004 - as others do
        log.warning(f"future: {error!r}\nsecond line {CANARY}", exc_info=error)  # noqa: G004
    clean(written())


@pytest.fixture
def set_up_before() -> logging.Logger:
    log = logging.getLogger("a.library.with.handlers")
    log.addHandler(logging.StreamHandler(io.StringIO()))
    log.propagate = False
    return log


def test_a_library_that_has_set_itself_up_before_speaks_in_this_form(
    set_up_before: logging.Logger, written: Callable[[], str]
) -> None:
    set_up_before.warning("it failed: %s", ValueError(f"cannot read {CANARY} under {SECRET}"))
    clean(written())
    assert not set_up_before.handlers


def test_libraries_tell_nothing_below_a_warning(written: Callable[[], str]) -> None:
    for name in ("httpx", "uvicorn.access", "arq.worker", "aiosqlite", "botocore.auth", "any.new"):
        logging.getLogger(name).info("%s", CANARY)
        logging.getLogger(name).debug("%s", CANARY)
    assert CANARY not in written()


def test_the_event_loops_own_words(written: Callable[[], str]) -> None:
    async def forgotten() -> None:
        fail()

    async def main() -> None:
        asyncio.get_running_loop().call_soon(fail, CANARY)
        task = asyncio.create_task(forgotten())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del task
        gc.collect()

    asyncio.run(main())
    said = written()
    clean(said)
    assert "Task exception was never retrieved" in said
    assert "Exception in callback fail" in said


def test_what_nobody_catches(written: Callable[[], str]) -> None:
    try:
        fail()
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    said = written()
    clean(said)
    assert "process.crashed" in said
    assert "thread.crashed" in said


def test_warnings_of_libraries(written: Callable[[], str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning(UserWarning(CANARY), UserWarning, "library.py", 3)
    assert CANARY not in written()
    assert "library.py:3" in written()


def test_a_line_that_cannot_be_written_says_only_that(written: Callable[[], str]) -> None:
    class Broken:
        def __str__(self) -> str:
            raise ValueError(CANARY)

    record = logging.makeLogRecord({"name": "any", "msg": "it failed: %s", "args": (Broken(),)})
    logging.getLogger().handlers[0].handle(record)
    said = written()
    clean(said)
    assert "log.failed" in said


def test_a_long_line_keeps_its_event_and_ids(written: Callable[[], str], form: str) -> None:
    log = structlog.get_logger("daemon.anything").bind(job_id=uuid4())
    log.warning("it.happened", **{f"field{number}": "x" * 499 for number in range(100)})
    said = written()
    assert len(said) < telemetry.MAX_LINE + 100
    assert "it.happened" in said
    if form == "json":
        assert json.loads(said)["left_out"] > telemetry.MAX_LINE
        assert json.loads(said)["job_id"]


@pytest.mark.parametrize(
    "text",
    [
        "authorization: Bearer s3cr3t",
        "{'Authorization': 'Bearer s3cr3t'}",
        "signed with whsec_s3cr3t",
        "postgresql://user:s3cr3t@host/name",
        "postgresql://user:a/b@s3cr3t@host:5432/name",
        "redis://:s3cr3t@host",
        "GET https://bucket.host/key?X-Amz-Credential=a&X-Amz-Signature=s3cr3t HTTP/1.1",
        "/objects/a/b.mp4?expires=1&signature=s3cr3t",
        '{"api_key": "s3cr3t"}',
        "password=s3cr3t",
        "REPLICATE_API_TOKEN=s3cr3t",
    ],
)
def test_what_looks_like_a_credential_is_hidden(text: str) -> None:
    assert "s3cr3t" not in Redactor().text(text)


def test_of_a_key_only_its_id_is_left() -> None:
    token = new_token()
    name, secret = token[:15], token[16:]
    for text in (token, f"key={token}", f'{{"said": "{token}"}}', f"/x/{token}?y", token[:40]):
        said = Redactor().text(text)
        assert secret[:8] not in said
        assert name in said or "=" in text


PIECES = st.sampled_from(
    [
        "a",
        "7",
        ":",
        ".",
        "-",
        "_",
        "token",
        "api_key",
        "whsec_",
        "rw_",
        "bearer",
        new_token(),
        SECRET,
    ]
)


@given(pieces=st.lists(PIECES, max_size=12))
def test_what_is_told_quickly_is_what_would_be_told_slowly(pieces: list[str]) -> None:
    text, redactor = "".join(pieces), Redactor([SECRET])
    with patch.object(redaction, "_PLAIN", re.compile("(?!)")):
        slowly = redactor.text(text)
    assert redactor.text(text) == slowly


def test_plain_words_are_left_alone() -> None:
    for text in ("attempt.finished", "The store is full.", "Payload answered 503", "a?b", "x = 1"):
        assert Redactor([SECRET]).text(text) == text


def test_long_texts_are_cut_and_say_by_how_much() -> None:
    assert Redactor().text("x" * 600) == "x" * 500 + "… (100 more)"
    assert len(Redactor([SECRET]).text(SECRET * 100_000)) < 600
    assert SECRET[:8] not in Redactor([SECRET]).text("x" * 480 + SECRET)


@pytest.mark.parametrize(
    "filler", ["?x=" + "y" * 2_400, f"{SECRET} " * 68, "Bearer " + "z" * 2_420]
)
def test_no_half_secret_is_left_where_hiding_made_room(filler: str) -> None:
    for shift in range(60):
        for secret in (SECRET, "://user:" + SECRET + "@"):
            said = Redactor([SECRET]).text(filler + "-" * shift + " " + secret + "z" * 3_000)
            assert SECRET[:5] not in said


@pytest.mark.parametrize(
    ("secret", "written_as"),
    [
        ("whsec/of+this=house", "whsec%2Fof%2Bthis%3Dhouse"),
        ("whsec/of+this=house", "whsec%2fof%2bthis%3dhouse"),
        ("whsec/of+this=house", "whsec/of%2Bthis%3Dhouse"),
        ("a phrase of words", "a%20phrase%20of%20words"),
        ("a phrase of words", "a+phrase+of+words"),
        ('quoted"and\\back', '{"a": "quoted\\"and\\\\back"}'),
        ("line\nfeed-and-more", repr("line\nfeed-and-more")),
        ("with-ümlauts-in-it", "with-%C3%BCmlauts-in-it"),
        ("with-ümlauts-in-it", json.dumps("with-ümlauts-in-it")),
    ],
)
def test_a_secret_is_known_in_the_forms_that_texts_give_it(secret: str, written_as: str) -> None:
    said = Redactor([secret]).text(f"before {written_as} after")
    assert "[hidden]" in said
    assert written_as.strip("{}\"' :a") not in said


def test_what_strangers_can_cause_is_told_so_often_a_second(
    written: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    seldom = telemetry.Seldom(per_second=3)
    for _ in range(10):
        seldom.tell("it.happened")
    assert written().count("it.happened") == 3
    now += 1
    seldom.tell("it.happened")
    seldom.tell("it.happened")
    assert written().count("it.happened") == 5
    assert written().count("untold") == 1


def test_values_become_plain_ones() -> None:
    redact = Redactor([SECRET]).value
    assert redact({"a": [1, None, True, 2.5, b"abc"]}) == {"a": [1, None, True, 2.5, "<3 bytes>"]}
    assert redact(object()) == "<builtins.object>"
    assert SECRET not in repr(redact({SECRET: {1: (SECRET, {SECRET})}}))
    deep: Any = SECRET
    for _ in range(50):
        deep = [deep]
    assert len(repr(redact([deep] * 1_000))) < 3_000
