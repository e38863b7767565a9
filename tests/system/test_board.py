# SPDX-License-Identifier: Apache-2.0
"""A real firmware image boots: the virtual board goes from U-Boot to UEFI, and back from what does not boot."""
import pathlib
import re
import urllib.request

from cloud import until

ROOT = pathlib.Path(__file__).resolve().parents[2]
U_BOOT = pathlib.Path("/usr/lib/u-boot/qemu_arm64/u-boot.bin")
UEFI = pathlib.Path("/usr/share/qemu-efi-aarch64/QEMU_EFI.fd")
STREAM_LIMIT = 24 * 1024 * 1024


def blocks_sent(server) -> float:
    text = urllib.request.urlopen(f"{server.http}/metrics", timeout=10).read().decode()
    return sum(float(value) for value in re.findall(r"^otabahn_gateway_blocks_total(?:\{.*\})? (\S+)$", text, re.M))


def test_a_24_mib_image_boots_and_what_does_not_boot_is_rolled_back(signed, make_device, tmp_path):
    console = tmp_path / "console.log"
    console.write_text("")
    banner = lambda: re.search(r"U-Boot 20|UEFI firmware", console.read_text(errors="replace"))
    device = make_device("board-1", image=U_BOOT.read_bytes(), self_test_seconds=3,
                         command=["sh", str(ROOT / "examples/board/board.sh"), "{image}", str(console)],
                         self_test_command=["grep", "-qaE", "U-Boot 20|UEFI firmware", str(console)])
    until(lambda: banner() and banner().group().startswith("U-Boot"), 20, "U-Boot on the console")

    image = tmp_path / "uefi.bin"
    image.write_bytes(UEFI.read_bytes().ljust(STREAM_LIMIT, b"\xff"))
    signed.otabahn("deploy", image, "--to", "thing/board-1", "--version", "1.1.0", "--name", "board-uefi")
    assert banner().group().startswith("UEFI"), console.read_text(errors="replace")
    assert device.status()["version"] == "1.1.0"
    profile = signed.boto("signer").get_signing_profile(profileName="release")
    assert profile["platformId"] == "AWSIoTDeviceManagement-SHA256-ECDSA"

    # Signed by somebody else: refused before a block is asked for.
    signed.otabahn("signing", "create", "stranger")
    junk = tmp_path / "junk.bin"
    junk.write_bytes(bytes(range(256)) * 4096)
    before = blocks_sent(signed)
    assert before >= STREAM_LIMIT / 131072
    done = signed.otabahn("deploy", junk, "--to", "thing/board-1", "--version", "1.2.0", "--name", "board-stranger", "--signing-profile", "stranger", check=False)
    assert done.returncode == 1
    outcome = device.outcome("board-stranger")
    assert outcome["status"] == "REJECTED" and outcome["details"]["reason"] == "certificate-unknown", outcome
    assert blocks_sent(signed) == before

    # Rightly signed, but it does not boot.
    done = signed.otabahn("deploy", junk, "--to", "thing/board-1", "--version", "1.2.0", "--name", "board-junk", "--signing-profile", "release", check=False)
    assert done.returncode == 1
    outcome = device.outcome("board-junk")
    assert outcome["status"] == "FAILED" and outcome["details"]["reason"] == "self-test" and outcome["details"]["version"] == "1.1.0", outcome
    until(lambda: banner() and banner().group().startswith("UEFI"), 20, "UEFI on the console again")
    assert device.status()["version"] == "1.1.0"
    signed.boto("signer").cancel_signing_profile(profileName="stranger")


def test_a_file_over_24_mib_is_refused_before_it_is_uploaded(signed, tmp_path):
    signed.boto("iot").create_thing(thingName="too-large")
    image = tmp_path / "large.bin"
    image.write_bytes(b"\0" * (STREAM_LIMIT + 1))
    done = signed.otabahn("deploy", image, "--to", "thing/too-large", "--version", "1.0.0", "--signing-profile", "release", check=False)
    assert done.returncode == 1 and str(STREAM_LIMIT) in done.stderr
