"""Words of others, made fit for people: one line that hides nothing, and not too long."""


def one_line(text: str, most: int | None = None) -> str:
    """`text` cut at `most` characters; what does not print stands as its escape.

    Line ends could add commands to a message, marks of direction could turn one round.
    """
    if most is not None and len(text) > most:
        text = f"{text[: most - 1]}…"
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(letter: str) -> str:
    return letter if letter.isprintable() else letter.encode("unicode_escape").decode()
