#!/usr/bin/env python3
"""Builds what package registries take: npm packages, Python wheels, sqlpkg.json and its archives.

usage: build_packages.py OUTPUT_DIR CPU=MODULE...     CPU is x86_64 or aarch64, MODULE its memkv.so

The standard library alone does it, and the same modules give the same bytes.
"""

import base64
import gzip
import hashlib
import io
import json
import pathlib
import re
import sys
import tarfile
import zipfile

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent
SUMMARY = "SQLite extension that keeps huge ordered key sets in little memory"
# What each registry calls a CPU. The modules need glibc 2.36 at most (tests/packaging/binary.sh checks it).
CPUS = {
    "x86_64": {"npm": "x64", "wheel": "manylinux_2_36_x86_64", "sqlpkg": "amd64"},
    "aarch64": {"npm": "arm64", "wheel": "manylinux_2_36_aarch64", "sqlpkg": "arm64"},
}


def version():
    header = (ROOT / "ext/memkv.h").read_text()
    return re.search(r'#define MEMKV_VERSION "(.*)"', header)[1]


def pretty(value):
    return (json.dumps(value, indent=2) + "\n").encode()


def tar_gz(path, files):
    """files: names to bytes."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o644
            tar.addfile(entry, io.BytesIO(data))
    with open(path, "wb") as out, gzip.GzipFile(filename="", fileobj=out, mode="wb", mtime=0) as zipped:
        zipped.write(raw.getvalue())


def npm(output, modules):
    common = {"version": version(), "description": SUMMARY, "license": "MIT"}
    license_text = (ROOT / "LICENSE").read_bytes()
    names = {}
    for cpu, module in modules.items():
        arch = CPUS[cpu]["npm"]
        name = names[cpu] = f"memkv-linux-{arch}"
        manifest = {"name": name, **common, "os": ["linux"], "cpu": [arch], "libc": ["glibc"], "files": ["memkv.so"]}
        tar_gz(output / f"{name}-{version()}.tgz", {
            "package/package.json": pretty(manifest), "package/memkv.so": module, "package/LICENSE": license_text})
    manifest = {
        "name": "memkv", **common, "main": "index.js", "types": "index.d.ts", "files": ["index.js", "index.d.ts"],
        "keywords": ["sqlite", "sqlite-extension", "trie", "fst", "key-value"],
        "optionalDependencies": {name: version() for name in names.values()}}
    files = {f"package/{path.name}": path.read_bytes() for path in sorted((HERE / "npm").iterdir())}
    tar_gz(output / f"memkv-{version()}.tgz",
           {"package/package.json": pretty(manifest), **files, "package/LICENSE": license_text})


def wheel(output, cpu, module):
    tag = f"py3-none-{CPUS[cpu]['wheel']}"
    info = f"memkv-{version()}.dist-info"
    metadata = (f"Metadata-Version: 2.1\nName: memkv\nVersion: {version()}\nSummary: {SUMMARY}\nLicense: MIT\n"
                "Requires-Python: >=3.8\nDescription-Content-Type: text/markdown\n\n")
    files = {
        "memkv/__init__.py": (HERE / "python/memkv/__init__.py").read_text().replace("@VERSION@", version()).encode(),
        "memkv/memkv.so": module,
        f"{info}/METADATA": metadata.encode() + (HERE / "python/README.md").read_bytes(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: memkv\nRoot-Is-Purelib: false\nTag: {tag}\n".encode(),
        f"{info}/LICENSE": (ROOT / "LICENSE").read_bytes(),
    }
    record = ""
    for name, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(data)}\n"
    files[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    with zipfile.ZipFile(output / f"memkv-{version()}-{tag}.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)  # dated 1980, as zip has no later constant
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, data)


def sqlpkg(output, modules):
    files, checksums = {}, {}
    for cpu, module in modules.items():
        platform = f"linux-{CPUS[cpu]['sqlpkg']}"
        name = files[platform] = f"memkv-{version()}-{platform}.tar.gz"
        tar_gz(output / name, {"memkv.so": module, "LICENSE": (ROOT / "LICENSE").read_bytes()})
        checksums[name] = "sha256-" + hashlib.sha256((output / name).read_bytes()).hexdigest()
    (output / "sqlpkg.json").write_bytes(pretty({
        "owner": "memkv", "name": "memkv", "version": version(), "authors": ["The memkv authors"], "license": "MIT",
        "description": SUMMARY, "keywords": ["trie", "fst", "prefix", "url"],
        "symbols": ["memkv", "memkv_count", "memkv_facets", "memkv_freeze"],
        # The release's folder: sqlpkg takes a local one too.
        "assets": {"path": str(output.resolve()), "files": files, "checksums": checksums}}))


def main():
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    output = pathlib.Path(sys.argv[1])
    modules = {}
    for argument in sys.argv[2:]:
        cpu, _, path = argument.partition("=")
        if cpu not in CPUS:
            raise SystemExit(f'build_packages.py: unknown CPU "{cpu}" (known: {", ".join(CPUS)})')
        modules[cpu] = pathlib.Path(path).read_bytes()
    output.mkdir(parents=True, exist_ok=True)
    npm(output, modules)
    for cpu, module in modules.items():
        wheel(output, cpu, module)
    sqlpkg(output, modules)


main()
