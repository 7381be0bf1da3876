"""A dry run: what a sync would do with a source, found out without changing anything."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from admin.curation.sources.survey import Change, Finding, Listing, Reader, vanished, why_kept
from admin.curation.sources.syncing import HELD
from chat.store.tables import SourceItem

SHOWN_EVERY_S = 0.5


@dataclass(frozen=True)
class Plan:
    """What was found so far of `total` places. `held_back` says why what was removed there would be kept here."""

    findings: Sequence[Finding] = ()
    total: int = 0
    held_back: str = ""
    complete: bool = False

    @property
    def counts(self) -> Mapping[str, int]:
        """Places by what became of them, in the order of `Change`."""
        found = Counter(finding.change for finding in self.findings)
        return {change.value: found[change] for change in Change}


def plan(looking: Reader, known: Mapping[str, SourceItem], held: Mapping[str, str]) -> Iterator[Plan]:
    """The plan as it grows, about twice a second; the last one is complete.

    `held` are the places that another source of the collection keeps up to date. Raises what `listing` raises.
    """
    listing = looking.listing()
    findings = list(listing.unreadable)
    total = len(findings) + len(listing.places)
    shown = time.monotonic()
    yield Plan(tuple(findings), total)
    for place, where in listing.places.items():
        if place in held:
            findings.append(Finding(place, Change.UNREADABLE, HELD.format(held[place])))
        else:
            findings.append(looking.look(place, where, known.get(place)))
        if time.monotonic() > shown + SHOWN_EVERY_S:
            shown = time.monotonic()
            yield Plan(tuple(findings), total)
    yield _completed(listing, findings, known, total)


def _completed(listing: Listing, findings: list[Finding], known: Mapping[str, SourceItem], total: int) -> Plan:
    gone = [finding.place for finding in findings if finding.change is Change.REMOVED]
    away = vanished(listing, known, gone)
    missing = [Finding(place, Change.REMOVED) for place in away if place not in gone]
    why = why_kept(len(away), len(known), listing.incomplete)
    return Plan((*findings, *missing), total, why, complete=True)
