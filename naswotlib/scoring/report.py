"""A score told to people: what it is, what it counted and what it left out, and what it can be compared with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

USUAL_BATCH = 128  # images, in the paper and in most of what one would compare with


def write_report(
    *,
    score: str,
    coin_flips: float,
    images: int,
    rank: int,
    layers: Mapping[str, int],
    calls: Mapping[str, int],
    counted: str,
    engine: str,
    uncounted: Sequence[str],
    notes: Iterable[str],
    most: int,
) -> str:
    """The lines of :meth:`naswotlib.NaswotScore.report`."""
    units = sum(layers.values())
    lines = [
        f"score        {score}",
        f"coin flips   {coin_flips:.6g}, the score of fair coin flips with as many units",
        f"rank         {rank} of {images}{'' if rank == images else ': images share a code, so that K_H is singular'}",
        f"N_A          {units} units of {len(layers)} layers; {counted}",
        f"engine       {engine}",
        "layers       units  share  times  name",
    ]
    shown = list(layers.items())[:most]
    lines += [f"{number:18}  {100 * number / units:4.1f}%  {calls.get(name, 1):5}  {name}" for name, number in shown]
    if len(layers) > most:
        rest = sum(number for _, number in list(layers.items())[most:])
        lines.append(f"{rest:18}  {100 * rest / units:4.1f}%         {len(layers) - most} more layers")
    lines.append(f"not counted  {'; '.join(by_kind(uncounted)) or 'no other activation was seen'}")
    lines += [f"note         {note}" for note in (*notes, *hints(images))]
    return "\n".join(lines)


def by_kind(uncounted: Iterable[str]) -> list[str]:
    """Activations, given as ``name (kind)``, by kind: how many, and three of their names.

    >>> by_kind(["a (gelu)", "b (gelu)", "c (gelu)", "d (gelu)", "e (silu)"])
    ['4 gelu (a, b, c, ...)', '1 silu (e)']
    """
    kinds: dict[str, list[str]] = {}
    for text in uncounted:
        name, _, kind = text.rpartition(" (")
        kinds.setdefault(kind.rstrip(")"), []).append(name)
    return [
        f"{len(names)} {kind} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"
        for kind, names in kinds.items()
    ]


def hints(images: int) -> list[str]:
    """What to bear in mind when the score is laid beside another."""
    found = []
    if images != USUAL_BATCH:
        found.append(f"scores of {images} images compare with those of {images} images alone; the paper takes 128")
    return [*found, "scores compare within a family of networks, on one mini-batch; across families they follow N_A"]


def calls_of(names: Iterable[tuple[str, int]]) -> dict[str, int]:
    """How many times each layer enters K_H, from its calls and how often each counts."""
    total: Counter[str] = Counter()
    for name, count in names:
        total[name] += count
    return dict(total)
