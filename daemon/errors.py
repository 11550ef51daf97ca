"""Everything the daemon raises, in one tree, and errors out of task groups.

    DaemonError
    ├── TaskTimedOut        `work.attempts`: an attempt that was not done within the task time-out
    ├── NoEngineFree        `work.pools`: a job that is let go for whoever has room to encode it
    ├── SenderError         `client`: the bridge refused an event, or the work came to a bad end
    ├── UnusableAsset       `work.reuse`: an asset that is there by its record alone
    ├── _StoppedListening   `listener`: nobody listens any longer
    ├── HouseError          `local.installation`: something that this machine lacks
    ├── SettingsFileExists  `local.settings_file`: there is a file, which nothing overwrites
    ├── EmbeddedRedisError  `local.redis`: no Redis server could be found or started
    ├── ChildFailed         `local.supervisor`: a process that ended, or never became ready
    ├── EditorError         `local.editor`: Payload refused what the editor did
    ├── NotAlive            `local.alive`: a process that does not answer, or has fallen silent
    ├── NoGpu               `gpus`: no graphics card, or nothing that could tell of one
    ├── ObjectsError        `objects`: a store that is not cleared up, and why
    └── DemoFailed          `local.demo`: the video did not come about
    RenderError
    ├── EngineError         `work.engine`: an error that the engine reported, as it reported it
    ├── NoClipModel         `work.motion`: no model that makes clips is configured
    ├── PlaceholderStill    `work.motion`: what stands in for a picture is not set in motion
    ├── OwnFileUnavailable  `work.cms_files`: a file of the CMS that may come another time
    └── EngineDied          `work.engine`: the engine ended without a word; it may be tried again

The lower ones are the engine's own, which a job shows to its editor.
"""

from typing import cast


class DaemonError(Exception):
    """The base of everything that the daemon raises by itself."""


def first_error(error: Exception) -> Exception:
    """Return the first error inside nested groups: the one the other tasks were cancelled for."""
    while isinstance(error, ExceptionGroup):
        error = cast("Exception", error.exceptions[0])
    return error
