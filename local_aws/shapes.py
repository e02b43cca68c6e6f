"""Does a JSON body have the shape that botocore describes? The parser alone forgives too much."""

from collections.abc import Iterator, Mapping

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

NUMBERS = ("integer", "long", "float", "double", "timestamp")


def faults(value: object, shape: Shape, path: str = "") -> Iterator[str]:
    """What is wrong with `value`, one sentence each; null is absent, as botocore reads it."""
    if isinstance(shape, StructureShape):
        if shape.metadata.get("document") or getattr(shape, "is_document_type", False):
            return
        yield from _structure(value, shape, path)
    elif isinstance(shape, ListShape):
        yield from _list(value, shape, path)
    elif isinstance(shape, MapShape):
        yield from _map(value, shape, path)
    elif not _has_type(value, shape):
        yield f"{path} is {value!r:.60}, not a {shape.type_name}"
    elif isinstance(shape, StringShape) and shape.enum and value not in shape.enum:
        yield f"{path} is {value!r}, none of the values that {shape.name} may have"


def _structure(value: object, shape: StructureShape, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{path or 'the body'} is {value!r:.60}, not a structure"
        return
    wire = {str(m.serialization.get("name", name)): m for name, m in shape.members.items()}
    for name, member in value.items():
        if name not in wire:
            yield f"{path}.{name} is no member of {shape.name}"
        elif member is not None:
            yield from faults(member, wire[name], f"{path}.{name}")
    for name in shape.required_members:
        member_shape = shape.members[name]
        if "location" not in member_shape.serialization:
            key = member_shape.serialization.get("name", name)
            if value.get(key) is None:
                yield f"{path}.{name} is missing"


def _list(value: object, shape: ListShape, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path} is {value!r:.60}, not a list"
        return
    for index, item in enumerate(value):
        wrong = list(faults(item, shape.member, f"{path}[{index}]"))
        if wrong:  # what is wrong with the first is wrong with the others
            yield from wrong
            return


def _map(value: object, shape: MapShape, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{path} is {value!r:.60}, not a map"
        return
    for key, item in value.items():
        yield from faults(item, shape.value, f"{path}.{key}")


def _has_type(value: object, shape: Shape) -> bool:
    name = str(shape.type_name)
    if name == "boolean":
        return isinstance(value, bool)
    if name in ("integer", "long"):
        return isinstance(value, int) and not isinstance(value, bool)
    if name in NUMBERS and shape.serialization.get("timestampFormat") != "iso8601":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str)
