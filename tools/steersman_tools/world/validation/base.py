"""The pieces that every kind's validation is made of: a list of errors with paths, and the API server's words for them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ..api.status import Cause

SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
LABEL_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+")
ENV_NAME = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")

SUBDOMAIN_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LABEL_TEXT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric "
    "character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
LABEL_1035_TEXT = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end "
    "with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
)
LABEL_VALUE_TEXT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with "
    "an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
QUALIFIED_TEXT = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
CONFIG_KEY_TEXT = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
PORT_TEXT = "must be between 1 and 65535, inclusive"


class Errors:
    """The errors of one object, in the order in which they are found."""

    def __init__(self) -> None:
        self.causes: list[Cause] = []

    def required(self, path: str, detail: str = "") -> None:
        text = "Required value" + (f": {detail}" if detail else "")
        self.causes.append(Cause("FieldValueRequired", text, path))

    def invalid(self, path: str, value: Any, detail: str) -> None:
        self.causes.append(Cause("FieldValueInvalid", f"Invalid value: {shown(value)}: {detail}", path))

    def unsupported(self, path: str, value: Any, allowed: Iterable[str]) -> None:
        listed = ", ".join(f'"{a}"' for a in allowed)
        self.causes.append(
            Cause("FieldValueNotSupported", f"Unsupported value: {shown(value)}: supported values: {listed}", path)
        )

    def duplicate(self, path: str, value: Any) -> None:
        self.causes.append(Cause("FieldValueDuplicate", f"Duplicate value: {shown(value)}", path))

    def forbidden(self, path: str, detail: str) -> None:
        self.causes.append(Cause("FieldValueForbidden", f"Forbidden: {detail}", path))

    def not_found(self, path: str, value: Any) -> None:
        self.causes.append(Cause("FieldValueNotFound", f"Not found: {shown(value)}", path))

    def too_long(self, path: str, value: Any, limit: int) -> None:
        self.causes.append(Cause("FieldValueTooLong", f"Too long: must have at most {limit} bytes", path))

    # -- pieces ------------------------------------------------------------------------------------------------------
    def subdomain(self, path: str, value: str) -> None:
        if len(value) > 253:
            self.invalid(path, value, "must be no more than 253 characters")
        if not SUBDOMAIN.fullmatch(value):
            self.invalid(path, value, SUBDOMAIN_TEXT)

    def label(self, path: str, value: str) -> None:
        if len(value) > 63:
            self.invalid(path, value, "must be no more than 63 characters")
        if not LABEL.fullmatch(value):
            self.invalid(path, value, LABEL_TEXT)

    def label_1035(self, path: str, value: str) -> None:
        if len(value) > 63:
            self.invalid(path, value, "must be no more than 63 characters")
        if not LABEL_1035.fullmatch(value):
            self.invalid(path, value, LABEL_1035_TEXT)

    def labels(self, path: str, labels: dict[str, str]) -> None:
        for key, value in labels.items():
            self.qualified(path, key)
            if len(value) > 63:
                self.invalid(path, value, "must be no more than 63 characters")
            if not LABEL_VALUE.fullmatch(value):
                self.invalid(path, value, LABEL_VALUE_TEXT)

    def qualified(self, path: str, name: str) -> None:
        prefix, slash, rest = name.rpartition("/")
        if slash and not prefix:
            self.invalid(path, name, "prefix part must be non-empty")
        elif slash and not SUBDOMAIN.fullmatch(prefix):
            self.invalid(path, name, f"prefix part {SUBDOMAIN_TEXT}")
        if not rest:
            self.invalid(path, name, "name part must be non-empty")
        elif len(rest) > 63:
            self.invalid(path, name, "name part must be no more than 63 characters")
        if not QUALIFIED.fullmatch(rest):
            self.invalid(path, name, QUALIFIED_TEXT)

    def port(self, path: str, value: int) -> None:
        if not 1 <= value <= 65535:
            self.invalid(path, value, PORT_TEXT)

    def not_negative(self, path: str, value: Any) -> None:
        if isinstance(value, int) and value < 0:
            self.invalid(path, value, "must be greater than or equal to 0")

    def immutable(self, path: str, old: Any, new: Any, shown_as: Any = None) -> None:
        if old != new:
            self.invalid(path, new if shown_as is None else shown_as, "field is immutable")


class Verbatim(str):
    """Text that is shown as it is, without quotes."""


def shown(value: Any) -> str:
    """A value as Go's field errors print it."""
    if isinstance(value, Verbatim):
        return str(value)
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "null"
    if isinstance(value, dict | list):
        return _go(value)
    return str(value)


def _go(value: Any) -> str:
    if isinstance(value, dict):
        return "map[string]string{" + ", ".join(f"{shown(k)}:{shown(v)}" for k, v in sorted(value.items())) + "}"
    if isinstance(value, list):
        return "[]string{" + ", ".join(shown(v) for v in value) + "}"
    return shown(value)


def int_or_string(value: Any) -> Verbatim:
    """An IntOrString as Go's %#v prints it."""
    number, text = (0, value) if isinstance(value, str) else (value or 0, "")
    return Verbatim(
        f"intstr.IntOrString{{Type:{1 if isinstance(value, str) else 0}, IntVal:{number}, StrVal:{shown(text)}}}"
    )


def selector_shown(selector: dict[str, Any]) -> Verbatim:
    """A LabelSelector as Go's %#v prints it."""
    labels = selector.get("matchLabels")
    left = _go(labels) if labels else "map[string]string(nil)"
    rules = selector.get("matchExpressions") or ()
    right = ", ".join(
        f"v1.LabelSelectorRequirement{{Key:{shown(r.get('key', ''))}, Operator:{shown(r.get('operator', ''))}, "
        f"Values:{_go(r['values']) if r.get('values') else '[]string(nil)'}}}"
        for r in rules
    )
    listed = f"[]v1.LabelSelectorRequirement{{{right}}}" if rules else "[]v1.LabelSelectorRequirement(nil)"
    return Verbatim(f"v1.LabelSelector{{MatchLabels:{left}, MatchExpressions:{listed}}}")
