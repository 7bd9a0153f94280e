"""`python -m imagebuilder COMMAND`: the table of what can be built.

A command is a module with `add_arguments(parser)` and `command(args) -> exit status`, imported
only when it is called. Exit status 2 means bad input, nothing made; 1 means that it failed.
"""

import argparse
import importlib
import sys

from imagebuilder.run import ProgramError

_COMMANDS = {
    "catalogues": ("imagebuilder.catalogues", "compile the translations for this machine"),
    "demo": ("imagebuilder.demo.command", "the whole main job in a virtual donated PC"),
    "image": ("imagebuilder.images.build", "build OS images from profiles"),
    "check": ("imagebuilder.images.names", "check profiles without building them"),
    "keygen": ("imagebuilder.images.keys", "make the organisation's image key"),
    "stick": ("imagebuilder.stick.command", "build dist/tajdeed.img, the live stick"),
    "usb": ("imagebuilder.stick.usb", "write a personal stick to a USB medium"),
    "run": ("imagebuilder.stick.tryout", "boot the stick in a virtual machine, to try by hand"),
    "test": ("imagebuilder.checks", "checkers and tests"),
    "tools-root": ("imagebuilder.toolsroot", "make the Debian 13 tools root; run things in it"),
}


def main(argv: list[str]) -> int:
    """Parse the command's name, import its module, run it."""
    parser = argparse.ArgumentParser(prog="imagebuilder", description=__doc__)
    commands = parser.add_subparsers(dest="name", required=True, metavar="COMMAND")
    wanted = argv[0] if argv else ""
    for name, (module_name, help_text) in _COMMANDS.items():
        sub = commands.add_parser(name, help=help_text)
        if name == wanted:
            module = importlib.import_module(module_name)
            module.add_arguments(sub)
            sub.set_defaults(command_function=module.command)
    args = parser.parse_args(argv)
    try:
        return int(args.command_function(args))
    except ProgramError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
