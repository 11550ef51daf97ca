import subprocess
import sys

MEDIA = ("PIL", "av", "cv2", "espeakng_loader", "fontTools", "numpy", "pynvml", "typst")


def loaded_after(statement: str) -> set[str]:
    """Return the top-level modules that a clean interpreter has loaded after a statement."""
    printed = subprocess.run(
        [
            sys.executable,
            "-c",
            f"{statement}\nimport sys\nprint(*{{m.split('.')[0] for m in sys.modules}})",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return set(printed.split())


def test_the_bridge_starts_without_any_media_library() -> None:
    loaded = loaded_after("from cms_bridge.app import create_app")
    assert "litestar" in loaded
    assert not loaded & set(MEDIA)


def test_the_engines_vocabulary_is_light() -> None:
    loaded = loaded_after(
        "import render.storyboard, render.drafting.offline, render.errors, render.report"
    )
    assert not loaded & {*MEDIA, "litestar", "piccolo", "redis"}


def test_the_daemon_does_load_media() -> None:
    # Guards the two tests above against a probe that sees nothing.
    assert {"av", "numpy"} <= loaded_after("import render.compose")
