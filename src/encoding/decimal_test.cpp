// SPDX-License-Identifier: Apache-2.0
#include "encoding/decimal.hpp"

#include <gtest/gtest.h>

#include <string>

namespace otabahn::encoding {
namespace {

TEST(Decimal, IsWhatTheLibraryWritesAtEveryPlaceWhereADigitIsCarried) {
    EXPECT_EQ(Decimal(0).view(), "0");
    for (int bit = 0; bit < 64; ++bit)
        for (const std::uint64_t near : {-1, 0, 1}) {
            const std::uint64_t number = (std::uint64_t{1} << bit) + near;
            EXPECT_EQ(Decimal(number).view(), std::to_string(number));
        }
    for (std::uint64_t power = 1, i = 0; i < 20; ++i, power *= 10)
        for (const std::uint64_t near : {-1, 0, 1}) EXPECT_EQ(Decimal(power + near).view(), std::to_string(power + near));
    EXPECT_EQ(Decimal(UINT64_MAX).view(), "18446744073709551615");
}

}  // namespace
}  // namespace otabahn::encoding
