// SPDX-License-Identifier: Apache-2.0
// An update is counted, operation by operation; then it is done again with the power cut at each of them, and again with a
// second cut at each operation of the recovery. Always one image is left that boots, what was persisted is not fetched
// again, and what the cloud is told is what is true.
#include "device/sim/sim_world.hpp"

#include "encoding/base64_string.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <functional>

namespace otabahn::device::sim {
namespace {

std::vector<std::uint8_t> image_of(std::size_t size, std::uint8_t seed) {
    std::vector<std::uint8_t> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 + seed + i / 256);
    return bytes;
}

const std::vector<std::uint8_t> old_image = image_of(3'000, 1), new_image = image_of(2'950, 7);  // 12 blocks, the last one short

std::string signature_json(std::string_view certificate = "signer") {
    return R"({"algorithm":"SHA256-ECDSA","value":")" + encoding::to_base64(SimWorld::good_signature) + R"(","certificate":")" +
           std::string(certificate) + R"("})";
}

std::string file_json() {
    return R"({"fileId":0,"name":"firmware","size":)" + std::to_string(new_image.size()) + R"(,"sha256":")" +
           encoding::to_hex(toy_hash(new_image)) + R"(","signature":)" + signature_json() + "}";
}

std::string plain_document() {
    return R"({"operation":"otabahn.update","schema":1,"version":"1.1.0","stream":"S","files":[)" + file_json() + "]}";
}

std::string release_document() {
    const std::string manifest =
        R"({"schema":1,"product":"lamp","hardware":["rev-b"],"version":"1.1.0","minVersion":"","files":[{"name":"firmware","size":)" +
        std::to_string(new_image.size()) + R"(,"sha256":")" + encoding::to_hex(toy_hash(new_image)) + R"("}]})";
    return R"({"operation":"otabahn.update","schema":1,"version":"1.1.0","stream":"S","files":[)" + file_json() +
           R"(],"release":{"manifest":")" + encoding::to_base64(manifest) + R"(","signature":)" + signature_json() + "}}";
}

std::string afr_document() {
    return R"({"afr_ota":{"protocols":["MQTT"],"streamname":"S","files":[{"filepath":"/device","filesize":)" +
           std::to_string(new_image.size()) + R"(,"fileid":0,"certfile":"signer","sig-sha256-ecdsa":")" +
           encoding::to_base64(SimWorld::good_signature) + R"("}]}})";
}

struct Case {
    const char* name;
    std::string document;
    bool boots;
    Boots machine;
    bool agent_only;  // the process is killed; the machine stays up
    bool lossy_link;
    std::uint64_t stride = 1;  // of second cuts: 1 is each
};

SimWorld fresh(const Case& given) {
    SimWorld world({.boots = given.machine}, old_image, "1.0.0");
    world.new_image_boots = given.boots;
    world.drop_connection_every_message = given.lossy_link;
    world.cloud.serve(new_image);
    world.cloud.give_job("J", given.document);
    return world;
}

bool is(ByteView bytes, const std::vector<std::uint8_t>& image) {
    return bytes.size() >= image.size() && std::equal(image.begin(), image.end(), bytes.begin());
}

// The outcome told is what the flash holds, whatever was cut.
void expect_truth(SimWorld& world, const Case& given, bool cut) {
    ASSERT_TRUE(world.cloud.over()) << "the job was left " << world.cloud.status();
    if (world.cloud.status() == "SUCCEEDED") {
        EXPECT_TRUE(given.boots);
        EXPECT_TRUE(is(world.bootable(), new_image));
        EXPECT_TRUE(is(world.running_image, new_image));
    } else {
        EXPECT_EQ(world.cloud.status(), "FAILED");
        // Only an image that fails, or a cut during the trial, may end so.
        EXPECT_TRUE(!given.boots || cut);
        EXPECT_TRUE(is(world.bootable(), old_image));
        EXPECT_TRUE(is(world.running_image, old_image));
    }
    EXPECT_EQ(world.blocks_persisted_then_served, 0U);
    if (given.lossy_link) return;
    EXPECT_LE(world.served_again(), world.cuts * world.window_blocks()) << "more than a window was fetched twice";
}

