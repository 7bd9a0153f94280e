"""The text screens: they show what the engine's state says and send back what a person asks.

A screen knows nothing of drives' technology and touches no terminal; only `loop` does.
"""
