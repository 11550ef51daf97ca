"""When words are said, told to the engine before it would have to find out."""

from pathlib import Path

from cms_bridge.assets import AssetRecord
from render.cache import Cache
from render.errors import CompositionError
from render.generation.kept_times import KeptTimes
from render.generation.reading import WordTimes
from render.measures import SpeechMeasures
from render.storyboard import Storyboard, clean_text


def keep_words(storyboard: Storyboard, records: tuple[AssetRecord, ...], cache: Path) -> None:
    """Tell the engine when words are said, as far as it was heard when a narration was made."""
    try:
        kept = KeptTimes(Cache(cache))
    except CompositionError:
        return  # a folder that cannot be written to is the engine's to tell
    scenes = {scene.id: scene for scene in storyboard.scenes}
    for record in records:
        measures = record.medium.metadata.measures
        if isinstance(measures, SpeechMeasures) and measures.words:
            kept.keep(
                WordTimes(words=measures.words, missing=(), repeated=()),
                sha256=Path(record.medium.key).stem,
                text=clean_text(storyboard.spoken(scenes[record.scene_id])),
                locale=storyboard.locale,
                speed=storyboard.speed_of(scenes[record.scene_id]),
            )
