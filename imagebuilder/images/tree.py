"""The file tree of an image: the layer of packages, then what the profile says about them.

Applied to a fresh copy each time: files, locale, keyboard, sources of updates, account, templates,
hooks. What must not be the same on two machines goes at the end.
"""

from __future__ import annotations

import os
import shutil
import sysconfig
from pathlib import Path

from imagebuilder.catalogues import compile_catalogues
from imagebuilder.console import step
from imagebuilder.images.chroot import in_tree
from imagebuilder.images.layer import UNSAFE, PackageLayer
from imagebuilder.images.profile import Profile
from imagebuilder.images.rootkind import FAMILY_PC, ROOT_KINDS
from imagebuilder.mirror import default_sources
from imagebuilder.run import run
from imagebuilder.templates.making import make_templates
from imagebuilder.templates.words import TONGUES, day_text
from imagebuilder.toolsroot import run_tool

_LIBRARIES = Path("usr/lib/python3/dist-packages")


def settled_tree(profile: Profile, layer: PackageLayer, tree: Path) -> None:
    """A fresh copy of the package layer at `tree`, with everything else the profile says."""
    with step("unpack the packages"):
        tree.mkdir(parents=True)
        run_tool(["tar", "--numeric-owner", "--xattrs", "-xf", layer.archive, "-C", tree])
    with step("settings, files and hooks"):
        for directory in (*ROOT_KINDS[profile.root].files, *map(Path, profile.files)):
            _copy(directory, tree)
        _locale(profile, tree)
        _keyboard(profile, tree)
        _timezone(profile, tree)
        _sources(profile, tree)
        _user(profile, tree, layer.epoch)
        _programs(profile, tree)
        if profile.first_boot.assistant:
            _assistant(tree, layer.epoch)
        if profile.first_boot.assistant or profile.tasks:
            _welcome(profile, tree)
        if profile.templates:
            make_templates(tree, layer.epoch)
        if profile.tasks:
            _tasks(tree, layer.epoch)
        for hook in profile.hooks:
            _hook(Path(hook), tree, layer.epoch)
        _done_already(tree, layer.epoch)
        _clean(tree, layer.epoch)


