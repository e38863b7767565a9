// SPDX-License-Identifier: Apache-2.0
#include "runtime/random.hpp"

#include <gtest/gtest.h>

#include <set>

namespace otabahn::runtime {
namespace {

TEST(Random, UuidIsOfVersionFourAndNoTwoAreAlike) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const auto uuid = random_uuid();
        ASSERT_EQ(uuid.size(), 36U);
        for (const std::size_t dash : {8U, 13U, 18U, 23U}) EXPECT_EQ(uuid[dash], '-') << uuid;
        EXPECT_EQ(uuid[14], '4') << uuid;
        EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos) << uuid;
        EXPECT_EQ(uuid.find_first_not_of("0123456789abcdef-"), std::string::npos) << uuid;
        EXPECT_TRUE(seen.insert(uuid).second) << uuid;
    }
}

TEST(Random, BytesAreAsManyAsAsked) {
    EXPECT_EQ(random_bytes(0).size(), 0U);
    EXPECT_EQ(random_bytes(33).size(), 33U);
    EXPECT_NE(random_bytes(16), random_bytes(16));
}

}  // namespace
}  // namespace otabahn::runtime
