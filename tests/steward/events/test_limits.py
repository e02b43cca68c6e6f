"""What is too long, no text, or from nobody that is known is refused."""

import json

import pytest

from steward.errors import BadEvent
from steward.events import fields
from steward.events.parse import parse


def test_a_text_has_at_most_so_many_bytes() -> None:
    assert fields.text({"name": "é" * 4}, "name", most=8) == "é" * 4
    with pytest.raises(BadEvent, match="a text of at most 8 bytes is needed"):
        fields.text({"name": "é" * 4 + "e"}, "name", most=8)


def test_half_a_character_is_no_text() -> None:
    with pytest.raises(BadEvent, match="a text of whole characters is needed"):
        fields.text({"name": "\ud800"}, "name")


def test_only_the_sweep_asks_for_looks_by_its_name() -> None:
    with pytest.raises(BadEvent, match="asked_by: found 'nobody'"):
        parse(json.dumps({"look_at": "mortgage", "asked_by": "nobody"}), "1", "r")
