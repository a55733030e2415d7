"""What a request's body says about one type of object: decoded, in the stored shape, with what was dropped from it."""

from __future__ import annotations

from dataclasses import dataclass

from ..objects import Obj
from ..schema import definition
from ..schema.decode import Decoder, WrongType
from .conversion import from_version
from .kinds import Type
from .status import ApiError, bad_request


@dataclass(frozen=True, slots=True)
class Decoded:
    """An object in its stored shape, and the unknown fields that it came with."""

    obj: Obj
    unknown: tuple[str, ...] = ()


def decode(kind: Type, version: str, body: Obj) -> Decoded:
    """The object that a body holds. Raises the API's 400 for another kind or for wrong types."""
    wanted = kind.api_version(version)
    named, given = body.get("kind") or kind.kind, body.get("apiVersion") or wanted
    if not isinstance(named, str) or not isinstance(given, str):
        raise bad_request(
            "the object provided is unrecognized (must be of type "
            f"{kind.kind}): couldn't get version/kind; json parse error"
        )
    version_given, part = given.rpartition("/")[2], kind.group.split(".")[0] or "core"
    if named != kind.kind and given == wanted:
        text = f'{named} in version "{version}" cannot be handled as a {kind.kind}: converting ({version}.{named}) to ({part}.{kind.kind}): unknown conversion'
        raise bad_request(text)
    if given != wanted:
        known = given.rpartition("/")[0] == kind.group and version_given in dict(kind.versions) and named == kind.kind
        where = 'in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"'
        raise bad_request(
            f"the API version in the data ({given}) does not match the expected API version ({wanted})"
            if known
            else f'{named} in version "{version_given}" cannot be handled as a {kind.kind}: no kind "{named}" is registered for version "{given}" {where}'
        )
    decoder = Decoder()
    try:
        made = decoder.object(
            kind.definition(version), {k: v for k, v in body.items() if k not in ("kind", "apiVersion")}
        )
        if kind.custom or kind.definition(version).free:
            made["metadata"] = _custom_meta(body.get("metadata"))
    except WrongType as error:
        raise bad_request(f'{kind.kind} in version "{version}" cannot be handled as a {kind.kind}: {error}') from error
    made.setdefault("metadata", {})
    return Decoded(from_version(kind, made, version), tuple(decoder.unknown))


def _custom_meta(meta: object) -> Obj:
    return Decoder().object(definition("meta.v1.ObjectMeta"), meta or {}, "metadata")


def strict(kind: Type, version: str, decoded: Decoded, mode: str) -> tuple[str, ...]:
    """The warnings about unknown fields; with `Strict`, they are refused."""
    if not decoded.unknown or mode in ("", "Ignore"):
        return ()
    texts = tuple(f'unknown field "{path}"' for path in decoded.unknown)
    if mode == "Strict":
        raise bad_request(
            f'{kind.kind} in version "{version}" cannot be handled as a {kind.kind}: strict decoding error: {", ".join(texts)}'
        )
    return texts


def check_mode(mode: str) -> None:
    if mode not in ("", "Ignore", "Warn", "Strict"):
        raise ApiError(400, f'invalid value for fieldValidation: "{mode}"')
