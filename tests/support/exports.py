"""What `export --format json` would write."""

from typing import Any

from bot.actions import reports
from storage.stores import Stores


async def export(m: Stores, ref: str | None = None) -> dict[str, Any]:
    """Everything on record, as bot/bank/codebook.md describes; of one client with `ref`."""
    return {"format": reports.FORMAT, "clients": [one async for one in reports.export_clients(m, ref)]}
