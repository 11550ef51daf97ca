"""Refusals about jobs, their storyboards and films, and what is made for them."""

from http import HTTPStatus
from typing import ClassVar

from cms_bridge.errors.base import BridgeError, Refusal
from cms_bridge.states import Status


class JobNotFound(Refusal):
    """No job by this name that the caller may see."""

    status = HTTPStatus.NOT_FOUND
    code = "job_not_found"


class StoryboardNotReady(Refusal):
    """What needs a storyboard, asked of a job that has none yet."""

    status = HTTPStatus.CONFLICT
    code = "storyboard_not_ready"


class NoFreeVoice(Refusal):
    """A reading in a language that no voice speaks which costs nothing."""

    status = HTTPStatus.CONFLICT
    code = "no_free_voice"


class StoryboardOutdated(Refusal):
    """An edit that was thought out for another storyboard than the job has now."""

    status = HTTPStatus.CONFLICT
    code = "storyboard_outdated"


class ExportNotFound(Refusal):
    """No export by this name of the video."""

    status = HTTPStatus.NOT_FOUND
    code = "export_not_found"


class ProjectNotFound(Refusal):
    """No project by this name has submitted anything."""

    status = HTTPStatus.NOT_FOUND
    code = "project_not_found"


class MediumNotFound(Refusal):
    """No picture, clip or sound by this name that the caller may see."""

    status = HTTPStatus.NOT_FOUND
    code = "medium_not_found"


class MediumNotReady(Refusal):
    """The bytes of a medium that is not made yet, or never was."""

    status = HTTPStatus.CONFLICT
    code = "medium_not_ready"


class VideoNotFound(Refusal):
    """No video by this name that the caller may see."""

    status = HTTPStatus.NOT_FOUND
    code = "video_not_found"


class VideoNotReady(Refusal):
    """The files of a video that is not finished yet."""

    status = HTTPStatus.CONFLICT
    code = "video_not_ready"


class RenditionNotFound(Refusal):
    """No rendition by this name of the video."""

    status = HTTPStatus.NOT_FOUND
    code = "rendition_not_found"


class RenditionRetired(Refusal):
    """A rendition that is no longer kept, since a newer one stands in its place."""

    status = HTTPStatus.GONE
    code = "rendition_retired"

    def __init__(self) -> None:
        super().__init__("This rendition is no longer kept: a newer one stands in its place.")


class RenditionFileNotFound(Refusal):
    """A file that this rendition does not have, or has no longer."""

    status = HTTPStatus.NOT_FOUND
    code = "rendition_file_not_found"


class IllegalMove(Refusal):
    """A job was asked to go where its status does not lead."""

    status = HTTPStatus.CONFLICT
    code = "illegal_move"

    def __init__(self, origin: Status, target: Status) -> None:
        super().__init__(
            f"A job that is {origin} cannot become {target}.", **{"from": origin, "to": target}
        )


class Superseded(Refusal):
    """Work on a submission of a video of which there is a newer one."""

    status = HTTPStatus.CONFLICT
    code = "superseded"
    said: ClassVar[str] = "This video was submitted anew: the newer submission stands in its place."

    def __init__(self) -> None:
        super().__init__(self.said)


class NotApproved(Refusal):
    """A render of a storyboard that nobody has approved, or that was edited since."""

    status = HTTPStatus.FORBIDDEN
    code = "not_approved"


class ApprovalConflict(Refusal):
    """An approval of another storyboard, or of another price, than the job has now."""

    status = HTTPStatus.CONFLICT
    code = "approval_conflict"


class PriceChanged(ApprovalConflict):
    """An approval in the CMS at a price that is no longer true."""

    code = "price_changed"


class LeaseLost(BridgeError):
    """A worker's claim that has passed to another, or ended by cancellation."""
