// SPDX-License-Identifier: Apache-2.0
// The back ends that need nothing but files and commands, each through a whole update and the ways in which it fails.
#include "device/install/install_fixture_test.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace otabahn::device {
namespace {

using testing::HasSubstr;

Words shell(const std::string& text) { return {"sh", "-c", text}; }

class InstallersTest : public InstallTest {
  protected:
    void named_slots(std::string_view a = "aaaaaaaaaaaaaaaa", std::string_view b = "bbbbbbbbbbbbbbbb") {
        settings.slot_a = folder.write("slots/a", a);
        settings.slot_b = folder.write("slots/b", b);
    }
    std::string link() { return std::filesystem::read_symlink(settings.active_link).filename().string(); }
};

TEST_F(InstallersTest, FilesBehindALinkAreSwitchedByIt) {
    settings.install = "files";
    named_slots();
    settings.active_link = folder.path() / "current";
    settings.restart_command = shell("cat current >> ran; echo >> ran");
    ASSERT_TRUE(stages().installer().adopt(0));
    EXPECT_EQ(link(), "a");
    EXPECT_FALSE(stages().installer().boots_machine());
    EXPECT_TRUE(answer_of(stages().restart(0)).good);
    put(1, "new");
    EXPECT_TRUE(install(1).good);
    EXPECT_EQ(link(), "b");
    EXPECT_TRUE(answer_of(stages().confirm(1)).good);
    EXPECT_EQ(folder.read("ran"), "aaaaaaaaaaaaaaaa\nnew\n");
    EXPECT_TRUE(answer_of(stages().restart(1)).good);
    EXPECT_EQ(folder.read("ran"), "aaaaaaaaaaaaaaaa\nnew\n") << "told once of each image";
    record.stage = Stage::rolling_back;
    EXPECT_TRUE(answer_of(stages().roll_back(0)).good);
    EXPECT_TRUE(answer_of(stages().restart(0)).good);
    EXPECT_EQ(folder.read("ran"), "aaaaaaaaaaaaaaaa\nnew\naaaaaaaaaaaaaaaa\n");
}

TEST_F(InstallersTest, ALinkThatCannotBeMadeIsTold) {
    settings.install = "files";
    named_slots();
    settings.active_link = folder.path() / "nowhere" / "current";
    put(1, "new");
    const Input failed = answer_of(stages().activate(1));
    EXPECT_FALSE(failed.good);
    EXPECT_THAT(std::string(failed.text), HasSubstr("nowhere/current.new"));
    EXPECT_THAT(stages().installer().running().error().message, HasSubstr("points at neither slot"));
}

TEST_F(InstallersTest, DevicesAreWrittenInPlaceAndKeepTheirSize) {
    settings.install = "devices";
    named_slots();
    settings.activate_command = shell("echo activate $OTABAHN_SLOT $OTABAHN_IMAGE >> told");
    settings.rollback_command = shell("echo back to $OTABAHN_SLOT >> told");
    settings.running_command = shell("echo b");
    settings.reboot_command = shell("echo reboot >> told");
    EXPECT_EQ(stages().prepare(1, 17).value_or(""), settings.slot_b.string() + " has room for 16 bytes, the image has 17.");
    put(1, "new");
    EXPECT_EQ(folder.read("slots/b"), "newbbbbbbbbbbbbb");
    record.stage = Stage::activating;
    EXPECT_TRUE(answer_of(stages().activate(1)).good);
    record.stage = Stage::armed;
    EXPECT_FALSE(stages().restart(1));
    for (int i = 0; i < 1'000 && folder.read("told").find("reboot") == std::string::npos; ++i) {
        EXPECT_FALSE(stages().poll()) << "the machine boots instead of an answer";
        ::usleep(10'000);
    }
    EXPECT_EQ(folder.read("told"), "activate b " + settings.slot_b.string() + "\nreboot\n");
    EXPECT_EQ(stages().installer().running().value(), 1);
    stages_.reset();
    EXPECT_TRUE(answer_of(stages().roll_back(0)).good);
    EXPECT_THAT(folder.read("told"), HasSubstr("back to a\n"));
}

TEST_F(InstallersTest, ADeviceThatIsNotThereIsTold) {
    settings.install = "devices";
    settings.slot_a = settings.slot_b = folder.path() / "no-device";
    EXPECT_THAT(std::string(*stages().prepare(1, 3)), HasSubstr("no-device: cannot be opened for writing"));
    EXPECT_FALSE(std::filesystem::exists(settings.slot_b)) << "a device's name is no file to be made";
}

TEST_F(InstallersTest, WhichSlotRunsMustBeKnown) {
    settings.install = "devices";
    named_slots();
    settings.running_command = shell("echo c");
    EXPECT_THAT(stages().installer().running().error().message, HasSubstr("it printed 'c'"));
    settings.running_command = shell("echo oh; exit 1");
    EXPECT_THAT(stages().installer().running().error().message, HasSubstr("running_command ended with exit status 1: oh"));
    settings.running_command.clear();
    EXPECT_THAT(stages().installer().running().error().message, HasSubstr("set running_command"));
}

TEST_F(InstallersTest, ACommandThatFailsIsNamed) {
    settings.install = "devices";
    named_slots();
    settings.activate_command = shell("echo no boot partition >&2; exit 5");
    put(1, "new");
    EXPECT_EQ(answer_of(stages().activate(1)).text, "activate_command ended with exit status 5: no boot partition");
    settings.reboot_command = shell("exit 1");
    EXPECT_EQ(answer_of(stages().restart(1)).text, "reboot_command ended with exit status 1.");
    settings.activate_command = {"/no/such/tool"};
    EXPECT_THAT(std::string(answer_of(stages().activate(1)).text), HasSubstr("/no/such/tool: cannot be run"));
}

TEST_F(InstallersTest, ASlotFileThatIsDeletedWhileItIsWrittenIsNoticed) {
    put(1, "0123456789");
    std::filesystem::remove(folder.path() / "slot-b.image");
    EXPECT_THAT(stages().write(1, 0, as_bytes("x")).value_or(""), testing::IsEmpty()) << "the file is still open";
    EXPECT_THAT(std::string(*stages().flush(1)), HasSubstr("slot-b.image was deleted or replaced by somebody else"));
    EXPECT_THAT(std::string(*stages().flush(1)), HasSubstr("slot-b.image: cannot be opened"));
    folder.write("slot-b.image", "another one's");
    put(1, "0123456789");
    folder.write("new", "another one's");
    std::filesystem::rename(folder.path() / "new", folder.path() / "slot-b.image");
    EXPECT_THAT(std::string(*stages().flush(1)), HasSubstr("replaced by somebody else"));
}

class CommandsTest : public InstallersTest {
  protected:
    CommandsTest() {
        settings.install = "commands";
        settings.install_command = {"sh", "-c", "echo install $OTABAHN_VERSION $1 >> handed", "sh", "{image}"};
        settings.activate_command = shell("echo activate >> handed");
    }
};

TEST_F(CommandsTest, AnotherSystemGetsEachImageOnce) {
    EXPECT_TRUE(answer_of(stages().restart(0)).good);
    EXPECT_TRUE(answer_of(stages().restart(0)).good);
    EXPECT_EQ(folder.read("handed"), "install 1.0.0 " + slots_->image(0).string() + "\nactivate\n");
    EXPECT_TRUE(answer_of(stages().self_test(0)).good);
}

TEST_F(CommandsTest, AnImageThatWasHandedOverHalfwayIsFollowedByTheOldOneAgain) {
    EXPECT_TRUE(answer_of(stages().restart(0)).good);
    settings.activate_command = {"false"};
    const Input failed = answer_of(stages().restart(1));
    EXPECT_FALSE(failed.good);
    EXPECT_EQ(failed.text, "activate_command ended with exit status 1.");
    settings.activate_command = {"true"};
    EXPECT_TRUE(answer_of(stages().roll_back(0)).good);
    EXPECT_TRUE(answer_of(stages().restart(0)).good);
    EXPECT_THAT(folder.read("handed"), testing::EndsWith("install 1.0.0 " + slots_->image(0).string() + "\n"));
}

TEST_F(CommandsTest, ARollbackCommandStandsForTheOldImage) {
    settings.rollback_command = shell("echo back >> handed");
    EXPECT_TRUE(answer_of(stages().restart(1)).good);
    EXPECT_TRUE(answer_of(stages().roll_back(0)).good);
    EXPECT_TRUE(answer_of(stages().restart(0)).good);
    EXPECT_THAT(folder.read("handed"), testing::EndsWith("activate\nback\n"));
}

TEST_F(CommandsTest, WithARunningCommandTheMachineBootsTheImage) {
    settings.running_command = shell("echo a");
    settings.reboot_command = shell("echo reboot >> handed; exit 1");
    EXPECT_TRUE(stages().installer().boots_machine());
    put(1, "new");
    EXPECT_TRUE(answer_of(stages().activate(1)).good);
    EXPECT_FALSE(answer_of(stages().restart(1)).good);
    EXPECT_EQ(folder.read("handed"), "install 1.1.0 " + slots_->image(1).string() + "\nactivate\nreboot\n");
    EXPECT_TRUE(answer_of(stages().roll_back(0)).good);
    EXPECT_THAT(folder.read("handed"), testing::EndsWith("install 1.0.0 " + slots_->image(0).string() + "\nactivate\n"));
}

class SysupdateTest : public InstallersTest {
  protected:
    SysupdateTest() {
        settings.install = "sysupdate";
        settings.sysupdate_folder = folder.path() / "boot";
        settings.sysupdate_name = "lamp_@v.efi";
        settings.os_release = folder.write("os-release", "NAME=Lamp\nIMAGE_VERSION=\"1.0.0\"\n");
        folder.write("boot/lamp_1.0.0.efi", "old");
        folder.write("boot/lamp_0.9.0.efi", "older");
        folder.write("boot/other_1.0.0.efi", "not ours");
    }
    std::vector<std::string> names() {
        std::vector<std::string> out;
        for (const auto& entry : std::filesystem::directory_iterator(settings.sysupdate_folder))
            out.push_back(entry.path().filename().string());
        std::sort(out.begin(), out.end());
        return out;
    }
};

TEST_F(SysupdateTest, ANewImageHasTriesInItsNameUntilItIsConfirmed) {
    EXPECT_EQ(stages().installer().running().value(), 0);
    put(1, "new image");
    EXPECT_TRUE(answer_of(stages().activate(1)).good);
    EXPECT_THAT(names(), testing::ElementsAre("lamp_1.0.0.efi", "lamp_1.1.0+1.efi", "other_1.0.0.efi"));
    EXPECT_EQ(folder.read("boot/lamp_1.1.0+1.efi"), "new image");
    // The boot loader counts, the new system runs.
    std::filesystem::rename(settings.sysupdate_folder / "lamp_1.1.0+1.efi", settings.sysupdate_folder / "lamp_1.1.0+0-1.efi");
    folder.write("os-release", "IMAGE_VERSION=1.1.0\n");
    EXPECT_EQ(stages().installer().running().value(), 1);
    EXPECT_TRUE(answer_of(stages().confirm(1)).good);
    EXPECT_THAT(names(), testing::ElementsAre("lamp_1.0.0.efi", "lamp_1.1.0.efi", "other_1.0.0.efi"));
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "slot-b.image")) << "it lies where it boots from";
}

