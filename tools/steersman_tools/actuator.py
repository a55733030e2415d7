"""The only hands that the assistant has. It makes exactly the change that was prepared, and can take exactly that back.

Every write carries the resourceVersion that was read, and every change is compared field by field with what is there:
what somebody else has written since is never overwritten. A lost answer is settled by reading, not by hoping.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import JsonValue

from .actions import Action, Unfit
from .actuator_types import Prepared, Receipt, Undone
from .arrivals import arrival
from .clock import Clock
from .edits import Change, Clash, apply, diff, json_patch, take_back
from .evictions import drain
from .images import creatable, owned
from .types import JsonObject, Ref, ToolFailed
from .writer import Busy, Conflicted, Mode, Refused, Writer

TRIES = 5
PAUSE_SECONDS = 0.5


class Voided(ToolFailed):
    """The world is no longer as the plan saw it. The catcher diagnoses and plans again."""


class Actuator:
    """Changes one object at a time."""

    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._writer, self._clock = writer, clock

    async def prepare(self, action: Action) -> Prepared:
        """What the action would do now, tried on the server without effect.

        An object that is written between the reading and the trial is read again. Raises Unfit, Refused, Busy, Conflicted.
        """
        for _ in range(TRIES - 1):
            try:
                return await self._tried(action)
            except Conflicted:
                continue
        return await self._tried(action)

    async def _tried(self, action: Action) -> Prepared:
        ref = action.target
        if ref.kind == "Secret":
            raise Refused("Secrets are never written: change it by hand or at its source.")
        if action.kinds and ref.kind not in action.kinds:
            raise Unfit(f"{action.do} does not apply to a {ref.kind}.")
        live = await self._read(ref)
        if action.effect == "create":
            if live is not None:
                raise Unfit(f"{ref} exists already.")
            wanted = dict(action.edit({}, {}))
            _, tried = await self._try(lambda: self._writer.create(ref, wanted, "dry run"))
            return Prepared(action=action, after=owned(wanted), dry_run=tried)
        if live is None and action.effect == "delete" and not action.reversible:
            return Prepared(action=action)  # what was to go is gone
        if live is None:
            raise Unfit(f"{ref} does not exist.")
        others = {need: found for need in action.needs() if (found := await self._read(need)) is not None}
        return await self._prepared(action, live, others)

    async def _prepared(self, action: Action, live: JsonObject, others: Mapping[Ref, JsonObject]) -> Prepared:
        before = owned(live)
        changes = tuple(diff(before, owned(action.edit(live, others))))
        made = Prepared(
            action=action,
            uid=_meta(live, "uid"),
            version=_meta(live, "resourceVersion"),
            before=before,
            changes=changes,
        )
        after = _object(apply(dict(before), changes))
        match action.effect:
            case "edit" | "drain" if changes:
                stored, tried = await self._try(lambda: self._patch(made, after, "dry run"))
                if stored and owned(stored) == before:
                    paths = ", ".join(change.path for change in changes)
                    raise Unfit(f"The server would leave {action.target} as it is: its version does not know {paths}.")
                return made.model_copy(update={"after": owned(stored or after), "dry_run": tried})
            case "delete":
                await self._writer.delete(action.target, made.uid, "dry run")
                return made
            case "evict":
                await self._writer.evict(action.target, "dry run")
        return made.model_copy(update={"after": after})

    async def commit(self, prepared: Prepared) -> Receipt:
        """Makes the change and waits for what it brings about; doing it again after a crash is the same as doing it once.

        Raises Voided, Refused, Busy, Late.
        """
        action = prepared.action
        watched = action.awaits()
        if watched and (seen := await self._read(watched)) is not None and action.happened(seen):
            receipt = Receipt(prepared=prepared, uid=prepared.uid, stored=prepared.before, note="it has happened")
        else:
            receipt = await self._made(prepared)
        if watched:
            await arrival(self._writer, action, watched, self._clock)
        return receipt

    async def _made(self, prepared: Prepared) -> Receipt:
        for attempt in range(TRIES):
            try:
                return await self._commit(prepared)
            except (Busy, Conflicted) as error:
                if (done := await self._done(prepared)) is not None:
                    return done
                if attempt == TRIES - 1:
                    raise Busy(f"{error} (tried {TRIES} times)") from error
                if isinstance(error, Conflicted):
                    prepared = await self._again(prepared)
                else:
                    await self._clock.sleep(PAUSE_SECONDS * 2**attempt)
        raise AssertionError("unreachable")

    async def _commit(self, prepared: Prepared) -> Receipt:
        ref, action = prepared.target, prepared.action
        match action.effect:
            case "edit":
                if not prepared.changes:
                    return Receipt(
                        prepared=prepared, uid=prepared.uid, stored=prepared.before, note="it was so already"
                    )
                stored = await self._patch(
                    prepared, _object(apply(dict(prepared.before), prepared.changes)), "for real"
                )
            case "create":
                stored = await self._writer.create(ref, dict(action.edit({}, {})), "for real")
            case "replace":
                await self._writer.delete(ref, prepared.uid, "for real")
                await self._gone(ref, prepared.uid)
                try:
                    stored = await self._writer.create(ref, creatable(prepared.after), "for real")
                except Refused:  # never end with less than there was
                    await self._writer.create(ref, creatable(prepared.before), "for real")
                    raise
            case "delete" if not prepared.uid:
                return Receipt(prepared=prepared, note="it had gone already")
            case "delete":
                await self._writer.delete(ref, prepared.uid, "for real")
                return Receipt(prepared=prepared)
            case "evict":
                await self._writer.evict(ref, "for real")
                return Receipt(prepared=prepared, note="evicted")
            case "drain":
                stored = prepared.before
                if prepared.changes:
                    after = _object(apply(dict(prepared.before), prepared.changes))
                    stored = dict(await self._patch(prepared, after, "for real"))
                note = await drain(self._writer, ref.name, self._clock)
                return Receipt(prepared=prepared, uid=prepared.uid, stored=owned(stored), note=note)
            case _:
                raise Refused(f"{action.do} is not done through the Kubernetes API.")
        return Receipt(prepared=prepared, uid=_meta(stored, "uid"), stored=owned(stored))

    async def _done(self, prepared: Prepared) -> Receipt | None:
        """The receipt, if the change has been made although no answer came."""
        live, effect = await self._read(prepared.target), prepared.action.effect
        if effect in ("delete", "evict"):
            return Receipt(prepared=prepared) if live is None or _meta(live, "uid") != prepared.uid else None
        if live is None or effect == "drain" or (effect == "edit" and _meta(live, "uid") != prepared.uid):
            return None
        if effect in ("create", "replace"):
            same = _meta(live, "uid") != prepared.uid and not _differs(prepared.after, owned(live))
            return Receipt(prepared=prepared, uid=_meta(live, "uid"), stored=owned(live)) if same else None
        try:
            take_back(dict(owned(live)), prepared.changes)
        except Clash:
            return None
        return Receipt(prepared=prepared, uid=prepared.uid, stored=owned(live))

    async def _again(self, prepared: Prepared) -> Prepared:
        """The same change for a newer version of the object. Raises Voided when its fields have been written meanwhile."""
        live = await self._read(prepared.target)
        if prepared.action.effect in ("create", "replace"):
            if live is not None and _meta(live, "uid") != prepared.uid:
                raise Voided(f"Somebody else has made {prepared.target} meanwhile.")
            return prepared
        if live is None or _meta(live, "uid") != prepared.uid:
            raise Voided(f"{prepared.target} has been deleted or made anew meanwhile.")
        try:
            apply(dict(owned(live)), prepared.changes)
        except Clash as clash:
            raise Voided(f"{prepared.target} has been changed meanwhile: {clash}.") from clash
        return prepared.model_copy(update={"version": _meta(live, "resourceVersion"), "before": owned(live)})

    async def undo(self, receipt: Receipt) -> Undone:
        """Takes the change back as far as it is still ours, and reads back that it is. Raises Refused, Busy."""
        for attempt in range(TRIES):
            try:
                return await self._undo(receipt)
            except (Busy, Conflicted):
                if attempt == TRIES - 1:
                    raise
                await self._clock.sleep(PAUSE_SECONDS * 2**attempt)
        raise AssertionError("unreachable")

    async def _undo(self, receipt: Receipt) -> Undone:
        prepared, ref = receipt.prepared, receipt.prepared.target
        effect, before = prepared.action.effect, prepared.before
        live = await self._read(ref)
        of_no_return = effect in ("evict", "delete") or (effect == "edit" and ref.kind == "QuantumJob")
        if of_no_return and not prepared.action.reversible:
            return Undone(proven=False, text=f"{prepared.action.words}: this cannot be taken back")
        if effect == "delete":
            return await self._remade(ref, before, live)
        if live is None or _meta(live, "uid") != receipt.uid:
            gone = live is None and effect == "create"
            return Undone(proven=gone, text=f"{ref} has been deleted or made anew by somebody else; it is left alone")
        if effect in ("create", "replace"):
            if _differs(receipt.stored, owned(live)):
                return Undone(proven=False, text=f"{ref} has been changed by somebody else since; it is left alone")
            await self._writer.delete(ref, receipt.uid, "for real")
            await self._gone(ref, receipt.uid)
            return (
                await self._remade(ref, before, None)
                if effect == "replace"
                else Undone(proven=True, text=f"{ref} is deleted again")
            )
        return await self._restored(ref, receipt, live)

    async def _restored(self, ref: Ref, receipt: Receipt, live: JsonObject) -> Undone:
        changes = diff(dict(receipt.prepared.before), dict(receipt.stored))
        if not _unmade(owned(live), changes):
            try:
                wanted = take_back(dict(owned(live)), changes)
            except Clash as clash:
                return Undone(
                    proven=False, text=f"{ref} has been changed by somebody else since ({clash}); it is left alone"
                )
            now = Prepared(
                action=receipt.prepared.action,
                uid=receipt.uid,
                version=_meta(live, "resourceVersion"),
                before=owned(live),
            )
            await self._patch(now, _object(wanted), "for real")
        again = await self._read(ref)
        proven = again is not None and _unmade(owned(again), changes)
        return Undone(
            proven=proven, text=f"{ref} is as it was before" if proven else f"{ref} did not take its old fields"
        )

    async def _remade(self, ref: Ref, before: JsonObject, live: JsonObject | None) -> Undone:
        if live is None:
            await self._writer.create(ref, creatable(before), "for real")
            live = await self._read(ref)
        same = live is not None and not _differs(creatable(before), creatable(live))
        return Undone(proven=same, text=f"{ref} is {'there again as it was' if same else 'there, and not as it was'}")

    async def _patch(self, prepared: Prepared, after: JsonObject, mode: Mode) -> JsonObject:
        version: dict[str, JsonValue] = {
            "op": "replace",
            "path": "/metadata/resourceVersion",
            "value": prepared.version,
        }
        return await self._writer.patch(
            prepared.target, [version, *json_patch(dict(prepared.before), dict(after))], mode
        )

    async def _try(self, what: object) -> tuple[JsonObject | None, Literal["passed", "not supported"]]:
        assert callable(what)
        try:
            return await what(), "passed"
        except Refused as error:
            if "dry run" in str(error).lower() and error.status == 400:  # a webhook that has side effects
                return None, "not supported"
            raise

    async def _read(self, ref: Ref) -> JsonObject | None:
        for attempt in range(TRIES - 1):
            try:
                return await self._writer.read(ref)
            except Busy:
                await self._clock.sleep(PAUSE_SECONDS * 2**attempt)
        return await self._writer.read(ref)

    async def _gone(self, ref: Ref, uid: str) -> None:
        for _ in range(60):
            live = await self._read(ref)
            if live is None or _meta(live, "uid") != uid:
                return
            await self._clock.sleep(PAUSE_SECONDS)
        raise Busy(f"{ref} is being deleted and does not go: something holds it.")


def _meta(obj: JsonObject, key: str) -> str:
    meta = obj.get("metadata")
    return str(meta.get(key, "")) if isinstance(meta, dict) else ""


def _object(value: object) -> dict[str, JsonValue]:
    assert isinstance(value, dict)
    return value


def _differs(wanted: JsonObject, live: JsonObject) -> bool:
    """Whether a field that we stored is otherwise now; what the server or a controller has added does not count."""
    return any(change.op != "add" for change in diff(dict(wanted), dict(live)))


def _unmade(live: JsonObject, changes: list[Change]) -> bool:
    """Whether the fields are as they were before the changes."""
    try:
        apply(dict(live), changes)
    except Clash:
        return False
    return True