def _copy(source: Path, tree: Path) -> None:
    """Copy a directory of a profile over the tree, as root's; scripts stay executable."""
    for path in sorted(source.rglob("*")):
        target = tree / path.relative_to(source)
        if path.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            target.symlink_to(os.readlink(path))
        elif path.is_dir():
            target.mkdir(exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            shutil.copyfile(path, target)
            target.chmod(0o755 if os.access(path, os.X_OK) else 0o644)


def _locale(profile: Profile, tree: Path) -> None:
    names = dict.fromkeys((profile.locale.default, *profile.locale.also))
    # C.UTF-8 is built into glibc; locale-gen would look for its source in vain.
    wanted = [f"{name} UTF-8" for name in names if name != "C.UTF-8"]
    (tree / "etc/locale.gen").write_text("".join(f"{line}\n" for line in wanted))
    (tree / "etc/default/locale").write_text(f"LANG={profile.locale.default}\n")
    if wanted:
        in_tree(tree, ["locale-gen"])


def _keyboard(profile: Profile, tree: Path) -> None:
    keyboard = profile.keyboard
    (tree / "etc/default/keyboard").write_text(
        f'XKBMODEL="{keyboard.model}"\nXKBLAYOUT="{",".join(keyboard.layouts)}"\n'
        f'XKBVARIANT=""\nXKBOPTIONS="{keyboard.options}"\nBACKSPACE="guess"\n'
    )


def _timezone(profile: Profile, tree: Path) -> None:
    (tree / "etc/timezone").write_text(f"{profile.timezone}\n")
    link = tree / "etc/localtime"
    link.unlink(missing_ok=True)
    link.symlink_to(f"/usr/share/zoneinfo/{profile.timezone}")


def _sources(profile: Profile, tree: Path) -> None:
    """Where the installed system gets its updates: the release's default, not our mirror."""
    (tree / "etc/apt/sources.list").unlink(missing_ok=True)
    lines = default_sources(" ".join(profile.components))
    text = "".join(_deb822(*line.split()[1:]) for line in lines)
    (tree / "etc/apt/sources.list.d/debian.sources").write_text(text)


def _deb822(address: str, suite: str, *components: str) -> str:
    """One source in the form of sources.list(5)."""
    return (
        f"Types: deb\nURIs: {address}\nSuites: {suite}\nComponents: {' '.join(components)}\n"
        "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n"
    )


def _user(profile: Profile, tree: Path, epoch: int) -> None:
    user = profile.first_boot.user
    if user is None:
        return
    groups = ["--groups", ",".join(user.groups)] if user.groups else []
    comment = ["--comment", user.full_name]
    shell = ["--create-home", "--shell", "/bin/bash"]
    in_tree(tree, ["useradd", *shell, *comment, *groups, user.name], epoch=epoch)


def _programs(profile: Profile, tree: Path) -> None:
    """Our own programs of such a PC, where it has any; what the kernel is told on the way back."""
    if not profile.first_boot.assistant and not ROOT_KINDS[profile.root].files:
        return
    family_package(tree, sorted(FAMILY_PC.rglob("*.py")))
    told = tree / "usr/share/tajdeed/kernel-options"
    told.parent.mkdir(parents=True, exist_ok=True)
    told.write_text(f"{profile.kernel_options}\n")


def family_package(tree: Path, sources: list[Path]) -> None:
    """These modules of `familypc`, and its texts in every language."""
    package = tree / _LIBRARIES / "familypc"
    catalogues = sorted((FAMILY_PC / "locale").rglob("*.po"))
    for path in [*sources, *catalogues]:
        target = package / path.relative_to(FAMILY_PC)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    compile_catalogues(package / "locale")
    for path in catalogues:
        (package / path.relative_to(FAMILY_PC)).unlink()


def _assistant(tree: Path, epoch: int) -> None:
    """The first start's assistant. Its own screen comes before the desktop's, by a unit that is
    enabled here."""
    _copy(FAMILY_PC / "system", tree)
    in_tree(tree, ["systemctl", "enable", "tajdeed-first-boot.service"], epoch=epoch)


def _welcome(profile: Profile, tree: Path) -> None:
    """The welcome page, later the desktop's help; it tells until when there are updates."""
    _copy(FAMILY_PC / "system-welcome", tree)
    for tongue in TONGUES:
        page = tree / f"usr/share/tajdeed/welcome/{tongue.code}.html"
        until = day_text(profile.support_until, tongue)
        page.write_text(page.read_text().replace("{support_until}", until))


def calendar_files() -> tuple[Path, ...]:
    """hijridate, which Debian does not have, from the builder's environment; with its licence.

    Not what pip writes beside it, which differs from one Python to the next.
    """
    libraries = Path(sysconfig.get_paths()["purelib"])
    licences = libraries.glob("hijridate-*.dist-info/licenses/LICENSE*")
    return (*sorted((libraries / "hijridate").glob("*.py")), *sorted(licences))


def _tasks(tree: Path, epoch: int) -> None:
    """The desktop's tasks, each with an entry where the tree has a program for it."""
    family_package(
        tree, [*sorted(FAMILY_PC.glob("*.py")), *sorted((FAMILY_PC / "tasks").glob("*.py"))]
    )
    calendar = tree / _LIBRARIES / "hijridate"
    calendar.mkdir()
    for path in calendar_files():
        shutil.copyfile(path, calendar / path.name)
    in_tree(tree, ["python3", "-B", "-m", "familypc.tasks.entries"], epoch=epoch)


def _hook(hook: Path, tree: Path, epoch: int) -> None:
    place = tree / "profile-hook"
    shutil.copyfile(hook, place)
    place.chmod(0o755)
    in_tree(tree, ["/profile-hook"], epoch=epoch)
    place.unlink()


def _done_already(tree: Path, epoch: int) -> None:
    """What each first start would do again, before the first screen: it has been done here.

    systemd-update-done(8): linker cache and catalogues are those of this /usr. setupcon(1): the
    console's keyboard is computed for the layouts of the profile.
    """
    for directory in ("etc", "var"):
        (tree / directory / ".updated").write_text(f"TIMESTAMP_NSEC={epoch}000000000\n")
    if (tree / "usr/bin/setupcon").exists():
        in_tree(tree, ["setupcon", "--save-only"], epoch=epoch)


def _clean(tree: Path, epoch: int) -> None:
    """What must not be the same on two machines, or is of no use there, goes."""
    (tree / "etc/machine-id").write_bytes(b"")
    for pattern in (
        "var/lib/dbus/machine-id",
        # this machine's name server and the settings of its apt, left by mmdebstrap
        "etc/resolv.conf",
        "etc/apt/apt.conf.d/99mmdebstrap",
        "var/lib/systemd/random-seed",
        "etc/ssh/ssh_host_*",
        "etc/nvme/host*",
        "var/lib/apt/lists/*_*",
        "var/cache/apt/*.bin",
        "var/cache/debconf/*-old",
        "var/lib/dpkg/*-old",
        "var/cache/ldconfig/aux-cache",
        "var/log/*.log",
        "var/log/apt/*",
        "etc/*-",
        "root/.bash_history",
    ):
        for path in tree.glob(pattern):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    options = tree / "etc/dpkg/dpkg.cfg.d/99mmdebstrap"
    lines = options.read_text().splitlines(keepends=True)
    options.write_text("".join(line for line in lines if line.strip() != UNSAFE))
    newer: list[str | Path] = ["find", tree, "-xdev", "-newermt", f"@{epoch}"]
    run([*newer, "-exec", "touch", "--no-dereference", f"--date=@{epoch}", "{}", "+"])
    # console-setup.service computes anew what is not newer than what it was computed from.
    for name in ("keyboard", "console-setup"):
        path = tree / "etc/default" / name
        if path.exists():
            os.utime(path, (epoch - 1, epoch - 1))