TEST_F(SysupdateTest, ARollBackLeavesTheOldImageAlone) {
    put(1, "new image");
    EXPECT_TRUE(answer_of(stages().activate(1)).good);
    std::filesystem::rename(settings.sysupdate_folder / "lamp_1.1.0+1.efi", settings.sysupdate_folder / "lamp_1.1.0+0-1.efi");
    EXPECT_TRUE(answer_of(stages().roll_back(0)).good);
    EXPECT_THAT(names(), testing::ElementsAre("lamp_1.0.0.efi", "other_1.0.0.efi"));
    EXPECT_TRUE(answer_of(stages().roll_back(0)).good) << "repeating it is harmless";
}

TEST_F(SysupdateTest, WhatCannotStandInANameOrRunsAlreadyIsRefused) {
    put(1, "new image");
    record.slots[1].version.assign("1.1.0/../x");
    EXPECT_THAT(std::string(answer_of(stages().activate(1)).text), HasSubstr("do not stand in an image's name"));
    record.slots[1].version.assign("1.0.0");
    EXPECT_THAT(std::string(answer_of(stages().activate(1)).text), HasSubstr("one version has one image"));
    folder.write("os-release", "IMAGE_VERSION=7\n");
    EXPECT_THAT(stages().installer().running().error().message, HasSubstr("IMAGE_VERSION is '7', which is neither 1.0.0"));
}

}  // namespace
}  // namespace otabahn::device
