"""`/api/v1/voices`: who can speak, in which languages, and how each sounds."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

import msgspec
import structlog
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, QueryParameter, SkipValidation

from cms_bridge import voices
from cms_bridge.access.callers import Action, Caller
from cms_bridge.access.keys import Whose, needs
from cms_bridge.api.contract import UNFILMABLE, terms
from cms_bridge.api.resources import resource
from cms_bridge.assets import AssetRecord
from cms_bridge.errors import ApprovalConflict, ProjectNotFound
from cms_bridge.fields import ONE_LINE, Dollars, Id, Person
from cms_bridge.jobs import media
from cms_bridge.jobs.media import Order
from cms_bridge.pricing.amounts import rounded
from cms_bridge.pricing.estimates import Prices, narration_price
from cms_bridge.settings import BridgeSettings
from cms_bridge.states import JobKind
from cms_bridge.storage.base import ObjectStore
from render.generation.base import SpeechRequest
from render.generation.voices import Gender, Voice
from render.schema import END
from render.storyboard import Locale

log = structlog.get_logger()

_FULL_PAGE = 100
_LONGEST_ID = 200

VoiceId = Annotated[str, msgspec.Meta(min_length=1, max_length=_LONGEST_ID, pattern=ONE_LINE)]
"""A voice's `id`."""


