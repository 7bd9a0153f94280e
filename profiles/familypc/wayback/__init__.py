"""The way back of a PC whose root is a btrfs: the factory state, and the state before an update.

`@` is the system, `@home` people's files. The first start puts the machine's own ids into `@`, then
keeps both as read-only snapshots, `@factory` and `@home-factory`; before updates a snapshot of `@`
is kept. A boot-menu entry starts a copy of `@factory` (`@asking`), whatever has become of `@`; it
asks, then exchanges `@` (and `@home`, if the files are to go) for a copy of what was chosen.
"""
