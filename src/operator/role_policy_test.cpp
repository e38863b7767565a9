// SPDX-License-Identifier: Apache-2.0
#include "operator/role_policy.hpp"

#include <gmock/gmock.h>

namespace otabahn::operator_tool {
namespace {

using testing::HasSubstr;
using Policies = std::vector<std::pair<std::string, std::string>>;

const Scope scope{AccountId::parse("561470034375").value(), Region::parse("us-east-1").value()};

std::string trust(const std::string& effect, const std::string& principal, const std::string& rest = "") {
    return R"({"Version":"2012-10-17","Statement":[{"Effect":")" + effect + R"(","Principal":{"Service":")" + principal +
           R"("},"Action":"sts:AssumeRole")" + rest + "}]}";
}

std::string allow(const std::string& actions, const std::string& resource, const std::string& effect = "Allow") {
    return R"({"Version":"2012-10-17","Statement":[{"Effect":")" + effect + R"(","Action":)" + actions + R"(,"Resource":")" + resource +
           R"("}]})";
}

TEST(RoleTrust, AwsIotIsTrusted) {
    EXPECT_TRUE(check_trust(scope, "r", trust("Allow", "iot.amazonaws.com")));
    EXPECT_TRUE(check_trust(scope, "r",
                            trust("Allow", "iot.amazonaws.com", R"(,"Condition":{"StringEquals":{"aws:SourceAccount":"561470034375"}})")));
}

TEST(RoleTrust, AnotherPrincipalOrADenialOrAnotherAccountIsRefusedAndSaysSo) {
    for (const auto& text :
         {trust("Allow", "ec2.amazonaws.com"), trust("Deny", "iot.amazonaws.com"),
          trust("Allow", "iot.amazonaws.com", R"(,"Condition":{"StringEquals":{"aws:SourceAccount":"111111111111"}})")}) {
        const auto checked = check_trust(scope, "my-role", text);
        ASSERT_FALSE(checked) << text;
        EXPECT_EQ(checked.error().code, ErrorCode::access_denied);
        EXPECT_THAT(checked.error().message, HasSubstr("Role my-role exists, but AWS IoT may not assume it"));
    }
}

TEST(RoleTrust, ADocumentThatCannotBeReadIsNoTrust) {
    for (const char* text : {"", "{}", "no json"}) EXPECT_FALSE(check_trust(scope, "r", text)) << text;
}

TEST(RoleReads, BothActionsOnTheBucketAreNeeded) {
    EXPECT_TRUE(check_read("r", {{"p", allow(R"(["s3:GetObject","s3:GetObjectVersion"])", "arn:aws:s3:::b/*")}}, "b"));
    EXPECT_TRUE(check_read("r", {{"p", allow(R"("s3:GetObject*")", "*")}}, "b"));
    const Policies split = {{"p", allow(R"("s3:GetObject")", "arn:aws:s3:::b/*")},
                            {"q", allow(R"("s3:GetObjectVersion")", "arn:aws:s3:::b/*")}};
    EXPECT_TRUE(check_read("r", split, "b"));
}

TEST(RoleReads, WhatIsMissingIsNamed) {
    const auto refused = [](const Policies& policies) {
        const auto checked = check_read("my-role", policies, "b");
        return checked ? std::string("allowed") : checked.error().message;
    };
    EXPECT_THAT(refused({}), HasSubstr("Role my-role exists, but it may not read bucket b: denied s3:GetObject"));
    EXPECT_THAT(refused({{"p", allow(R"("s3:GetObject")", "arn:aws:s3:::b/*")}}), HasSubstr("s3:GetObjectVersion"));
    EXPECT_THAT(refused({{"p", allow(R"("s3:GetObject*")", "arn:aws:s3:::other/*")}}), HasSubstr("arn:aws:s3:::b/*"));
    EXPECT_THAT(refused({{"p", allow(R"("s3:GetObject*")", "*")}, {"no", allow(R"("s3:*")", "arn:aws:s3:::b/*", "Deny")}}),
                HasSubstr("'no'"));
    EXPECT_THAT(refused({{"p", "no json"}}), HasSubstr("Policy p of role my-role cannot be read"));
}

}  // namespace
}  // namespace otabahn::operator_tool
