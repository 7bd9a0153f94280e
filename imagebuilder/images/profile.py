"""Profiles: what a YAML recipe may say, and one whole recipe from it and what it extends.

A mistake is named by file, line and key, and nothing is built. Rules of `extends`: lists of
packages, files and hooks are the parent's followed by the child's; `remove` takes packages
out of the result; any other key that the child gives replaces the parent's, mappings key
by key.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from appliance.imaging import fat
from appliance.model import from_json
from imagebuilder.mirror import RELEASE

_NAME = "^[a-z][a-z0-9-]{0,40}$"
_PACKAGE = "^[a-z0-9][a-z0-9+.-]+$"
_PATH = "^[A-Za-z0-9_][A-Za-z0-9_./-]*$"


def _texts(pattern: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string", "pattern": pattern}}


def _record(required: tuple[str, ...], **properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": properties,
    }


_TEXT = {"type": "string", "minLength": 1}
_WHOLE = {"type": "integer", "minimum": 1, "maximum": 1 << 20}

SCHEMA: dict[str, Any] = _record(
    ("name",),
    name={"type": "string", "pattern": _NAME},
    title=_record(("ar", "en"), ar=_TEXT, en=_TEXT),
    extends={"type": "string", "pattern": _NAME},
    release={"enum": [RELEASE]},
    support_until={"type": "string", "pattern": r"^20\d\d-[01]\d-[0-3]\d$"},
    needs=_record((), ram_mib=_WHOLE, disk_gib=_WHOLE),
    components={"type": "array", "items": {"enum": ["main", "contrib", "non-free-firmware"]}},
    packages=_texts(_PACKAGE),
    remove=_texts(_PACKAGE),
    locale=_record((), default=_TEXT, also={"type": "array", "items": _TEXT}),
    keyboard=_record(
        (), model=_TEXT, layouts={"type": "array", "items": _TEXT, "minItems": 1}, options=_TEXT
    ),
    timezone=_TEXT,
    kernel_options={"type": "string", "pattern": r"^[ -~]*$"},
    files=_texts(_PATH),
    templates={"type": "boolean"},
    tasks={"type": "boolean"},
    first_boot=_record(
        (),
        assistant={"type": "boolean"},
        user={
            **_record(
                ("name", "full_name"),
                name={"type": "string", "pattern": "^[a-z][a-z0-9-]{0,30}$"},
                full_name={"type": "string", "pattern": "^[^:,\n]+$"},
                groups=_texts(_NAME),
            ),
            # null: not the account of what this profile extends
            "type": ["object", "null"],
        },
    ),
    hooks=_texts(_PATH),
    size=_record(
        (),
        esp_mib={
            "type": "integer",
            "minimum": fat.LEAST_MIB,
            "maximum": 512,
            # Else mkfs.vfat ends the allocation tables in the middle of 4 KiB.
            "multipleOf": 4,
        },
        free_mib=_WHOLE,
    ),
    root={"enum": ["ext4", "btrfs"]},
)

_COMPONENTS = ("main",)
_JOINED = ("packages", "files", "hooks")
_NEEDED = ("title", "support_until", "needs", "locale", "timezone")


class ProfileError(Exception):
    """A profile is wrong; the text names file, line and key."""

    def __init__(self, path: Path, line: int, key: str, problem: str) -> None:
        self.path, self.line, self.key, self.problem = path, line, key, problem
        super().__init__(f"{path}:{line}: {key or 'profile'}: {problem}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    ar: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    ram_mib: int
    disk_gib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Locale:
    default: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyboard:
    """As keyboard(5) has it: XKB model, layouts and options."""

    model: str = "pc105"
    layouts: tuple[str, ...] = ("us",)
    options: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    name: str
    full_name: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstBoot:
    """Who is there at the first start: an account, or an assistant by which one is made."""

    user: User | None = None
    assistant: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """MiB of the EFI system partition, and free in the root file system before it grows."""

    esp_mib: int = fat.LEAST_MIB
    free_mib: int = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A whole recipe: everything inherited is in it. `files` and `hooks` are full paths."""

    name: str
    title: Title
    release: str = RELEASE
    support_until: str
    needs: Needs
    components: tuple[str, ...] = _COMPONENTS
    packages: tuple[str, ...] = ()
    locale: Locale
    keyboard: Keyboard = Keyboard()
    timezone: str
    kernel_options: str = ""
    files: tuple[str, ...] = ()
    first_boot: FirstBoot = FirstBoot()
    templates: bool = False
    tasks: bool = False
    hooks: tuple[str, ...] = ()
    root: str = "ext4"
    size: Size = Size()


@dataclass(frozen=True, slots=True)
class _Document:
    """One YAML file: its data, and where each key stands."""

    path: Path
    data: dict[str, Any]
    root: yaml.MappingNode

    def error(self, keys: tuple[str | int, ...], problem: str) -> ProfileError:
        line = _line(self.root, keys)
        return ProfileError(self.path, line, ".".join(map(str, keys)), problem)