class CataloguedVoice(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A voice that a brief may ask for."""

    id: str
    """What a brief's `voice` names it by: its provider's name and its own."""
    name: str
    """As its provider calls it."""
    provider: str
    languages: list[str]
    """Language tags in lower case; empty for one that speaks whatever its text is written in."""
    gender: Gender | None
    """Null where the provider does not say."""
    description: str
    """A word or two of the provider's, in English; empty for none."""
    sample_url: str | None
    """Where it can be heard, for as long as `expiresIn` says; null until somebody has had a
    sample made (`POST /api/v1/voices/samples`)."""
    sample_price: Decimal
    """US dollars that a sample costs at most; nothing for one that there is, and for voices that
    cost nothing."""


class CataloguedVoices(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of the voices that the daemons have, by id."""

    voices: list[CataloguedVoice]
    next_cursor: str | None
    """The `cursor` of the next page; null on the last one."""
    expires_in: int
    """Seconds for which the links to samples are good."""


class SampleRequest(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A voice that somebody wants to hear."""

    project_id: Id
    """Whose caps it counts against."""
    voice: VoiceId
    language: Locale | None = None
    """What it is to speak; null for the first of its languages, or English."""
    up_to: Dollars = "0"
    """US dollars that it may cost at most: nothing is bought that is not named here."""
    by: Person = ""
    """Who asks: an e-mail address or a name."""


class VoiceSample(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A sample of a voice, or the job that makes it."""

    voice: str
    language: str
    url: str | None
    """Where it can be heard; null while it is made."""
    asset_id: UUID | None
    """What `GET /api/v1/media/assets/{id}` follows it by; null where there was one already."""


_EXAMPLE = CataloguedVoices(
    voices=[
        CataloguedVoice(
            id="gemini:Kore",
            name="Kore",
            provider="gemini",
            languages=[],
            gender=Gender.FEMALE,
            description="firm",
            sample_url=None,
            sample_price=Decimal("0.001200"),
        ),
        CataloguedVoice(
            id="piper:en_US-joe-medium",
            name="en_US-joe-medium",
            provider="piper",
            languages=["en-us"],
            gender=None,
            description="",
            sample_url="https://bridge.example/objects/…/….wav?expires=1795860750&signature=…",
            sample_price=Decimal("0.000000"),
        ),
    ],
    next_cursor=None,
    expires_in=3600,
)
_WANTED = SampleRequest(
    project_id="bakery", voice="gemini:Kore", language="de", up_to="0.01", by="ann@example.com"
)


@get(
    "/",
    opt=needs(Action.READ, whose=Whose.NOBODYS),
    summary="The voices that can be asked for",
    responses={
        HTTPStatus.OK: ResponseSpec(
            CataloguedVoices,
            generate_examples=False,
            description="A page of them, by id",
            examples=[Example(summary="One that is paid, and one that is not", value=_EXAMPLE)],
        )
    },
)
async def list_voices(  # noqa: PLR0913 - what a route is given
    *,
    store: NamedDependency[SkipValidation[ObjectStore]],
    settings: NamedDependency[BridgeSettings],
    prices: NamedDependency[SkipValidation[Prices]],
    language: Annotated[
        str | None,
        QueryParameter(
            max_length=35,
            pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*" + END,
            description="Only those that speak it, such as `de` or `pt-BR`.",
        ),
    ] = None,
    provider: Annotated[
        str | None,
        QueryParameter(max_length=64, pattern=ONE_LINE, description="Only its voices."),
    ] = None,
    cursor: Annotated[
        str | None,
        QueryParameter(
            max_length=_LONGEST_ID, pattern=ONE_LINE, description="Only those behind this id."
        ),
    ] = None,
    limit: Annotated[
        int, QueryParameter(ge=1, le=_FULL_PAGE, description="How many at most")
    ] = _FULL_PAGE,
) -> CataloguedVoices:
    """Return the voices of all daemons: in which languages, and how each sounds.

    Samples are in the language that is asked for, else in each voice's own.
    """
    found = await voices.listed(
        language=language or "", provider=provider or "", after=cursor or "", limit=limit + 1
    )
    page = found[:limit]
    requests = {voice.id: voices.sample_request(voice, language or "") for voice in page}
    there = await voices.samples(requests)
    return CataloguedVoices(
        voices=[
            await _view(voice, requests, there, store=store, settings=settings, prices=prices)
            for voice in page
        ],
        next_cursor=page[-1].id if len(found) > limit else None,
        expires_in=settings.link_seconds,
    )


@post(
    "/samples",
    status_code=HTTPStatus.ACCEPTED,
    opt=terms(ProjectNotFound, ApprovalConflict, *UNFILMABLE)
    | needs(Action.SPEND, whose=Whose.REQUEST),
    summary="Have a sample of a voice made",
    responses={
        HTTPStatus.ACCEPTED: ResponseSpec(
            VoiceSample, generate_examples=False, description="It is being made"
        ),
        HTTPStatus.OK: ResponseSpec(
            VoiceSample, generate_examples=False, description="There is one"
        ),
    },
)
async def make_sample(
    *,
    data: Annotated[
        SampleRequest, BodyKwarg(examples=[Example(summary="A paid voice", value=_WANTED)])
    ],
    caller: NamedDependency[SkipValidation[Caller]],
    store: NamedDependency[SkipValidation[ObjectStore]],
    settings: NamedDependency[BridgeSettings],
    prices: NamedDependency[SkipValidation[Prices]],
) -> Response[VoiceSample]:
    """Order a sample and answer 202; 200 with the one that there is, whoever had it made.

    It is made once, and kept. 409 if it may cost more than is named, 422 for a voice that there
    is not.
    """
    caller.check_project(data.project_id)
    voice = await voices.find(data.voice)
    request = voices.sample_request(voice, data.language or "")
    kept = (await voices.samples({voice.id: request})).get(voice.id)
    if kept:
        return _sample(voice, request, url=await _link(kept, store, settings))
    medium, missing = await media.order(
        Order(
            project=data.project_id,
            kind=JobKind.SPEECH,
            prompt=request.text,
            voice=voice.id,
            locale=request.locale,
            up_to=Decimal(data.up_to),
            by=data.by or caller.key,
        ),
        key=None,
        limits=settings.limits,
        prices=prices,
    )
    log.info("voice.sample_ordered", job_id=str(medium), voice=voice.id, ready=not missing)
    return _sample(voice, request, asset=medium)


def _sample(
    voice: Voice, request: SpeechRequest, *, url: str | None = None, asset: UUID | None = None
) -> Response[VoiceSample]:
    return Response(
        VoiceSample(voice=voice.id, language=request.locale, url=url, asset_id=asset),
        status_code=HTTPStatus.OK if url else HTTPStatus.ACCEPTED,
        headers={"Cache-Control": "private, no-store"}
        | ({"Location": f"/api/v1/media/assets/{asset}"} if asset else {}),
    )


async def _view(  # noqa: PLR0913 - what there is, and what it is told with
    voice: Voice,
    requests: Mapping[str, SpeechRequest],
    there: Mapping[str, AssetRecord],
    *,
    store: ObjectStore,
    settings: BridgeSettings,
    prices: Prices,
) -> CataloguedVoice:
    kept = there.get(voice.id)
    asked = prices.spoken(requests[voice.id])
    price = Decimal(0) if kept else narration_price(asked, prices.narration)
    return CataloguedVoice(
        id=voice.id,
        name=voice.name,
        provider=voice.provider,
        languages=list(voice.languages),
        gender=voice.gender,
        description=voice.description,
        sample_url=await _link(kept, store, settings) if kept else None,
        sample_price=rounded(price),
    )


async def _link(kept: AssetRecord, store: ObjectStore, settings: BridgeSettings) -> str:
    lasts = timedelta(seconds=settings.link_seconds)
    return await store.signed_url(kept.medium.key, expires_in=lasts)


routers = resource("/api/v1/voices", [list_voices, make_sample], tag="voices")
