"""A tether: the command line of a process that ends when the one that started it does.

The started shell leaves a watcher behind, which reads the pipe on its standard
input, and then becomes the command. However the starter ends, `kill -9`
included, the kernel closes the pipe and the watcher asks the command to stop.
(The usual `prctl(PR_SET_PDEATHSIG)` is Linux only, needs the unsafe
`preexec_fn`, and fires already when the starting *thread* ends.)
"""

from collections.abc import Sequence

# `exec` gives the command this shell's process id, the one that `$$` still names in the watcher.
_SCRIPT = """
exec 3<&0 </dev/null
( read -r _ <&3; kill -TERM $$ ) >/dev/null 2>&1 &
exec "$@" 3<&-
"""


def tethered(command: Sequence[str]) -> list[str]:
    """Return the command to start instead: with a pipe as standard input and a session of its own.

    The session's process group holds the watcher too: kill the group once the
    command has ended.
    """
    return ["/bin/sh", "-c", _SCRIPT, "tethered", *command]