def read_profile(path: Path) -> Profile:
    """The whole profile of a YAML file; `ProfileError` for the first mistake."""
    last, merged = _whole(path)
    for key in _NEEDED:
        if key not in merged:
            raise last.error((), f"neither it nor what it extends has the key {key}")
    merged.pop("extends", None)
    return from_json(Profile, merged)


def _whole(path: Path) -> tuple[_Document, dict[str, Any]]:
    """The document at `path`, and all that it and what it extends say together."""
    documents = _with_parents(path)
    merged: dict[str, Any] = {}
    for document in documents:
        merged = _merged(merged, document)
    return documents[-1], merged


def asked_for(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Archive components and package names of a profile, also of one that is only extended."""
    _, merged = _whole(path)
    return tuple(merged.get("components", _COMPONENTS)), tuple(merged["packages"])


def is_abstract(path: Path) -> bool:
    """Whether a profile is only there to be extended: it has no title of its own."""
    return "title" not in _read(path).data


def check(path: Path) -> None:
    """Every mistake that can be found without the archive; `ProfileError` for the first."""
    if is_abstract(path):
        _whole(path)
    else:
        read_profile(path)


def package_error(path: Path, name: str, problem: str) -> ProfileError:
    """The error for a package that the profile at `path`, or what it extends, asks for."""
    for document in reversed(_with_parents(path)):
        packages = document.data.get("packages", [])
        if name in packages:
            return document.error(("packages", packages.index(name)), problem)
    return ProfileError(path, 0, "", problem)


def _with_parents(path: Path) -> list[_Document]:
    """The documents from the root of the `extends` chain to `path`."""
    documents = [_read(path)]
    seen = {documents[0].data["name"]}
    while parent := documents[0].data.get("extends"):
        if parent in seen:
            raise documents[0].error(("extends",), f"{parent} extends itself in the end")
        seen.add(parent)
        place = path.with_name(f"{parent}.yaml")
        if not place.is_file():
            raise documents[0].error(("extends",), f"there is no {place}")
        documents.insert(0, _read(place))
    return documents


def _read(path: Path) -> _Document:
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if not isinstance(root, yaml.MappingNode):
            raise ProfileError(path, 1, "", "is not a mapping of keys")
        _refuse_doubles(path, root)
        data = yaml.safe_load(text)
    except OSError as error:
        raise ProfileError(path, 0, "", str(error.strerror)) from error
    except UnicodeDecodeError as error:
        raise ProfileError(path, 1, "", "is not UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ProfileError(path, line, "", f"is not YAML: {error.problem}") from error
    document = _Document(path, data, root)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    problems = sorted(validator.iter_errors(data), key=lambda e: [str(p) for p in e.absolute_path])
    for problem in problems:
        keys = tuple(problem.absolute_path)
        if problem.validator == "additionalProperties" and isinstance(problem.instance, dict):
            allowed = problem.schema["properties"]
            unknown = next(key for key in problem.instance if key not in allowed)
            raise document.error((*keys, str(unknown)), f"unknown key; known: {', '.join(allowed)}")
        raise document.error(keys, problem.message)
    if data["name"] != path.stem:
        raise document.error(("name",), f"must be {path.stem}, as the file is called")
    return document


def _refuse_doubles(path: Path, node: yaml.Node) -> None:
    """YAML takes the last of two equal keys; a recipe with two is a mistake."""
    if isinstance(node, yaml.MappingNode):
        seen: set[Hashable] = set()
        for key, value in node.value:
            if key.value in seen:
                raise ProfileError(path, key.start_mark.line + 1, str(key.value), "given twice")
            seen.add(key.value)
            _refuse_doubles(path, value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_doubles(path, item)


def _line(node: yaml.Node, keys: tuple[str | int, ...]) -> int:
    """The line of the key, or of the deepest of its parents that stands in the file."""
    line = int(node.start_mark.line) + 1
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            for name, value in node.value:
                if name.value == str(key):
                    line, node = int(name.start_mark.line) + 1, value
                    break
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int):
            node = node.value[key]
            line = int(node.start_mark.line) + 1
    return line


def _merged(parent: dict[str, Any], document: _Document) -> dict[str, Any]:
    child = dict(document.data)
    for kind in ("files", "hooks"):
        child[kind] = [
            _existing(document, kind, number) for number in range(len(child.get(kind, [])))
        ]
    packages = [*parent.get("packages", []), *child.get("packages", [])]
    for number, name in enumerate(child.pop("remove", [])):
        if name not in packages:
            raise document.error(("remove", number), f"no package {name} is there to remove")
        packages = [package for package in packages if package != name]
    child["packages"] = list(dict.fromkeys(packages))
    result = dict(parent)
    for key, value in child.items():
        if key in _JOINED and key != "packages":
            result[key] = [*parent.get(key, []), *value]
        elif isinstance(value, dict) and isinstance(parent.get(key), dict):
            result[key] = {**parent[key], **value}
        else:
            result[key] = value
    return result


def _existing(document: _Document, kind: str, number: int) -> str:
    path = document.path.parent / document.data[kind][number]
    if not (path.is_dir() if kind == "files" else path.is_file()):
        raise document.error((kind, number), f"there is no {path}")
    return str(path)
