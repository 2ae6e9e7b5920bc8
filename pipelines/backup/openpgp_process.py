"""Encrypts or decrypts its standard input by OpenPGP; started by `openpgp.py`, imports nothing of ours.

A process of its own, because the library holds Python's lock while it works, and nobody could fill its pipe meanwhile.
"""

import os
import sys

import pysequoia

INPUT, OUTPUT = "/dev/stdin", "/dev/stdout"


def main(what: str, *words: str) -> None:
    """`encrypt FILE…`: for these public keys; `decrypt FILE N`: the passphrase comes by the file with number N."""
    if what == "encrypt":
        keys = [key for file in words for key in pysequoia.Cert.split_file(file)]
        pysequoia.encrypt_file(INPUT, OUTPUT, recipients=keys, armor=False)
        return
    with os.fdopen(int(words[1]), "rb") as pipe:
        passphrase = pipe.read().decode() or None
    secret = pysequoia.Tsk.from_file(words[0])
    pysequoia.decrypt_file(INPUT, OUTPUT, decryptor=secret.decryptor(passphrase))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except RuntimeError as problem:
        # What follows the first line is where in the library it was.
        sys.exit(str(problem).partition("\n")[0])
