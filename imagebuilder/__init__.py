"""Builds what Tajdeed consists of: the tools root, the live stick, the OS images.

Runs on a developer's or office's Debian 12/13 machine, never on the stick. It speaks English only
and shares with `appliance` nothing but what describes and signs images.
"""
