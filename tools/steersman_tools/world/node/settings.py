"""A container's configuration as its kubelet resolves it: variables and the files of its volumes, from live objects."""

from __future__ import annotations

import base64
import re

from ..objects import Obj
from ..store import Store


class Unresolved(Exception):
    """A reference that leads nowhere; the text is the kubelet's."""


def secret_values(secret: Obj) -> dict[str, str]:
    found = {}
    for key, value in (secret.get("data") or {}).items():
        try:
            found[key] = base64.b64decode(value or "").decode(errors="replace")
        except ValueError:
            found[key] = ""
    return found


def values(store: Store, namespace: str, kind: str, name: str, *, optional: bool = False) -> dict[str, str]:
    """The keys of a ConfigMap or Secret. Raises Unresolved when it does not exist and must."""
    plural = "configmaps" if kind.startswith("config") else "secrets"
    found = store.get(plural, namespace, name)
    if found is None:
        if optional:
            return {}
        raise Unresolved(f'{plural[:-1]} "{name}" not found')
    return secret_values(found) if plural == "secrets" else dict(found.get("data") or {})


def environment(store: Store, pod: Obj, container: Obj, fields: dict[str, str]) -> dict[str, str]:
    """The variables as they are now; of two entries of a name the later wins. Raises Unresolved."""
    namespace, found = pod["metadata"]["namespace"], dict[str, str]()
    for source in container.get("envFrom") or ():
        kind = "configMapRef" if "configMapRef" in source else "secretRef"
        ref = source[kind]
        held = values(store, namespace, kind, ref.get("name", ""), optional=ref.get("optional", False))
        found |= {source.get("prefix", "") + k: v for k, v in held.items()}
    for entry in container.get("env") or ():
        value = entry.get("value", "")
        if source := entry.get("valueFrom"):
            resolved = _from(store, pod, container, source, fields)
            if resolved is None:
                continue
            value = resolved
        found[entry["name"]] = re.sub(r"\$\(([\w.-]+)\)", lambda m: found.get(m[1], m[0]), value)
    return found


def _from(store: Store, pod: Obj, container: Obj, source: Obj, fields: dict[str, str]) -> str | None:
    namespace = pod["metadata"]["namespace"]
    for kind, called in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
        if ref := source.get(kind):
            held = values(store, namespace, kind, ref.get("name", ""), optional=ref.get("optional", False))
            if ref["key"] not in held and not ref.get("optional"):
                raise Unresolved(f"couldn't find key {ref['key']} in {called} {namespace}/{ref.get('name', '')}")
            return held.get(ref["key"])
    if ref := source.get("fieldRef"):
        path = ref.get("fieldPath", "")
        if found := re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", path):
            return str((pod["metadata"].get(found[1]) or {}).get(found[2], ""))
        return fields.get(path, "")
    if ref := source.get("resourceFieldRef"):
        kind, _, name = ref.get("resource", "").partition(".")
        return str(((container.get("resources") or {}).get(kind) or {}).get(name, "0"))
    return None


def volume_files(store: Store, pod: Obj, volume: Obj) -> dict[str, str] | None:
    """The files of a volume of configuration; None for volumes of other kinds. Raises Unresolved."""
    sources = (volume.get("projected") or {}).get("sources") or [volume]
    files: dict[str, str] = {}
    known = False
    for source in sources:
        for kind, field in (("configMap", "name"), ("secret", "secretName")):
            ref = source.get(kind)
            if ref is None:
                continue
            known = True
            name, optional = ref.get(field) or ref.get("name", ""), bool(ref.get("optional"))
            held = values(store, pod["metadata"]["namespace"], kind, name, optional=optional)
            for item in ref.get("items") or [{"key": k, "path": k} for k in held]:
                if item["key"] in held:
                    files[item["path"]] = held[item["key"]]
                elif not optional:
                    raise Unresolved(
                        f"references non-existent {'config' if kind == 'configMap' else 'secret'} key: {item['key']}"
                    )
    return files if known else None


def mounted(store: Store, pod: Obj, container: Obj) -> dict[str, dict[str, str]]:
    """The files of configuration that a container has, by where they are mounted; what cannot be had is left out."""
    volumes = {v["name"]: v for v in pod["spec"].get("volumes") or ()}
    found = {}
    for mount in container.get("volumeMounts") or ():
        try:
            files = volume_files(store, pod, volumes.get(mount["name"], {}))
        except Unresolved:
            continue
        if files:
            found[str(mount["mountPath"])] = files
    return found


def read_file(store: Store, pod: Obj, container: Obj, path: str) -> str | None:
    """A file's text where a volume of configuration holds it, '' where another volume covers it, else None."""
    volumes = {v["name"]: v for v in pod["spec"].get("volumes") or ()}
    for mount in sorted(container.get("volumeMounts") or (), key=lambda m: -len(m["mountPath"])):
        base = mount["mountPath"].rstrip("/")
        if path != base and not path.startswith(f"{base}/"):
            continue
        inner = "/".join(p for p in (mount.get("subPath", ""), path[len(base) :].strip("/")) if p)
        files = volume_files(store, pod, volumes[mount["name"]])
        return "" if files is None or not inner else files.get(inner)
    return None
