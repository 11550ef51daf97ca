"""Everything the engine can refuse or fail at.

    RenderError
    ├── InvalidStoryboard        the words or numbers asked for cannot become a video
    │   ├── EmptyScript          neither script nor brief holds a word to say
    │   ├── LimitExceeded        a named limit is passed; carries name, limit and value
    │   ├── OwnFileMissing       a file of one's own is named that is not there, or no more
    │   ├── OwnFileReplaced      a file of one's own is another by now than was approved
    │   ├── OwnFileUnfit         a file of one's own is of another kind than its place asks for
    │   └── UnknownVoice         no provider has a voice by this name
    ├── GenerationError          a picture or a voice could not be made
    │   ├── RetryableGeneration  the same call may succeed later
    │   │   ├── RunningGeneration   it runs on at the provider; asking again fetches it
    │   │   └── UnusableAnswer   an answer came, and may have cost, that nothing can be made of
    │   ├── RefusedGeneration    the same call will fail again
    │   │   ├── UnsafeRequest    the provider will not make this, for safety's sake
    │   │   ├── AccessDenied     the provider does not take the key
    │   │   │   └── OutOfCredit  it takes the key, but the account has nothing to pay with
    │   │   ├── RetiredModel     the provider no longer has the model; names a successor
    │   │   └── InvalidModels    the models configured cannot work together; lists every fault
    │   └── OutcomeUnknown       the answer was lost: charged or not, nobody knows
    ├── MediaError               a file is missing, hostile, or not the media it claims to be
    │   └── ContainerError       a stranger's file, told from its structure alone
    │       ├── UnknownContainer    nothing that is read here
    │       ├── BrokenContainer     it ends too early, goes on too long, or does not fit together
    │       ├── OversizedMedium     it claims more pixels, seconds or parts than may be decoded
    │       └── OutwardReference    it refers to media outside of itself
    ├── CompositionError         composing stopped: encoder, disk, or a broken input
    │   ├── CompositionCancelled it was asked to stop
    │   ├── DiskFull             there is no room left for what is made
    │   └── OutputRefused        writing there would cost somebody a file
    ├── ValidationFailed         a finished file is not what the timeline promised
    └── EngineFault              the engine itself is at fault

Every error carries a `code`, stable and meant for programs and translations,
and `params`, the values its sentence speaks of. `str(error)` is one plain
English sentence that is safe to show to an editor.
"""

from decimal import Decimal
from typing import Self


class RenderError(Exception):
    """The base of every error the engine raises on purpose."""

    code: str = "render_failed"

    def __init__(self, message: str, **params: str | float) -> None:
        super().__init__(message)
        self.message = message
        self.params = params


class InvalidStoryboard(RenderError):
    """A storyboard, or the brief it would come from, that cannot be filmed."""

    code = "invalid_storyboard"


class EmptyScript(InvalidStoryboard):
    """Neither the script nor the brief holds a word to say."""

    code = "empty_script"


class UnknownVoice(InvalidStoryboard):
    """A voice that no provider has; the sentence names those that are called nearly so."""

    code = "voice_not_found"


class LimitExceeded(InvalidStoryboard):
    """A value past a named limit; the sentence names limit and value."""

    code = "limit_exceeded"

    def __init__(
        self, what: str, *, limit: float, value: float, unit: str, scene: str | None = None
    ) -> None:
        where = f"Scene {scene}: " if scene else ""
        subject = what if scene else what[:1].upper() + what[1:]
        super().__init__(
            f"{where}{subject} may be at most {limit:g} {unit}; this is {value:g}.",
            what=what,
            limit=limit,
            value=value,
            unit=unit,
            **({"scene": scene} if scene else {}),
        )


class OwnFileMissing(InvalidStoryboard):
    """A file of one's own that the project does not have, or has no more."""

    code = "own_file_missing"


class OwnFileReplaced(InvalidStoryboard):
    """A file of one's own that was replaced in the CMS after the storyboard was approved."""

    code = "own_file_replaced"


class OwnFileUnfit(InvalidStoryboard):
    """A file of one's own that cannot serve where it is named."""

    code = "own_file_unfit"


class GenerationError(RenderError):
    """A picture, a voice or a text that a provider could not make."""

    code = "generation_failed"

    cost: Decimal = Decimal(0)
    """US dollars charged for it all the same."""

    def charged(self, cost: Decimal) -> Self:
        """Return the same error with what it cost."""
        self.cost = cost
        return self


class RetryableGeneration(GenerationError):
    """A failure of the moment: the same call may succeed later."""

    code = "generation_unavailable"

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        **params: str | float,
    ) -> None:
        super().__init__(message, **params)
        self.retry_after = retry_after
        """Seconds the provider asked to be left alone for; None where it did not say."""


class RunningGeneration(RetryableGeneration):
    """Work begun and paid for that runs on at the provider: asking again fetches it."""

    code = "generation_running"


class UnusableAnswer(RetryableGeneration):
    """An answer, charged for as `cost` tells, that is not the picture, speech or text asked for."""

    code = "generation_unusable"


class RefusedGeneration(GenerationError):
    """A failure of the request: the same call will fail again."""

    code = "generation_refused"


class UnsafeRequest(RefusedGeneration):
    """Something that the provider will not make, for safety's sake."""

    code = "generation_unsafe"


class AccessDenied(RefusedGeneration):
    """A key that the provider does not take, or that may not do this."""

    code = "generation_access_denied"


class OutOfCredit(AccessDenied):
    """A key that is right, of an account that is out of credit or has no billing set up."""

    code = "generation_out_of_credit"


class RetiredModel(RefusedGeneration):
    """A model that its provider no longer has."""

    code = "model_retired"


class InvalidModels(RefusedGeneration):
    """Models configured so that they cannot work together; the sentence lists every fault."""

    code = "invalid_models"


class OutcomeUnknown(GenerationError):
    """A call whose answer was lost: it may have been charged, so only a person sends it again."""

    code = "generation_outcome_unknown"


class MediaError(RenderError):
    """A file that is missing, hostile, or not the media it claims to be."""

    code = "unreadable_media"


class ContainerError(MediaError):
    """The base of what is wrong with a stranger's file, before anything of it is decoded."""

    code = "media_refused"


class UnknownContainer(ContainerError):
    """A file that is no medium that is taken here, whatever its name says."""

    code = "media_unknown"


class BrokenContainer(ContainerError):
    """A file that ends too early, goes on after its end, or does not fit together."""

    code = "media_damaged"


class OversizedMedium(ContainerError):
    """A medium that claims more pixels, seconds or parts than may be decoded."""

    code = "media_too_large"


class OutwardReference(ContainerError):
    """A film that refers to media outside of itself."""

    code = "media_refers_outside"


class CompositionError(RenderError):
    """Composing stopped before the file was whole; nothing half-written is left."""

    code = "composition_failed"


class CompositionCancelled(CompositionError):
    """Composing was asked to stop, and did."""

    code = "cancelled"


class DiskFull(CompositionError):
    """A disk with no room left for what is made."""

    code = "disk_full"


class OutputRefused(CompositionError):
    """An output that would take the place of an input, of another one, or of no regular file."""

    code = "output_refused"


class ValidationFailed(RenderError):
    """A finished file that is not what its timeline promised."""

    code = "validation_failed"


class EngineFault(RenderError):
    """An exception that nobody expected: a fault of the engine's own, to be reported."""

    code = "engine_fault"
