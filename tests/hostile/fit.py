"""What may be told to people."""


def assert_fit_for_people(message: dict[str, str]) -> None:
    """A line says nothing that a screen would not show, and commands are Steward's alone."""
    subject, text = message["Subject"], message["Message"]
    assert len(subject) <= 100
    assert subject.isprintable()
    assert len(text.encode()) < 20_000
    lines = text.split("\n")
    assert all(line.isprintable() for line in lines)
    for line, command in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("To "):
            assert command.startswith(("  aws ", "  steward "))
    commands = [line for line in lines if line.startswith("  ") and line[:4] != "  - "]
    assert len(commands) == sum(line.startswith("To ") for line in lines)
