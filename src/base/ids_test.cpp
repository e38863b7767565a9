// SPDX-License-Identifier: Apache-2.0
#include "base/ids.hpp"

#include <gtest/gtest.h>

namespace otabahn {
namespace {

TEST(Ids, ThingNameTakesColonAndRefusesBlankSlashAndEmpty) {
    EXPECT_TRUE(ThingName::parse("DH0050P000003").has_value());
    EXPECT_TRUE(ThingName::parse("a:b_c-D9").has_value());
    for (const char* bad : {"", "a b", "a/b", "a+", "ü"}) EXPECT_FALSE(ThingName::parse(bad).has_value()) << bad;
    EXPECT_TRUE(ThingName::parse(std::string(128, 'x')).has_value());
    EXPECT_FALSE(ThingName::parse(std::string(129, 'x')).has_value());
}

TEST(Ids, AccountIdIsTwelveDigits) {
    EXPECT_TRUE(AccountId::parse("000000000000").has_value());
    EXPECT_FALSE(AccountId::parse("00000000000").has_value());
    EXPECT_FALSE(AccountId::parse("00000000000a").has_value());
}

TEST(Ids, RefusalNamesTheTextTheKindAndTheForm) {
    const auto refused = JobId::parse("a b");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().message, "'a b' is no job id: it takes 1 to 64 of a-z A-Z 0-9 _ -.");
}

TEST(Ids, ScopeMakesArns) {
    const Scope scope{AccountId::trusted("561470034375"), Region::trusted("us-east-1")};
    EXPECT_EQ(scope.arn("iot", "thing/T"), "arn:aws:iot:us-east-1:561470034375:thing/T");
}

}  // namespace
}  // namespace otabahn
