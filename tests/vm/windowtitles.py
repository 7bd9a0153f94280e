"""Runs inside a family's session: the titles of the windows on its screen, one a line.

Asked of X, as the panel does: LibreOffice under a screen reader is many times slower.
"""

import ctypes

x = ctypes.CDLL("libX11.so.6")
for function in (x.XOpenDisplay, x.XDefaultRootWindow, x.XInternAtom):
    function.restype = ctypes.c_void_p
display = ctypes.c_void_p(x.XOpenDisplay(None))
# A window that closes between the list and its title is an error, for which Xlib ends the program.
go_on = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda *_: 0)
x.XSetErrorHandler(go_on)


def atom(name: str) -> ctypes.c_ulong:
    return ctypes.c_ulong(x.XInternAtom(display, name.encode(), 0))


def words(window: int, name: str, size: int) -> bytes:
    """A property's value; Xlib gives numbers of 32 bits as C's long."""
    kind, width = ctypes.c_ulong(), ctypes.c_int()
    count, left = ctypes.c_ulong(), ctypes.c_ulong()
    data = ctypes.c_void_p()
    told = map(ctypes.byref, (kind, width, count, left, data))
    whole, anything = ctypes.c_long(1 << 16), ctypes.c_ulong(0)
    x.XGetWindowProperty(
        display, ctypes.c_ulong(window), atom(name), ctypes.c_long(0), whole, 0, anything, *told
    )
    return ctypes.string_at(data, count.value * size) if data.value else b""


listed = words(x.XDefaultRootWindow(display), "_NET_CLIENT_LIST", ctypes.sizeof(ctypes.c_ulong))
for window in memoryview(listed).cast("L"):
    print(words(window, "_NET_WM_NAME", 1).decode(errors="replace"))
