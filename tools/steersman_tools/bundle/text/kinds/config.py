"""Secrets (their keys only), ConfigMaps and ServiceAccounts."""

from __future__ import annotations

import re

from ....redact import MARK
from ....types import Json
from ..build import Object, put
from ..outline import Described
from .common import metadata

_SECRET = re.compile(r"([\w.-]+): +(?:(\d+) bytes|\S.*)$")
_KEY = re.compile(r"([\w.-]+):$")
_BINARY = re.compile(r"([\w.-]+): \d+ bytes$")


def secret(text: Described) -> Object:
    """A Secret: a key with something in it has the mark of what is kept secret for its value."""
    obj = metadata(text)
    put(obj, "type", text.value("Type"))
    data: Object = {}
    for line in text.body:
        if match := _SECRET.match(line):
            data[match[1]] = "" if match[2] == "0" else MARK
    obj["data"] = data
    return obj


def config_map(text: Described) -> Object:
    """A ConfigMap. Whether a value ends in an empty line is lost."""
    obj = metadata(text)
    body = text.body
    end = next(
        (i for i, line in enumerate(body) if line == "BinaryData" and body[i + 1 : i + 2] == ["===="]), len(body)
    )
    data: Object = {}
    keys = [i for i in range(end - 1) if body[i + 1] == "----" and _KEY.match(body[i])]
    for start, stop in zip(keys, [*keys[1:], end], strict=True):
        data[body[start][:-1]] = "\n".join(body[start + 2 : stop]).rstrip("\n ")
    put(obj, "data", data)
    put(obj, "binaryData", {m[1]: "" for line in body[end + 2 :] if (m := _BINARY.match(line))})
    return obj


def service_account(text: Described) -> Object:
    obj = metadata(text)
    for title, path in (("Image pull secrets", "imagePullSecrets"), ("Mountable secrets", "secrets")):
        names: list[Json] = [{"name": name.partition(" ")[0]} for name in text.section(title).texts]
        put(obj, path, names)
    return obj
