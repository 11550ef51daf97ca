"""Writes deploy/grafana.

python -m tools.dashboards
"""

from pathlib import Path

from tools.dashboards import BOARDS, build

OUT = Path(__file__).parents[2] / "deploy" / "grafana"


def main() -> None:
    """Write each dashboard."""
    OUT.mkdir(parents=True, exist_ok=True)
    for board in BOARDS:
        (OUT / f"{board.name}.json").write_text(build(board), encoding="utf-8")


if __name__ == "__main__":
    main()
