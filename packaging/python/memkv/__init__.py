"""memkv: a SQLite extension that keeps huge ordered key sets in little memory."""

import pathlib

__version__ = "@VERSION@"


def loadable_path():
    """The path of the loadable extension, as Connection.load_extension() takes it."""
    return str(pathlib.Path(__file__).with_name("memkv.so"))


def load(connection):
    """Loads memkv into a sqlite3.Connection, or an apsw.Connection; leaves extension loading off."""
    enable = getattr(connection, "enable_load_extension", None) or getattr(connection, "enableloadextension", None)
    if enable is None:
        raise RuntimeError("memkv: this Python's sqlite3 was built without extension loading")
    load_extension = getattr(connection, "load_extension", None) or connection.loadextension
    enable(True)
    try:
        load_extension(loadable_path())
    finally:
        enable(False)
