"""Axe over a page: what somebody who sees, hears or points otherwise would stumble over."""

from typing import Any

from playwright.sync_api import Page

from daemon.local.installation import PLUGIN

_AXE = PLUGIN / "node_modules" / "axe-core" / "axe.min.js"
_OURS = '[class^="rw-"], [class*=" rw-"]'
"""Whatever the plugin draws; the rest of the page is Payload's."""
_GRAVE = ("critical", "serious")

_RUN = """async (ours) => {
    // What is still fading in has colours of the moment; what is paused never ends.
    const fading = document.getAnimations()
        .filter(each => each.effect?.getComputedTiming().iterations !== Infinity)
        .map(each => each.finished.catch(() => {}))
    const longest = new Promise(resolve => setTimeout(resolve, 3_000))
    await Promise.race([Promise.all(fading), longest])
    const found = await axe.run({ include: [ours] }, { resultTypes: ['violations'] })
    return found.violations
}"""


def grave_findings(page: Page, ours: str = _OURS) -> list[str]:
    """Return each serious or critical finding of axe in what is ours, with where it is."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_AXE.read_text())
    violations: list[dict[str, Any]] = page.evaluate(_RUN, ours)
    return [
        f"{violation['id']} ({violation['impact']}): {node['target']} {node['failureSummary']}"
        for violation in violations
        if violation["impact"] in _GRAVE
        for node in violation["nodes"]
    ]


def overflowing(page: Page) -> list[str]:
    """Return what of ours reaches beyond the window's sides."""
    return page.evaluate(
        """ours => [...document.querySelectorAll(ours)]
            .filter(element => element.checkVisibility())
            .filter(element => {
                const { left, right, width } = element.getBoundingClientRect()
                return width > 1 && (left < -1 || right > document.documentElement.clientWidth + 1)
            })
            .map(element => `${element.tagName} .${element.className}`)""",
        _OURS,
    )
