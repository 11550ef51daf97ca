"""Structured logs: one JSON object a line, with the ids of what is being worked on.

Every line goes through one formatter, whoever writes it: no local variable, no
text of an unforeseen error (`render.tracebacks`), no secret and nothing of
great length (`cms_bridge.redaction`) gets past it. Libraries are heard from
warnings on: below that they tell what they send and receive.
"""

import logging
import sys
import threading
import time
import warnings
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Literal, cast

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from cms_bridge.redaction import Redactor
from render import tracebacks

MAX_LINE = 16 * 1024
"""Characters; a longer line keeps its event and ids, and says what it lost."""

_OWN = ("__main__", "cms_bridge", "daemon", "render")
_KEPT = ("timestamp", "level", "logger", "event", "job_id", "project_id", "attempt", "phase")
_SHORTEST_TEXT = 3

_processors: list[Processor] = []

log = structlog.get_logger("cms_bridge.telemetry")


def configure_logging(
    *, form: Literal["json", "console"], level: str, secrets: Iterable[str] = ()
) -> None:
    """Send structlog's and the standard library's records to stderr in one form.

    So do errors that nobody caught, which would be printed as they are.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    # In place: a logger that has spoken keeps the very list it had, also in a second set-up.
    _processors[:] = [*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter]
    structlog.configure(
        processors=_processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = _Handler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name, _foreign_text],
            pass_foreign_args=True,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _exception_as_text if form == "console" else _exception,
                _redacting(Redactor(secrets)),
                _console if form == "console" else _json,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(logging.WARNING, number))
    for logger in list(root.manager.loggerDict.values()):
        # A library that has set itself up before would print past this form and its redaction.
        if isinstance(logger, logging.Logger):
            logger.handlers, logger.propagate, logger.disabled = [], True, False
    for own in _OWN:
        logging.getLogger(own).setLevel(number)
    # Starting and stopping are worth a line; requests are logged by whoever answers them.
    logging.getLogger("uvicorn.error").setLevel(max(logging.INFO, number))
    _catch_the_rest()


class Seldom:
    """A line that strangers can cause: told so often a second at most, and how often it was not."""

    def __init__(self, *, per_second: int = 20) -> None:
        """Take how many lines a second there may be."""
        self._most = per_second
        self._since = 0.0
        self._told = 0
        self._untold = 0

    def tell(self, event: str, *, level: int = logging.INFO, **fields: object) -> None:
        """Tell, or count."""
        if (now := time.monotonic()) - self._since >= 1:
            self._since, self._told = now, 0
        if self._told >= self._most:
            self._untold += 1
            return
        self._told += 1
        untold, self._untold = self._untold, 0
        log.log(level, event, **fields, **({"untold": untold} if untold else {}))


class _Handler(logging.StreamHandler[Any]):
    """Writes lines, and when one cannot be written says only that."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        # logging's own would print the record, arguments and all.
        error = sys.exc_info()[1]
        said = tracebacks.summary(error) if error else ""
        self.stream.write(f'{{"event": "log.failed", "logger": "{record.name}"}} {said}\n')


def _foreign_text(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Take errors' own texts out of a library's message, and all but its first line."""
    said = str(event["event"])
    arguments = event.pop("positional_args", None)
    values = cast("tuple[object, ...]", arguments if isinstance(arguments, tuple) else ())
    errors = [value for value in values if isinstance(value, BaseException)]
    if raised := _raised(event.get("exc_info")):
        errors.append(raised)
    for error in errors:
        for text in (repr(error), str(error)):
            if len(text) >= _SHORTEST_TEXT:
                said = said.replace(text, tracebacks.summary(error))
    said = said.strip().partition("\n")[0]
    if event.get("logger") == "asyncio" and raised:
        # "Exception in callback name(arguments)": what it was called with is data.
        said = said.partition("(")[0]
    event["event"] = said
    return event


def _raised(given: object) -> BaseException | None:
    """Return the error behind any form of `exc_info`."""
    if isinstance(given, tuple):
        given = cast("tuple[object, ...]", given)[1]
    if isinstance(given, BaseException):
        return given
    return sys.exc_info()[1] if given else None


def _exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if error := _raised(event.pop("exc_info", None)):
        event["exception"] = tracebacks.describe(error)
    return event


def _exception_as_text(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if error := _raised(event.pop("exc_info", None)):
        event["exception"] = tracebacks.lines(error).splitlines()
    return event


def _redacting(redactor: Redactor) -> Processor:
    def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {redactor.text(name): redactor.value(value) for name, value in event.items()}

    return redact


def _json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    line = msgspec.json.encode(event).decode()
    if len(line) <= MAX_LINE:
        return line
    kept = {name: event[name] for name in _KEPT if name in event}
    return msgspec.json.encode({**kept, "left_out": len(line)}).decode()


_render = structlog.dev.ConsoleRenderer(
    colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
)


def _console(logger: WrappedLogger, method: str, event: EventDict) -> str:
    exception = event.pop("exception", None)
    line = _render(logger, method, event)
    if exception:
        line = "\n".join([line, *exception])
    return line if len(line) <= MAX_LINE else f"{line[:MAX_LINE]}… ({len(line) - MAX_LINE} more)"


def _catch_the_rest() -> None:
    """Log what no code caught: Python would print it with its text."""

    def crashed(
        _kind: type[BaseException], error: BaseException, _at: TracebackType | None
    ) -> None:
        if not isinstance(error, KeyboardInterrupt):
            log.critical("process.crashed", exc_info=error)

    def thread_crashed(args: threading.ExceptHookArgs) -> None:
        if args.exc_value:
            log.critical("thread.crashed", exc_info=args.exc_value)

    def unraisable(args: "sys.UnraisableHookArgs") -> None:
        log.error("python.unraisable_error", exc_info=args.exc_value)

    def warned(
        _message: Warning | str, category: type[Warning], file: str, line: int, *_: object
    ) -> None:
        # Piccolo, for one, warns with the text of what the database said.
        log.warning("python.warning", category=category.__name__, at=f"{file}:{line}")

    warnings.showwarning = warned
    sys.excepthook = crashed
    threading.excepthook = thread_crashed
    sys.unraisablehook = unraisable
