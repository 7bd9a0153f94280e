"""The first start of a family's PC: language, keyboard, Wi-Fi, account and time, once.

A small assistant of our own over accountsservice, localed, timedated and NetworkManager. It
works by keyboard alone and without the net, and never asks for a login name.
"""
