#!/usr/bin/env python3
"""Types what a page's ```console blocks show, line by line, and compares what comes back with what they show.

usage: console.py MODULE PAGE.md [--update]     --update writes what comes back into the page instead

    $ COMMAND          is run by bash, in a folder of its own that has this project's docs/ and sql/ in it
    sqlite> SQL        goes to the shell that the last `$ sqlite3 ...` opened; `   ...> ` lines carry it on

All blocks of a page are one session. `.load memkv` finds the module as an installed package's is found.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[2]
SHELL, SQL, MORE = "$ ", "sqlite> ", "   ...> "
MARK = "@@ what the next statement gives follows @@"


class Step:
    """One prompt's input, and the output that the page shows under it: its lines' numbers and text."""

    def __init__(self, kind, line, text):
        self.kind, self.line, self.input = kind, line, [text]
        self.shown, self.got = [], []


def read_steps(lines):
    steps, inside = [], False
    for number, line in enumerate(lines):
        if line == "```console":
            inside = True
        elif line == "```":
            inside = False
        elif inside and line.startswith(SHELL):
            steps.append(Step(SHELL, number, line[len(SHELL):]))
        elif inside and line.startswith(SQL):
            steps.append(Step(SQL, number, line[len(SQL):]))
        elif inside and line.startswith(MORE):
            steps[-1].input.append(line[len(MORE):])
        elif inside:
            steps[-1].shown.append(line)
    return steps


def run(command, text, folder, module):
    environment = {**os.environ, "LD_LIBRARY_PATH": str(pathlib.Path(module).resolve().parent)}
    done = subprocess.run(["bash", "-c", command], input=text, cwd=folder, env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    return done.stdout


def play(steps, module):
    with tempfile.TemporaryDirectory() as folder:
        for name in ("docs", "sql"):
            os.symlink(ROOT / name, pathlib.Path(folder) / name)
        at = 0
        while at < len(steps):
            opener = steps[at]
            session = []
            at += 1
            while at < len(steps) and steps[at].kind == SQL:
                session.append(steps[at])
                at += 1
            if not session:
                opener.got = run(opener.input[0], "", folder, module).splitlines()
                continue
            text = "".join(f".print {MARK}\n" + "\n".join(step.input) + "\n" for step in session)
            output = run(opener.input[0].replace("sqlite3", "sqlite3 -batch", 1), text, folder, module)
            parts = output.split(MARK + "\n")
            for step, part in zip(session, parts[1:]):
                # What the shell adds only where no one types.
                step.got = re.sub(r"^(\w+ error) near line \d+:", r"\1:", part, flags=re.M).splitlines()


def main():
    module, page = sys.argv[1], pathlib.Path(sys.argv[2])
    lines = page.read_text().split("\n")
    steps = read_steps(lines)
    if not steps:
        raise SystemExit(f"{page} has no ```console block")
    play(steps, module)
    if sys.argv[3:] == ["--update"]:
        for step in reversed(steps):
            first = step.line + len(step.input)
            lines[first:first + len(step.shown)] = step.got
        page.write_text("\n".join(lines))
        return
    wrong = 0
    for step in steps:
        if step.shown != step.got:
            wrong += 1
            print(f"{page}:{step.line + 1}: {step.kind}{step.input[0]}")
            print("  shown:", *step.shown, sep="\n    ")
            print("  got:", *step.got, sep="\n    ")
    print(f"{page.name}: {len(steps)} steps, {wrong} of them wrong")
    sys.exit(wrong != 0)


main()
