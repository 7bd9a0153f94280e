"""Re-check a wiped drive without Tajdeed: python3 recheck_standalone.py STATEMENT DEVICE [LATER...]

Needs Python and `cryptography` only. Reads; checks no signature (`tajdeed verify` does). LATER
are deployment statements, whose extents are left out. Exit: 0 as stated, 1 differs, 2 bad input.
"""

import base64
import json
import os
import sys

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def body(path: str) -> dict:  # type: ignore[type-arg]
    with open(path, "rb") as file:
        payload = file.read().split(b".")[1]
    found: dict = json.loads(base64.urlsafe_b64decode(payload + b"==="))["body"]  # type: ignore[type-arg]
    return found


def stated(cipher: str, seed: bytes, offset: int, length: int) -> bytes:
    # length must not cross a multiple of 256 GiB: libraries count 32 bits of ChaCha20's counter
    if cipher == "aes-256-ctr":
        mode = modes.CTR((offset // 16).to_bytes(16, "big"))
        return Cipher(algorithms.AES(seed), mode).encryptor().update(bytes(length))
    nonce = (offset // 64).to_bytes(8, "little") + bytes(8)
    return Cipher(algorithms.ChaCha20(seed, nonce), None).encryptor().update(bytes(length))


def main(statement: str, device: str, *later: str) -> int:
    drive, step, bad = body(statement), 1 << 20, 0
    keyed = drive["attempts"][-1]["stream"]
    covered = [r for path in later for r in body(path)["written"]]
    zeros = drive["zeroed"] + drive["discarded"]
    with open(device, "rb") as disk:
        size = disk.seek(0, os.SEEK_END)
        if keyed is None or size != drive["drive"]["size_after_bytes"]:
            print("no stream in this statement, or a device of another size")
            return 2
        for at in range(0, size, step):
            want = bytearray(stated(keyed["cipher"], bytes.fromhex(keyed["seed"]), at, step))
            disk.seek(at)
            have = bytearray(disk.read(step))
            del want[len(have) :]
            for ranges, filled in ((zeros, (want,)), (covered, (want, have))):
                for r in ranges:
                    low = max(r["offset"], at) - at
                    high = min(r["offset"] + r["length"], at + len(have)) - at
                    for buffer in filled if low < high else ():
                        buffer[low:high] = bytes(high - low)
            for i in range(0, len(have), 512):
                if have[i : i + 512] != want[i : i + 512]:
                    bad += 1
                    print(f"differs at byte {at + i}")
    print("DIFFERS" if bad else "AS STATED")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
