"""CloudFormation's functions: Ref, GetAtt, Sub, If and the like, and conditions made of them."""

import re
from collections.abc import Callable, Mapping
from typing import Any

type Value = Any  # whatever JSON can hold

NO_VALUE = object()


class TemplateError(Exception):
    """The template says something that cannot be; one sentence names it."""


class Resolver:
    """Replaces every intrinsic function in a value; `ref` and `get_att` answer for resources."""

    def __init__(
        self,
        template: Mapping[str, Any],
        constants: Mapping[str, Value],
        ref: Callable[[str], Value],
        get_att: Callable[[str, str], Value],
    ) -> None:
        self._template = template
        self._constants = constants
        self._ref = ref
        self._get_att = get_att
        self._functions: dict[str, Callable[[Value], Value]] = {
            "Ref": self._reference,
            "Condition": self.condition,
            "Fn::GetAtt": self._attribute,
            "Fn::If": lambda a: self.value(a[1] if self.condition(a[0]) else a[2]),
            "Fn::Equals": lambda a: str(self.value(a[0])) == str(self.value(a[1])),
            "Fn::Not": lambda a: not self.value(a[0]),
            "Fn::And": lambda a: all(self.value(part) for part in a),
            "Fn::Or": lambda a: any(self.value(part) for part in a),
            "Fn::Join": lambda a: str(a[0]).join(map(str, self.value(a[1]))),
            "Fn::Split": lambda a: str(self.value(a[1])).split(a[0]),
            "Fn::Select": lambda a: self.value(a[1])[int(self.value(a[0]))],
            "Fn::FindInMap": self._find_in_map,
            "Fn::Sub": self._substitute,
        }

    def value(self, value: Value) -> Value:
        """The value with every function in it replaced."""
        if isinstance(value, list):
            return [part for part in map(self.value, value) if part is not NO_VALUE]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name in self._functions and (name != "Condition" or isinstance(argument, str)):
                return self._functions[name](argument)
            if str(name).startswith("Fn::"):
                raise TemplateError(f"the function {name} is not covered")
        members = {name: self.value(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member is not NO_VALUE}

    def condition(self, name: str) -> bool:
        """Whether a condition of the template holds."""
        try:
            return bool(self.value(self._template["Conditions"][name]))
        except KeyError:
            raise TemplateError(f"there is no condition {name}") from None

    def _reference(self, name: str) -> Value:
        return self._constants[name] if name in self._constants else self._ref(name)

    def _attribute(self, argument: Value) -> Value:
        name, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        return self._get_att(name, self.value(attribute))

    def _find_in_map(self, argument: Value) -> Value:
        name, first, second = (self.value(part) for part in argument)
        return self._template["Mappings"][name][first][second]

    def _substitute(self, argument: Value) -> str:
        text, variables = (argument, {}) if isinstance(argument, str) else argument

        def one(found: re.Match[str]) -> str:
            name = found[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in variables:
                return str(self.value(variables[name]))
            return str(self._attribute(name) if "." in name else self._reference(name))

        return re.sub(r"\$\{([^}]+)\}", one, text)
