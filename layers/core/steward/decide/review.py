"""Review: what was done by way of exception, and who has looked at it since."""

BREAK_GLASS, AUTOMATIC, STALE, NO_EVIDENCE = (
    "break-glass",
    "automatic approval",
    "stale evidence, allowed",
    "promoted without evidence",
)


def exception(kind: str, by: str) -> dict[str, object]:
    """Facts of a decision that somebody else than `by` is to sign."""
    return {"exception": kind, "by": by}
