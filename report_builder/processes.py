"""A process of our own: started on a piece of the program, spoken to in pickles over its input and output, ended.

When the end that started it goes, so does the process: nobody waits for its answers any more.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO, NoReturn

Process = subprocess.Popen[bytes]

_APART = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
"""What a new session is elsewhere, Windows calls so."""
_FOUND = "import sys; sys.path[:0] = [] if sys.argv[1] in sys.path else [sys.argv[1]]\n"


def launched(program: str) -> Process:
    """A process out of reach of the terminal's Ctrl-C that runs ``program``, whose modules are those that run here.

    Raises:
        OSError: the system starts none.
    """
    words = [sys.executable, "-P", "-c", _FOUND + program, str(Path(__file__).parents[1])]
    return subprocess.Popen(  # noqa: S603 - our own program
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, creationflags=_APART
    )


def told(process: Process, said: object) -> bool:
    """Whether the process took what was said."""
    if process.stdin is None:
        raise AssertionError
    try:
        pickle.dump(said, process.stdin, pickle.HIGHEST_PROTOCOL)
        process.stdin.flush()
    except (OSError, ValueError, TypeError, AttributeError, pickle.PicklingError):
        return False
    return True


def heard(process: Process) -> object:
    """The process's answer; None where it has died, or something else speaks in its place."""
    if process.stdout is None:
        raise AssertionError
    try:
        return pickle.load(process.stdout)  # noqa: S301 - from our own process
    except Exception:  # noqa: BLE001 - bytes that are no pickle may raise anything
        return None


def ended(process: Process) -> None:
    """Kills the process, whatever it is doing; it holds nothing that could be lost."""
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


class Asked:
    """The process's own end: what it is asked, and its answers."""

    def __init__(self) -> None:
        """Whatever a library prints from now on goes to the terminal: it must not run into the answers."""
        self._answers = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        self._given: SimpleQueue[Any] = SimpleQueue()
        threading.Thread(target=_listen, args=(sys.stdin.buffer, self._given), daemon=True).start()

    def next(self) -> Any:  # noqa: ANN401 - whatever the other end says
        """What is asked next."""
        return self._given.get()

    def answer(self, said: object) -> None:
        """Says it to the other end."""
        pickle.dump(said, self._answers, pickle.HIGHEST_PROTOCOL)
        self._answers.flush()

    def leave(self) -> NoReturn:
        """Ends the process at once."""
        os._exit(0)


def _listen(stream: BinaryIO, given: SimpleQueue[Any]) -> None:
    """Hands on what comes. When the other end has gone nobody waits for the work in hand, and nothing is half-written."""
    status = 1
    try:
        while True:
            given.put(pickle.load(stream))  # noqa: S301 - from the process that started this one
    except (EOFError, OSError):
        status = 0
    finally:
        os._exit(status)
