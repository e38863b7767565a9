// SPDX-License-Identifier: Apache-2.0
// For the conversations of this folder: an old image that runs, a new one that is ordered, and what must hold after a refusal.
#pragma once

#include "device/sim/sim_world.hpp"

#include "encoding/base64_string.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace otabahn::device::sim {

inline std::vector<std::uint8_t> image_of(std::size_t size, std::uint8_t seed) {
    std::vector<std::uint8_t> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 17 + seed + i / 256);
    return bytes;
}

inline std::string document_for(const std::vector<std::uint8_t>& image, const std::string& version,
                                std::string_view signature = SimWorld::good_signature, const std::string& certificate = "signer") {
    return R"({"operation":"otabahn.update","schema":1,"version":")" + version +
           R"(","stream":"S","files":[{"fileId":0,"name":"f","size":)" + std::to_string(image.size()) + R"(,"sha256":")" +
           encoding::to_hex(toy_hash(image)) + R"(","signature":{"algorithm":"SHA256-ECDSA","value":")" + encoding::to_base64(signature) +
           R"(","certificate":")" + certificate + R"("}}]})";
}

inline std::string release_for(const std::vector<std::uint8_t>& image, const std::string& version, int counter) {
    const std::string manifest = R"({"schema":1,"product":"","hardware":[],"version":")" + version +
                                 R"(","minVersion":"","securityCounter":)" + std::to_string(counter) + R"(,"files":[{"name":"f","size":)" +
                                 std::to_string(image.size()) + R"(,"sha256":")" + encoding::to_hex(toy_hash(image)) + R"("}]})";
    std::string document = document_for(image, version);
    document.pop_back();
    return document + R"(,"release":{"manifest":")" + encoding::to_base64(manifest) +
           R"(","signature":{"algorithm":"SHA256-ECDSA","value":")" + encoding::to_base64(SimWorld::good_signature) +
           R"(","certificate":"signer"}}})";
}

class Conversations : public testing::Test {
  protected:
    const std::vector<std::uint8_t> old_image = image_of(3'000, 1), new_image = image_of(2'900, 5);
    SimWorld world{{}, old_image, "1.0.0"};

    void order(const std::string& document, const std::string& job = "J") {
        world.cloud.serve(new_image);
        world.cloud.give_job(job, document);
    }
    void order() { order(document_for(new_image, "1.1.0")); }
    bool logged(std::string_view text) const {
        return std::any_of(world.log.begin(), world.log.end(), [&](const auto& line) { return line.find(text) != std::string::npos; });
    }
    bool last_update_has(std::string_view text) const {
        return !world.cloud.updates.empty() && world.cloud.updates.back().payload.find(text) != std::string::npos;
    }
    void expect_old_image() {
        EXPECT_TRUE(std::equal(old_image.begin(), old_image.end(), world.running_image.begin()));
        EXPECT_TRUE(std::equal(old_image.begin(), old_image.end(), world.bootable().begin()));
    }
    void expect_refused(std::string_view status, std::string_view reason) {
        ASSERT_TRUE(world.run());
        EXPECT_EQ(world.cloud.status(), status);
        EXPECT_TRUE(last_update_has("\"reason\":\"" + std::string(reason) + "\"")) << world.cloud.updates.back().payload;
        EXPECT_TRUE(last_update_has("\"version\":\"1.0.0\""));
        expect_old_image();
        EXPECT_EQ(world.update().state(), State::idle);
    }
};

}  // namespace otabahn::device::sim
