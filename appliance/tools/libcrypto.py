"""OpenSSL's libcrypto, called without Python's lock: key streams for gigabytes.

python3-cryptography (43 in Debian 13) holds that lock while it encrypts, so that one lane's cipher
text kept all others of a drive waiting and a worker never used more than one processor. ctypes
lets go of it for the length of a call.
"""

from __future__ import annotations

import ctypes
from typing import Any, Literal

CipherName = Literal["aes-256-ctr", "chacha20"]

KEY_BYTES = 32
IV_BYTES = 16

_LIBRARY = "libcrypto.so.3"
_FUNCTIONS: dict[CipherName, str] = {"aes-256-ctr": "EVP_aes_256_ctr", "chacha20": "EVP_chacha20"}
_POINTER = ctypes.c_void_p


class KeystreamMaker:
    """One cipher from one place of its key stream on (EVP_EncryptInit(3)); for one thread.

    `iv` for `aes-256-ctr`: the first counter block; for `chacha20`: the first block's number as a
    32-bit little-endian word, then 12 bytes of nonce (EVP_chacha20(3)).
    """

    def __init__(self, cipher: CipherName, key: bytes, iv: bytes) -> None:
        if len(key) != KEY_BYTES or len(iv) != IV_BYTES:
            raise ValueError(f"a key of {len(key)} and an IV of {len(iv)} bytes")
        self._context = _new_context()
        if not self._context:
            raise MemoryError("EVP_CIPHER_CTX_new")
        kind = _function(_FUNCTIONS[cipher], _POINTER)()
        if _init(self._context, kind, None, key, iv) != 1:
            raise RuntimeError(f"libcrypto does not take {cipher}")

    def __del__(self) -> None:
        if getattr(self, "_context", None):
            _free_context(self._context)
            self._context = None

    def fill(self, buffer: memoryview, zeros: bytes) -> None:
        """Fill a writable buffer with the next bytes; `zeros` are at least as many zero bytes."""
        length = len(buffer)
        if length > len(zeros):
            raise ValueError(f"{len(zeros)} zeros for {length} bytes")
        written = ctypes.c_int()
        target = (ctypes.c_char * length).from_buffer(buffer)
        if _update(self._context, target, written, zeros, length) != 1 or written.value != length:
            raise RuntimeError("libcrypto did not encrypt")


def _function(name: str, result: Any, *arguments: Any) -> Any:
    function = getattr(_libcrypto, name)
    function.restype, function.argtypes = result, arguments
    return function


_libcrypto = ctypes.CDLL(_LIBRARY)
_new_context = _function("EVP_CIPHER_CTX_new", _POINTER)
_free_context = _function("EVP_CIPHER_CTX_free", None, _POINTER)
_init = _function(
    "EVP_EncryptInit_ex",
    ctypes.c_int,
    *(_POINTER, _POINTER, _POINTER, ctypes.c_char_p, ctypes.c_char_p),
)
_update = _function(
    "EVP_EncryptUpdate",
    ctypes.c_int,
    *(_POINTER, _POINTER, ctypes.POINTER(ctypes.c_int), ctypes.c_char_p, ctypes.c_int),
)
