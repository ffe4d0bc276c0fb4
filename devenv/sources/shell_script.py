"""Scripts of a shell -> the commands in them, each as its words.

No shell's whole grammar: enough of it to tell one command from the next. What is not understood makes no command,
since what stands behind a server's options may be another program's password.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

#: Scripts and words that are longer are no command line of a server.
LONGEST = 20_000
_SHELLS = frozenset(["sh", "bash", "ash", "dash"])
#: Signs that stand for themselves between words. A line's end ends a command, so it is one of them.
_SIGNS = "();<>|&\n"
#: What is written to or read from a file: the word behind it is no word of the command.
_REDIRECTION = re.compile(r"[<>&|]*[<>][<>&|]*")
_COMMENT = re.compile(r"(?m)(?:^|(?<=[\s;&|()]))#.*$")
#: ``2>``: the number of what is redirected.
_DESCRIPTOR = re.compile(r"(?<![^\s;&|()])\d+(?=[<>])")
_JOINED_LINE = re.compile(r"\\\r?\n")
#: Words that a command may stand behind.
_KEYWORDS = frozenset(["do", "then", "else", "exec", "while", "until", "if", "done", "fi", "!", "{", "}", "time"])
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)


def script_of(words: Sequence[str]) -> str:
    """What a shell is given to run; "" where there is no shell."""
    for index, word in enumerate(words[:4]):
        if word.rpartition("/")[2] in _SHELLS:
            texts = [text for text in words[index + 1 :] if not re.fullmatch(r"-[a-z]+", text)]
            asked = any(re.fullmatch(r"-[a-z]*c", flag) for flag in words[index + 1 : index + 4])
            return texts[0][:LONGEST] if texts and asked else ""
    return ""


def commands(script: str) -> list[list[str]]:
    """The commands of a script in its order, quotation undone, without redirections and what only sets variables.

    Nothing of a script with a quotation that never ends.
    """
    text = _DESCRIPTOR.sub("", _COMMENT.sub("", _JOINED_LINE.sub(" ", script.replace("\r\n", "\n"))))
    lexer = shlex.shlex(text, posix=True, punctuation_chars=_SIGNS)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t", True, ""
    try:
        tokens = list(lexer)
    except ValueError:  # a quotation that never ends
        return []
    found: list[list[str]] = [[]]
    redirected = False
    for token in tokens:
        if _REDIRECTION.fullmatch(token):
            redirected = True
        elif token and not token.strip(_SIGNS):
            found.append([])
            redirected = False
        elif redirected:
            redirected = False
        else:
            found[-1].append(token)
    return [command for words in found if (command := _bare(words))]


def _bare(words: Sequence[str]) -> list[str]:
    """A command from its program on."""
    start = 0
    while start < len(words) and (words[start] in _KEYWORDS or _ASSIGNMENT.fullmatch(words[start])):
        start += 1
    return list(words[start:])
