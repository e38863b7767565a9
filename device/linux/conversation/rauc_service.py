# SPDX-License-Identifier: Apache-2.0
"""A RAUC that does what its files say, on the bus of DBUS_SYSTEM_BUS_ADDRESS. usage: rauc_service.py FOLDER
FOLDER/booted: the boot slot's name; FOLDER/fails: an installation's error, if it is there; FOLDER/calls: what was called."""
import pathlib
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

NAME, INTERFACE = "de.pengutronix.rauc", "de.pengutronix.rauc.Installer"


class Rauc(dbus.service.Object):
    def __init__(self, bus, folder):
        super().__init__(bus, "/")
        self.folder, self.operation = folder, "idle"

    def say(self, text):
        with open(self.folder / "calls", "a") as file:
            file.write(text + "\n")

    @dbus.service.method(INTERFACE, in_signature="sa{sv}", out_signature="")
    def InstallBundle(self, source, _):
        self.say(f"install {pathlib.Path(source).read_bytes()[:40].decode()}")
        self.operation = "installing"
        GLib.timeout_add(300, self.finish)

    def finish(self):
        self.operation = "idle"
        self.Completed(1 if (self.folder / "fails").exists() else 0)
        return False

    @dbus.service.signal(INTERFACE, signature="i")
    def Completed(self, result):
        pass

    @dbus.service.method(INTERFACE, in_signature="ss", out_signature="ss")
    def Mark(self, state, slot):
        self.say(f"mark {state} {slot}")
        return "rootfs.0", f"marked {state}"

    @dbus.service.method(dbus.PROPERTIES_IFACE, in_signature="ss", out_signature="v")
    def Get(self, _, name):
        if name == "BootSlot":
            return (self.folder / "booted").read_text()
        return {"Operation": self.operation, "LastError": (self.folder / "fails").read_text() if (self.folder / "fails").exists() else ""}[name]


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
system = dbus.SystemBus()
service = Rauc(system, pathlib.Path(sys.argv[1]))
name = dbus.service.BusName(NAME, system)
(service.folder / "ready").touch()
GLib.MainLoop().run()
