#!/usr/bin/env python3
"""Checks what pages refer to: links lead to files, every page is in the index, and code shown is the file's.

usage: pages.py
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).parents[2]
wrong = []
pages = sorted((ROOT / "docs").glob("*.md")) + [ROOT / "README.md", ROOT / "sql/README.md"]
for page in pages:
    text = page.read_text()
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        if not (page.parent / target).exists():
            wrong.append(f"{page}: there is no {target}")
    for name, shown in re.findall(r"\]\(([^)]+\.cc)\)[^`]*```cpp\n(.*?)^```", text, re.M | re.S):
        if (page.parent / name).read_text() != shown:
            wrong.append(f"{page}: the code is not what {name} holds")
index = (ROOT / "docs/index.md").read_text()
wrong += [f"docs/index.md does not link {page.name}" for page in sorted((ROOT / "docs").glob("*.md"))
          if page.name != "index.md" and f"({page.name})" not in index]
print(*wrong, sep="\n")
sys.exit(bool(wrong))
