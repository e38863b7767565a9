// SPDX-License-Identifier: Apache-2.0
#include "device/install/slot_files.hpp"

#include "device/host/temporary_folder_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace otabahn::device {
namespace {

TEST(SlotFilesTest, AnActivatedImageCanBeExecutedAndThePreparedOneIsANewFile) {
    TemporaryFolder folder;
    SlotFiles slots(folder.path());
    ASSERT_FALSE(slots.prepare(1, 10));
    ASSERT_FALSE(slots.write(1, 0, as_bytes("0123456789")));
    ASSERT_FALSE(slots.close(1));
    EXPECT_EQ(folder.read("slot-b.image"), "0123456789");
    EXPECT_NE(std::filesystem::status(slots.image(1)).permissions() & std::filesystem::perms::owner_exec, std::filesystem::perms::none);
    std::ifstream old(slots.image(1));
    ASSERT_FALSE(slots.prepare(1, 4));
    std::string kept;
    old >> kept;
    EXPECT_EQ(kept, "0123456789") << "who still has the old image open keeps it";
}

TEST(SlotFilesTest, ParametersOfTheDocumentBecomeVariables) {
    TemporaryFolder folder;
    SlotFiles slots(folder.path());
    const std::string document =
        R"({"operation":"otabahn.update","schema":1,"version":"1","stream":"S","files":[{"fileId":0,"name":"f","size":1,"sha256":")" +
        std::string(64, 'a') + R"("}],"parameters":{"mode":"fast \"now\"","reboot-delay":30,"on":true,"bad\u0000":"x"}})";
    ASSERT_FALSE(slots.keep_document(0, as_bytes(document)));
    using Pair = std::pair<std::string, std::string>;
    EXPECT_THAT(slots.parameters(0), testing::ElementsAre(Pair{"OTABAHN_PARAM_MODE", "fast \"now\""},
                                                          Pair{"OTABAHN_PARAM_REBOOT_DELAY", "30"}, Pair{"OTABAHN_PARAM_ON", "true"}));
    EXPECT_TRUE(slots.parameters(1).empty());
}

}  // namespace
}  // namespace otabahn::device
