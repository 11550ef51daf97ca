"""What counts as lost within a project's budget counts beside what was approved, and not within."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from cms_bridge.tables import Job

ID = "2026-11-30T00:50:00:000050"
VERSION = "1.38.0"
DESCRIPTION = "Lost calls beside what was approved"

_MICROS = (
    "(SELECT SUM(CAST(ROUND(charge.settled * 1000000) AS BIGINT)) FROM charge"
    " WHERE charge.presumed AND charge.kind {which} 'storyboard'"
    " AND spend.id = '{scope}:' || CAST(charge.job AS VARCHAR(36)))"
)
_CHANGE = "UPDATE spend SET held = held {sign} {micros} WHERE {micros} IS NOT NULL"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="reelwright", description=DESCRIPTION)

    async def count(sign: str) -> None:
        for scope, which in (("approval", "<>"), ("draft", "=")):
            micros = _MICROS.format(scope=scope, which=which)
            await Job.raw(_CHANGE.format(sign=sign, micros=micros))

    async def beside() -> None:
        await count("-")

    async def within() -> None:
        await count("+")

    manager.add_raw(beside)
    manager.add_raw_backwards(within)
    return manager
