"""What an older schema cannot say, kept aside while it rules and brought back after it.

A migration back drops columns and tables. What stood in them would be forgotten
on the way back and taken for something else on the way forward: a queued picture
for a video, a damaged asset for a sound one, an approval at one price for an
approval at another. So a migration's way back copies it to a table of its own,
and its way forward returns it to the rows that are still there.
"""

from cms_bridge.tables import Job

TABLES = (
    "aside_4_charge",
    "aside_4_spend",
    "aside_4_approval",
    "aside_4_project",
    "aside_4_job",
    "aside_8_charge",
    "aside_10_job",
    "aside_10_outbox_message",
    "aside_12_asset",
    "aside_12_unusable",
    "aside_14_job",
    "aside_14_charge",
    "aside_14_approval",
    "aside_18_job",
    "aside_18_mixed",
    "aside_23_generated_video",
    "aside_23_others",
    "aside_23_job",
    "aside_23_outbox_message",
    "aside_27_webhook_subscription",
    "aside_27_webhook_event",
    "aside_27_webhook_delivery",
    "aside_27_webhook_attempt",
    "aside_21_rendition_file",
    "aside_29_uploaded_asset",
    "aside_35_job",
    "aside_42_lexicon",
    "aside_35_outbox_message",
    "aside_35_generated_video",
    "aside_35_rendition_file",
    "aside_43_job",
    "aside_43_outbox_message",
    "aside_43_charge",
    "aside_43_asset",
    "aside_46_job",
    "aside_46_outbox_message",
    "aside_47_generated_video",
    "aside_47_retired",
    "aside_48_charge",
    "aside_48_project",
    "aside_48_spend",
    "aside_53_fetched_file",
)

_COPY = "CREATE TABLE {} {} AS SELECT {} FROM {} WHERE {}"
_RETURN = "UPDATE {0} SET {1} FROM {2} WHERE {0}.id = {2}.id AND {3}"
_INSERT = "INSERT INTO {0} SELECT * FROM {1} WHERE id NOT IN (SELECT id FROM {0}) AND {2}"


async def put(
    name: str, table: str, columns: tuple[str, ...] = (), *, where: str = "1 = 1"
) -> None:
    """Copy columns of a table's rows, or whole rows."""
    assert name in TABLES  # noqa: S101 - else nobody would ever drop it
    await Job.raw(_COPY.format("", name, _listed(columns), table, where))


async def bring_back(
    name: str, table: str, columns: tuple[str, ...], *, given: str = "1 = 1"
) -> None:
    """Return columns to the rows that are still there, given that they may have them."""
    await _there(name, table, columns)
    values = ", ".join(f"{column} = {name}.{column}" for column in columns)
    await Job.raw(_RETURN.format(table, values, name, given))
    await Job.raw(f"DROP TABLE {name}")


async def put_back(name: str, table: str, *, given: str = "1 = 1") -> None:
    """Return whole rows that are not there; the table's columns must be those that it had."""
    await _there(name, table, ())
    await Job.raw(_INSERT.format(table, name, given))
    await Job.raw(f"DROP TABLE {name}")


async def forget() -> None:
    """Drop everything: the tables that it would return to are gone."""
    for name in TABLES:
        await Job.raw(f"DROP TABLE IF EXISTS {name}")


async def _there(name: str, table: str, columns: tuple[str, ...]) -> None:
    # The first time forward there is none: nobody has been back yet.
    await Job.raw(_COPY.format("IF NOT EXISTS", name, _listed(columns), table, "1 = 0"))


def _listed(columns: tuple[str, ...]) -> str:
    return ", ".join(("id", *columns)) if columns else "*"
