"""What is paid, may be paid, and was approved."""

from decimal import Decimal

from piccolo.columns import (
    JSON,
    UUID,
    BigInt,
    Boolean,
    ForeignKey,
    Integer,
    Numeric,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.columns.base import OnDelete
from piccolo.table import Table

from cms_bridge.tables.dollars import DOLLARS
from cms_bridge.tables.jobs import Job, Project


class Charge(Table):
    """One paid call: written before it is made, and ended when its price is known."""

    id = UUID(primary_key=True)
    job = ForeignKey(Job, on_delete=OnDelete.restrict, null=False, index=True)
    project = ForeignKey(Project, on_delete=OnDelete.restrict, null=False)
    scene_id = Varchar(length=64)
    """Empty for what is made for the whole video."""
    kind = Varchar(length=16)
    """One of `render.generation.base.Kind`."""
    attempt = Integer()
    """The claim on the job under which it was made or last taken up."""
    call = Integer()
    """Counts the calls of one request, over all models, from 1."""
    provider = Varchar(length=64)
    model = Varchar(length=128)
    request_digest = Varchar(length=64)
    provider_id = Varchar(length=128, null=True, default=None)
    """The provider's name for the work, by which it can be fetched again."""
    reserved = Numeric(DOLLARS, default=Decimal(0))
    settled = Numeric(DOLLARS, null=True, default=None)
    """What it really cost; None until that is known."""
    state = Varchar(length=16)
    """One of `cms_bridge.ledger.charges.ChargeState`."""
    useless = Boolean(default=False)
    """Paid for an answer that nothing could be made of."""
    presumed = Boolean(default=False)
    """Settled at what was reserved since nobody knows, as the project allows."""
    reason = Text()
    """One sentence on why it was released or is unknown."""
    answer = JSON(null=True, default=None)
    """What came of it (`cms_bridge.ledger.vault.Answer`), from its arrival on."""
    created_at = Timestamptz()
    updated_at = Timestamptz()


class Spend(Table):
    """What is held against one cap: everything reserved, settled and unknown within its scope.

    A sum kept beside the charges, so that one conditional statement can refuse
    what would pass the cap. Millionths of a dollar: integers add up exactly on
    both engines, where SQLite's NUMERIC is a float.
    """

    id = Varchar(length=320, primary_key=True)
    """Named by `cms_bridge.pricing.caps.Account`, so that no two scopes share a row."""
    held = BigInt()


class Approval(Table):
    """An editor's word that exactly this storyboard may be filmed at this price."""

    id = UUID(primary_key=True)
    job = ForeignKey(Job, on_delete=OnDelete.cascade, null=False)
    storyboard_digest = Varchar(length=64)
    estimated_cost = Numeric(DOLLARS, default=Decimal(0))
    """The price it names."""
    bound = Numeric(DOLLARS, default=Decimal(0))
    """What the job might then cost at most, what was spent on it before included."""
    by = Varchar(length=200)
    at = Timestamptz()
    voided_at = Timestamptz(null=True, default=None)
    """When an edit took it back."""
