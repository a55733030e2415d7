"""The part of a diagnosis that concerns one thing or one namespace."""

from __future__ import annotations

from steersman_tools.types import Ref

from ..types import Cause, Diagnosis


def within(diagnosis: Diagnosis, entity: Ref | None, namespace: str | None) -> Diagnosis:
    """The causes that are there or harm something there, and what is not explained there; all of it when nothing is named."""
    if entity is None and namespace is None:
        return diagnosis

    def there(ref: Ref) -> bool:
        if entity is not None:
            return (ref.namespace, ref.name) == (entity.namespace, entity.name) or ref == entity
        return ref.namespace == namespace

    def concerns(cause: Cause) -> bool:
        return any(there(ref) for ref in (cause.entity, *cause.explains, *cause.path))

    causes = tuple(c for c in diagnosis.causes if concerns(c))
    unexplained = tuple(u for u in diagnosis.unexplained if there(u.entity))
    cited = {key for cause in causes for key in cause.cites} | {key for u in unexplained for key in u.cites}
    return Diagnosis(
        causes=causes,
        unexplained=unexplained,
        evidence=tuple(e for e in diagnosis.evidence if e.id in cited),
        not_checked=diagnosis.not_checked,
    )
