# SPDX-License-Identifier: Apache-2.0
"""The device's library, built by itself as a firmware engineer builds it: for this machine and for a Cortex-M4."""
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "device" / "library"
CORTEX_M = f"-DCMAKE_TOOLCHAIN_FILE={LIBRARY / 'cortex-m.cmake'}"


def run(*command, **more):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, errors="replace", **more)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def build(source: pathlib.Path, into: pathlib.Path, *options, targets=()):
    run("cmake", "-S", source, "-B", into, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=MinSizeRel", "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache",
        "-DCMAKE_C_COMPILER_LAUNCHER=ccache", *options)
    run("ninja", "-C", into, *targets)
    return into


def install(into: pathlib.Path, *options) -> pathlib.Path:
    """The library as a package of its own; gives the prefix that find_package() takes."""
    prefix = into / "installed"
    build(LIBRARY, into / "library", f"-DCMAKE_INSTALL_PREFIX={prefix}", *options, targets=["install"])
    return prefix
