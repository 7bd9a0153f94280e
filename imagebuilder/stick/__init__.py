"""The live stick: `dist/tajdeed.img` and personal sticks made from the same parts.

Three layers, each rebuilt only when its own recipe changes: the base (Debian packages, trimmed,
minutes), the application (this repository's code and the stick's configuration, a second) and
the written stick (partitions, identity, settings, images: seconds). No loop device, no mount.
"""
