"""Which memory module a machine lacks for an image, in the words of who sells it: pure.

Only what the firmware says about its slots counts. Where it says nothing, or memory is
soldered and no slot is free, no module is named.
"""

from __future__ import annotations

from appliance.model import Facts, Machine, MemorySlot, Reason

# Modules that are sold, in MiB.
_MODULES_MIB = (1024, 2048, 4096, 8192, 16384, 32768)


def memory_advice(machine: Machine, image: str, needs_mib: int) -> tuple[Reason, ...]:
    """What to put in so that an image that needs `needs_mib` can go onto this machine."""
    slots = [slot for slot in machine.memory_slots if slot.form != "soldered"]
    filled = [slot for slot in slots if slot.size_mib]
    if machine.memory_slots and not slots:
        return (Reason(code="memory-soldered", facts={"image": image}),)
    installed = sum(slot.size_mib or 0 for slot in machine.memory_slots)
    if any(slot.size_mib is None for slot in slots) or not installed:
        return ()
    if any(slot.size_mib == 0 for slot in slots):
        module = _least(needs_mib - installed)
        return _reason("memory-lacks", image, module, _sort(filled or slots))
    smallest = min(filled, key=lambda slot: slot.size_mib or 0)
    had = smallest.size_mib or 0
    module = _least(needs_mib - installed + had)
    taken_out: Facts = {"old": _size(had), "slot": smallest.name or "?"}
    return _reason("memory-exchange", image, module, _sort([smallest]), taken_out)


def _reason(
    code: str, image: str, module_mib: int | None, sort: str, more: Facts | None = None
) -> tuple[Reason, ...]:
    if module_mib is None:
        return ()
    facts: Facts = {"image": image, "module": f"{_size(module_mib)} {sort}".strip()}
    return (Reason(code=code, facts=facts | (more or {})),)


def _least(lacking_mib: int) -> int | None:
    return next((size for size in _MODULES_MIB if size >= lacking_mib), None)


def _size(mib: int) -> str:
    return f"{mib // 1024} GB" if mib % 1024 == 0 else f"{mib} MB"


def _sort(slots: list[MemorySlot]) -> str:
    """`DDR3 SODIMM`, as far as these slots agree with each other."""
    kinds, forms = {slot.kind for slot in slots}, {slot.form for slot in slots}
    agreed = (found.pop() if len(found) == 1 else "" for found in (kinds, forms))
    return " ".join(word for word in agreed if word)
