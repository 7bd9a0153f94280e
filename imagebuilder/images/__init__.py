"""OS images from profiles: a Debian tree, a bootable disk, independent frames, a signature.

Needs root and the tools root, never a loop device. Downloads and the tree of packages are
cached by the hash of their recipe; the finished image lies in `dist/images/PROFILE/`.
"""
