"""Breaks a text into lines that fit: inside a drawing nothing does it for us."""

import unicodedata


def wrapped(text: str, cells: int, most: int) -> tuple[str, ...]:
    """The text in lines of so many cells, broken behind a mark where there is one.

    What does not fit into so many lines ends with an ellipsis.
    """
    lines, rest = [], " ".join(text.split())
    while rest:
        end = _break(rest, cells)
        lines.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    if len(lines) <= most:
        return tuple(lines)
    last = lines[most - 1]
    return (*lines[: most - 1], f"{last[: _fitting(last, cells - 1)]}…")


def _break(text: str, cells: int) -> int:
    end = _fitting(text, cells)
    if end == len(text) or text[end] == " ":
        return end
    marks = (place for place in range(end, end // 3, -1) if text[place - 1] in " -_/.,:")
    return next(marks, end)


def _fitting(text: str, cells: int) -> int:
    """How many characters fit, at least one; those of East Asia take two cells."""
    taken = 0
    for place, letter in enumerate(text):
        taken += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if taken > cells:
            return max(place, 1)
    return len(text)
