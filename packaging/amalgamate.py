#!/usr/bin/env python3
"""Writes the whole of memkv as one pair of files, memkv.cc and memkv.h, for builds that link it in.

usage: amalgamate.py SOURCE_DIR OUTPUT_DIR

Sources follow each other from the lowest room up; a header of ours stands where it is first included,
system headers stay includes. All of it is one translation unit then, so that two files' unnamed
namespaces are one: a name that several of them declare gets its file's name appended, in that file.
"""

import collections
import pathlib
import re
import sys

ROOMS = ["core", "core/art", "core/fst", "core/view", "core/query", "core/store", "ext", "ext/plan", "ext/walk", "ext/functions"]
PUBLIC_HEADER = "ext/memkv.h"

INCLUDE = re.compile(r'#include "([^"]+)"')
UNNAMED = re.compile(r"^namespace \{\n(.*?)^\}  // namespace\n", re.M | re.S)
# What declares a name at the left margin: a type, an alias, or the last word before ( = [ { or ;
TYPE = re.compile(r"^(?:struct|class|enum class|enum|union) (\w+)|^using (\w+) =")
OTHER = re.compile(r"^(?!template|using|namespace|static_assert|return|public|private)[\w:].*?\b(\w+)(?:\(|\[[^\]]*\]| = |\{|;)")
# Comments and literals are passed over; a member, or a name qualified by another than memkv, is not the file's own.
TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|(?<![\w.:])(?<!->)(?:memkv::(?:\w+::)*)?([A-Za-z_]\w*)""",
    re.S)

HEAD = """// memkv as one file, made by packaging/amalgamate.py from the sources it names. Do not edit.
//
// Linked into a program (with its own sqlite3.h in reach):
//     g++ -std=c++20 -O2 -DSQLITE_CORE -c memkv.cc
//     sqlite3_auto_extension((void (*)(void))sqlite3_memkv_init);   // before sqlite3_open()
// As a loadable module:
//     g++ -std=c++20 -O2 -fPIC -shared -fvisibility=hidden memkv.cc -o memkv.so

"""


def unnamed_names(text):
    """The names that the file's unnamed namespaces declare."""
    names = set()
    for body in UNNAMED.findall(text):
        for line in body.splitlines():
            line = re.sub(r"^(template <.*?> )", "", line)
            found = TYPE.match(line) or OTHER.match(line)
            if found:
                names.update(name for name in found.groups() if name)
    return names


def renamed(text, names, suffix):
    return TOKEN.sub(lambda m: m[0] + suffix if m[1] in names else m[0], text)


class Amalgamation:
    def __init__(self, root):
        self.root = root
        self.seen = set()
        self.out = [HEAD]

    def add(self, path, text=None):
        """Appends a file; what it includes of ours, and is not there yet, stands before its next line."""
        self.seen.add(path)
        text = text if text is not None else (self.root / path).read_text()
        self.out.append(f"\n// ---- {path}\n\n")
        for line in text.splitlines():
            include = INCLUDE.match(line)
            target = self.find(include[1], path) if include else None
            if target is None:
                self.out.append(line + "\n")
            elif target == PUBLIC_HEADER:
                self.out.append('#include "memkv.h"\n')
            elif target not in self.seen:
                self.add(target)

    def find(self, name, includer):
        """An include's path from the root; beside the file that includes it if it is not there."""
        for path in (pathlib.PurePosixPath(name), pathlib.PurePosixPath(includer).parent / name):
            if (self.root / path).is_file():
                return str(path)
        raise SystemExit(f'amalgamate.py: {includer} includes "{name}", which is not in the sources')


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    root, output = map(pathlib.Path, sys.argv[1:])
    sources = [str(path.relative_to(root)) for room in ROOMS for path in sorted((root / room).glob("*.cc"))]
    left = {str(path.relative_to(root)) for room in ("core", "ext") for path in (root / room).rglob("*.cc")} - set(sources)
    if left:
        raise SystemExit(f"amalgamate.py: in no room of ROOMS: {', '.join(sorted(left))}")
    texts = {path: (root / path).read_text() for path in sources}
    declared = {path: unnamed_names(text) for path, text in texts.items()}
    count = collections.Counter(name for names in declared.values() for name in names)
    result = Amalgamation(root)
    for path in sources:
        shared = {name for name in declared[path] if count[name] > 1}
        suffix = "_" + re.sub(r"\W", "_", path.removesuffix(".cc"))
        result.add(path, renamed(texts[path], shared, suffix))
    output.mkdir(parents=True, exist_ok=True)
    (output / "memkv.cc").write_text("".join(result.out))
    (output / "memkv.h").write_text((root / PUBLIC_HEADER).read_text())


main()
