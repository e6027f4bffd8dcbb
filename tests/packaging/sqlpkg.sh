#!/usr/bin/env bash
# sqlpkg.sh MODULE: sqlpkg.json names archives that are there, with their checksums, and hold a module that loads.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
has sqlite3 sqlite3
packages "$1"
cd "$folder"
/usr/bin/python3 - <<'END'
import hashlib, json, pathlib, tarfile

spec = json.loads(pathlib.Path("packages/sqlpkg.json").read_text())
for key in ("owner", "name", "version", "license", "description"):
    assert spec[key], key
assets = spec["assets"]
assert assets["files"] and set(assets["files"].values()) == set(assets["checksums"])
for platform, name in assets["files"].items():
    data = (pathlib.Path(assets["path"]) / name).read_bytes()
    assert assets["checksums"][name] == "sha256-" + hashlib.sha256(data).hexdigest(), name
    assert tarfile.open(pathlib.Path(assets["path"]) / name).extractfile("memkv.so").read(4) == b"\x7fELF"
END
tar xzf packages/memkv-*-linux-*.tar.gz
is memkv_version "$version" "$(sqlite3 :memory: '.load ./memkv' 'select memkv_version()')"
