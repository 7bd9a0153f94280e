"""The overwrite stream is what the contract says, byte for byte, wherever one looks."""

from __future__ import annotations

import struct
import subprocess
import threading
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.erasure.stream import Keystream, Pattern, Prepared, choose_cipher
from appliance.model import Stream
from appliance.tools.libcrypto import CipherName, KeystreamMaker

SEED = bytes(range(32))
CIPHERS: tuple[CipherName, ...] = get_args(CipherName)
EDGE = 256 << 30  # where a 32-bit ChaCha block counter would begin again


def chacha20_block(key: bytes, counter: int) -> bytes:
    """Bernstein's ChaCha20 with a 64-bit counter and a zero nonce, from his paper."""
    start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574]
    start += struct.unpack("<8I", key)
    start += [counter & 0xFFFFFFFF, counter >> 32, 0, 0]
    x = list(start)

    def quarter(a: int, b: int, c: int, d: int) -> None:
        for left, right, other, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            x[left] = (x[left] + x[right]) & 0xFFFFFFFF
            mixed = x[other] ^ x[left]
            x[other] = ((mixed << turn) | (mixed >> (32 - turn))) & 0xFFFFFFFF

    for _ in range(10):
        for column in range(4):
            quarter(column, 4 + column, 8 + column, 12 + column)
        for diagonal in range(4):
            quarter(
                diagonal,
                4 + (diagonal + 1) % 4,
                8 + (diagonal + 2) % 4,
                12 + (diagonal + 3) % 4,
            )
    return struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(x, start, strict=True)))


def test_the_reference_is_chacha20_of_rfc_8439() -> None:
    # RFC 8439, A.1, test vector 1.
    assert chacha20_block(bytes(32), 0).hex().startswith("76b8e0ada0f13d90405d6ae55386bd28")


@pytest.mark.parametrize("offset", [0, 64, 4 << 20, EDGE - 128, EDGE, EDGE + (7 << 40)])
def test_chacha20_is_the_contract_also_beyond_256_gib(offset: int) -> None:
    expected = b"".join(chacha20_block(SEED, offset // 64 + i) for i in range(4))
    assert Keystream("chacha20", SEED).block(offset, 256) == expected


@pytest.mark.parametrize("offset", [0, 64, 4 << 20, EDGE - 128, 7 << 40])
def test_aes_is_what_openssl_makes_from_the_counter_block_of_the_contract(offset: int) -> None:
    counter = (offset // 16).to_bytes(16, "big").hex()
    command = ["openssl", "enc", "-aes-256-ctr", "-K", SEED.hex(), "-iv", counter]
    made = subprocess.run(command, input=bytes(256), capture_output=True, check=True).stdout
    assert Keystream("aes-256-ctr", SEED).block(offset, 256) == made


@settings(deadline=None)
@given(
    cipher=st.sampled_from(CIPHERS),
    start=st.integers(0, 1 << 34).map(lambda n: n * 64)
    | st.integers(EDGE - 8192, EDGE).map(lambda n: n - n % 64),
    lengths=st.lists(st.integers(1, 40).map(lambda n: n * 64), min_size=1, max_size=4),
)
def test_a_block_is_the_same_alone_and_within_its_neighbours(
    cipher: CipherName, start: int, lengths: list[int]
) -> None:
    stream = Keystream(cipher, SEED)
    whole = stream.block(start, sum(lengths))
    at = 0
    for length in lengths:
        assert stream.block(start + at, length) == whole[at : at + length]
        at += length


@pytest.mark.parametrize("cipher", CIPHERS)
def test_a_large_block_is_the_concatenation_of_small_ones(cipher: CipherName) -> None:
    stream = Keystream(cipher, SEED)
    small = b"".join(stream.block(at, 4096) for at in range(0, 1 << 20, 4096))
    assert stream.block(0, 1 << 20) == small


def test_fresh_streams_differ_and_are_found_again_from_their_record() -> None:
    one, other = Keystream.fresh("chacha20"), Keystream.fresh("chacha20")
    assert one.block(0, 64) != other.block(0, 64)
    assert Keystream.of(one.record).block(640, 64) == one.block(640, 64)
    assert one.record.seed not in repr(one)


@pytest.mark.parametrize("offset", [-64, 1, 63, 4097])
def test_an_offset_inside_a_cipher_block_is_refused(offset: int) -> None:
    with pytest.raises(ValueError, match="multiple of 64"):
        Keystream("aes-256-ctr", SEED).block(offset, 64)


def test_a_record_that_names_no_stream_of_ours_is_refused() -> None:
    with pytest.raises(ValueError, match="rc4"):
        Keystream.of(Stream(cipher="rc4", seed=SEED.hex()))
    with pytest.raises(ValueError, match="32 bytes"):
        Keystream.of(Stream(cipher="chacha20", seed="00"))


def test_the_cipher_goes_by_the_cpu() -> None:
    assert choose_cipher(["fpu", "aes", "sse2"]) == "aes-256-ctr"
    assert choose_cipher(["fpu", "vaes-ish", "sse2"]) == "chacha20"


@given(tile=st.binary(min_size=1, max_size=7), offset=st.integers(0, 99), n=st.integers(1, 99))
def test_a_pattern_repeats_from_the_first_byte_of_the_drive(
    tile: bytes, offset: int, n: int
) -> None:
    buffer = bytearray(n)
    Pattern(tile).fill(memoryview(buffer), offset)
    assert buffer == (tile * 200)[offset : offset + n]


@given(
    tile=st.binary(min_size=1, max_size=5),
    asked=st.lists(st.tuples(st.integers(0, 50), st.integers(1, 64)), min_size=1, max_size=8),
)
def test_a_prepared_buffer_never_gives_stale_bytes(
    tile: bytes, asked: list[tuple[int, int]]
) -> None:
    prepared = Prepared(Pattern(tile), bytearray(64))
    for offset, length in asked:
        assert prepared.at(offset, length) == (tile * 200)[offset : offset + length]


def test_threads_make_their_own_places_at_once() -> None:
    stream, size = Keystream("aes-256-ctr", SEED), 1 << 20
    buffers = [bytearray(size) for _ in range(4)]
    threads = [
        threading.Thread(target=stream.fill, args=(memoryview(buffer), number * size))
        for number, buffer in enumerate(buffers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert b"".join(buffers) == stream.block(0, 4 * size)


def test_libcrypto_writes_into_nothing_that_it_was_not_given() -> None:
    maker = KeystreamMaker("chacha20", SEED, bytes(16))
    with pytest.raises(ValueError, match="128 zeros for 256 bytes"):
        maker.fill(memoryview(bytearray(256)), bytes(128))
    with pytest.raises(TypeError):
        maker.fill(memoryview(bytes(64)), bytes(64))
    with pytest.raises(ValueError, match="a key of 31"):
        KeystreamMaker("chacha20", SEED[:31], bytes(16))