void expect_bootable(const SimWorld& world) {
    const ByteView image = world.bootable();
    EXPECT_TRUE(is(image, old_image) || is(image, new_image)) << "no image that boots is left";
}

class PowerCuts : public testing::TestWithParam<Case> {};

TEST_P(PowerCuts, AnUncutUpdateEndsAsItsImageDeserves) {
    SimWorld world = fresh(GetParam());
    ASSERT_TRUE(world.run());
    expect_truth(world, GetParam(), false);
    EXPECT_EQ(world.cloud.status(), GetParam().boots ? "SUCCEEDED" : "FAILED");
    if (GetParam().lossy_link) return;
    for (const auto& [block, times] : world.cloud.served) EXPECT_EQ(times, 1U) << block;
}

TEST_P(PowerCuts, OneCutAtEachOperationAndASecondAtEachOfTheRecovery) {
    const Case& given = GetParam();
    SimWorld counted = fresh(given);
    ASSERT_TRUE(counted.run());
    const std::uint64_t operations = counted.flash.operations();
    std::uint64_t first_cuts = 0, second_cuts = 0, succeeded = 0, ended = 0;
    for (std::uint64_t cut = 0; cut < operations; ++cut) {
        // Once to see how long the recovery is, then once more for each of its operations.
        std::uint64_t recovery = 0;
        for (std::uint64_t second = 0; second == 0 || second <= recovery; second += second == 0 ? 1 + cut % given.stride : given.stride) {
            SimWorld world = fresh(given);
            SCOPED_TRACE(testing::Message() << given.name << ": cut at " << cut << ", then at " << second);
            world.flash.cut_after(cut);
            if (world.run()) continue;  // a message in flight made it shorter
            expect_bootable(world);
            world.keep_boot_id = given.agent_only;
            const std::uint64_t before = world.flash.operations();
            if (second > 0) world.flash.cut_after(second - 1);
            bool up = world.run();
            if (second == 0) {
                recovery = world.flash.operations() - before;
                ++first_cuts;
            } else {
                ++second_cuts;
            }
            if (!up) {
                expect_bootable(world);
                world.keep_boot_id = given.agent_only;
                up = world.run();
            }
            ASSERT_TRUE(up);
            expect_truth(world, given, !given.agent_only);
            succeeded += world.cloud.status() == "SUCCEEDED" ? 1 : 0;
            ++ended;
            if (testing::Test::HasFailure()) {
                for (const std::string& line : world.log) std::fprintf(stderr, "  %s\n", line.c_str());
                return;
            }
        }
    }
    std::printf("%-40s %4llu cut points, %6llu of their recoveries; of %llu runs %llu ended SUCCEEDED, the rest FAILED on the old image\n",
                given.name, static_cast<unsigned long long>(first_cuts), static_cast<unsigned long long>(second_cuts),
                static_cast<unsigned long long>(ended), static_cast<unsigned long long>(succeeded));
    EXPECT_GT(first_cuts, 20U);
    EXPECT_TRUE(!given.boots || succeeded > ended / 2);
}

INSTANTIATE_TEST_SUITE_P(
    Updates, PowerCuts,
    testing::Values(Case{"signed files", plain_document(), true, Boots::agent_starts_program, false, false, 4},
                    Case{"signed release", release_document(), true, Boots::agent_starts_program, false, false},
                    Case{"afr_ota", afr_document(), true, Boots::agent_starts_program, false, false, 4},
                    Case{"an image that fails its self-test", release_document(), false, Boots::agent_starts_program, false, false},
                    Case{"only the agent is killed", release_document(), true, Boots::agent_starts_program, true, false},
                    Case{"a bad image, only the agent is killed", release_document(), false, Boots::agent_starts_program, true, false},
                    Case{"the machine boots the image", release_document(), true, Boots::machine, false, false},
                    Case{"the machine boots a bad image", release_document(), false, Boots::machine, false, false},
                    Case{"the connection breaks all the time", plain_document(), true, Boots::agent_starts_program, false, true, 4}),
    [](const auto& row) {
        std::string name = row.param.name;
        std::replace_if(
            name.begin(), name.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
        return name;
    });

}  // namespace
}  // namespace otabahn::device::sim
