"""The whole main job, shown to a newcomer: a donated PC in QEMU, the real stick, a real server.

Makes disks with a past, starts the central server, arms a stick with a batch ticket, boots it,
reads the raw disks itself, boots what was laid down, and says what it found. It stands outside
the product: it uses the product's commands and files and never its Python modules.
"""
