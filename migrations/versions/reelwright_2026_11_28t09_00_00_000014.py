"""Rows of the caps that no two scopes share, and a row for what was approved on each job."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cms_bridge.tables import Job
from migrations import aside

ID = "2026-11-28T09:00:00:000014"
VERSION = "1.38.0"
DESCRIPTION = "A cap for every approval"

# Whole micro-dollars of what counts: what it cost once that is known, until then what was set aside.
_COUNTS = (
    "SUM(CAST(ROUND(CASE charge.state WHEN 'settled' THEN COALESCE(charge.settled, 0)"
    " WHEN 'released' THEN 0 ELSE charge.reserved END * 1000000) AS BIGINT))"
)
_JOB = "CAST(job.id AS VARCHAR(36))"
_SUMS = (
    "INSERT INTO spend (id, held) SELECT {name}, {counts}"
    " FROM charge JOIN job ON charge.job = job.id {where} GROUP BY 1"
)
# The project's length says where its name ends, whatever characters it holds.
_NEW_VIDEO = (
    "'video:' || CAST(LENGTH(job.project) AS VARCHAR(8)) || ':' || job.project"
    " || '/' || job.video_id"
)
_OLD_VIDEO = "'video:' || job.project || '/' || job.video_id"

_BOUND = ("bound",)
_USELESS = ("useless",)
_PAID = "charge.state = 'settled'"
_APPROVED = (
    "approved_cost",
    "storyboard_past",
    "storyboard_digest",
    "approved",
    "approved_digest",
    "approved_by",
    "approved_at",
)
# What was approved, or edited, in the meantime, was so without any of this.
_THE_SAME = (
    "job.storyboard_digest = aside_14_job.storyboard_digest"
    " AND job.approved = aside_14_job.approved"
    " AND job.approved_digest = aside_14_job.approved_digest"
    " AND job.approved_by = aside_14_job.approved_by"
    " AND COALESCE(CAST(job.approved_at AS VARCHAR(64)), '')"
    " = COALESCE(CAST(aside_14_job.approved_at AS VARCHAR(64)), '')"
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    async def tell_apart() -> None:
        await _sum_anew(_NEW_VIDEO)
        for prefix, drafted in (("approval", "<>"), ("draft", "=")):
            await Job.raw(
                _SUMS.format(
                    name=f"'{prefix}:' || {_JOB}",
                    counts=_COUNTS,
                    where=f"WHERE charge.kind {drafted} 'storyboard'",
                )
            )
        # What was approved before is held to the price that was approved.
        await Job.raw("UPDATE approval SET bound = estimated_cost")
        await Job.raw("UPDATE job SET approved_cost = estimated_cost WHERE approved = {}", True)
        await aside.bring_back("aside_14_approval", "approval", _BOUND)
        await aside.bring_back("aside_14_charge", "charge", _USELESS, given=_PAID)
        await aside.bring_back("aside_14_job", "job", _APPROVED, given=_THE_SAME)

    async def put_together() -> None:
        await aside.put("aside_14_approval", "approval", _BOUND)
        await aside.put("aside_14_charge", "charge", _USELESS)
        await aside.put("aside_14_job", "job", _APPROVED)
        await Job.raw("DELETE FROM spend WHERE id LIKE 'approval:%' OR id LIKE 'draft:%'")
        await _sum_anew(_OLD_VIDEO)

    manager.add_raw(tell_apart)
    manager.add_raw_backwards(put_together)
    return manager


async def _sum_anew(name: str) -> None:
    await Job.raw("DELETE FROM spend WHERE id LIKE 'video:%'")
    await Job.raw(_SUMS.format(name=name, counts=_COUNTS, where=""))
