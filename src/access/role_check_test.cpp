// SPDX-License-Identifier: Apache-2.0
// The two ways in which a service role fails, told apart (spec control-plane 5.5).
#include "access/access_fixture_test.hpp"

#include "api/iam.hpp"

namespace otabahn::access {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;
namespace iam = api::iam;

const std::string role_arn = "arn:aws:iam::123456789012:role/Stream";
const std::string stream_arn = "arn:aws:iot:us-east-1:123456789012:stream/S";

class RoleCheck : public AccessTest {
  protected:
    void make(const std::string& trust) {
        ASSERT_TRUE(call<iam::CreateRole>({.role_name = "Stream", .assume_role_policy_document = trust}));
    }
    Error trust_refusal(const std::string& arn = role_arn, const std::string& source = stream_arn) {
        const auto refused = access_.check_role_trust(account(), arn, source);
        return refused ? Error(ErrorCode::internal, "trusted") : refused.error();
    }
    Error refusal(const std::string& object = "arn:aws:s3:::b/k") {
        const auto refused = access_.check_role(account(), role_arn, stream_arn, "s3:GetObject", object);
        return refused ? Error(ErrorCode::internal, "allowed") : refused.error();
    }
};
INSTANTIATE_TEST_SUITE_P(Engines, RoleCheck, ::testing::ValuesIn(store::testing::engines()), store::testing::engine_name);

TEST_P(RoleCheck, ARoleThatTrustsIotAndMayReadPasses) {
    make(iot_trust);
    ASSERT_TRUE(call<iam::PutRolePolicy>({"Stream", "read", allow_document("s3:Get*", "arn:aws:s3:::b/*")}));
    EXPECT_EQ(trust_refusal().message, "trusted");
    EXPECT_EQ(refusal().message, "allowed");
}

TEST_P(RoleCheck, ARoleThatIsNotThereIsSaidNotToBeThere) {
    const Error error = trust_refusal();
    EXPECT_EQ(error.code, ErrorCode::invalid_request);
    EXPECT_EQ(error.message,
              "The role arn:aws:iam::123456789012:role/Stream cannot be assumed by AWS IoT: account 123456789012 has no role 'Stream'. "
              "Create it with a trust policy for iot.amazonaws.com.");
    EXPECT_EQ(refusal().message, error.message);
}

TEST_P(RoleCheck, AnArnThatNamesNoRoleOfThisAccountIsRefused) {
    make(iot_trust);
    for (const char* arn : {"", "Stream", "arn:aws:iam::123456789012:user/Stream", "arn:aws:iam::123456789012:role/", "arn:aws:s3:::b"})
        EXPECT_THAT(trust_refusal(arn).message, HasSubstr("it is no ARN of a role")) << arn;
    EXPECT_THAT(trust_refusal("arn:aws:iam::999999999999:role/Stream").message, HasSubstr("it belongs to account 999999999999"));
    EXPECT_THAT(trust_refusal("arn:aws:iam::123456789012:role/x/Stream").message,
                HasSubstr("the role of that name is arn:aws:iam::123456789012:role/Stream; use that ARN"));
    EXPECT_THAT(trust_refusal("arn:aws:iam::123456789012:role/stream").message, HasSubstr("use that ARN"));
}

TEST_P(RoleCheck, ARoleThatTrustsAnotherServiceIsSaidToDoSo) {
    make(
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]})");
    const Error error = trust_refusal();
    EXPECT_EQ(error.code, ErrorCode::invalid_request);
    EXPECT_EQ(error.message,
              "The role arn:aws:iam::123456789012:role/Stream cannot be assumed by AWS IoT: its trust policy does not let "
              "iot.amazonaws.com perform sts:AssumeRole (policy 'trust policy' statement 0 trusts 'lambda.amazonaws.com', but not "
              "'iot.amazonaws.com').");
    ASSERT_TRUE(call<iam::PutRolePolicy>({"Stream", "read", allow_document("s3:*", "*")}));
    EXPECT_EQ(refusal().message, error.message) << "permissions do not help a role that cannot be assumed";
}

TEST_P(RoleCheck, ATrustThatDeniesIsSaidToDoSo) {
    make(R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"},)"
         R"({"Effect":"Deny","Principal":{"Service":"iot.amazonaws.com"},"Action":"sts:*"}]})");
    EXPECT_THAT(trust_refusal().message, HasSubstr("statement 1 of its trust policy denies iot.amazonaws.com explicitly"));
}

TEST_P(RoleCheck, SourceAccountAndSourceArnAreSupplied) {
    make(
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"iot.amazonaws.com"},"Action":"sts:AssumeRole",)"
        R"("Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"},"ArnLike":{"aws:SourceArn":"arn:aws:iot:us-east-1:123456789012:*"}}}]})");
    EXPECT_EQ(trust_refusal().message, "trusted");
    EXPECT_THAT(trust_refusal(role_arn, "arn:aws:iot:us-east-2:123456789012:stream/S").message,
                HasSubstr("only if ArnLike aws:SourceArn 'arn:aws:iot:us-east-1:123456789012:*' holds; the request has "
                          "'arn:aws:iot:us-east-2:123456789012:stream/S'"));
    EXPECT_THAT(trust_refusal(role_arn, "").message, HasSubstr("the request has no such key"));
}

TEST_P(RoleCheck, AMissingPermissionNamesActionObjectAndTheNearestMiss) {
    make(iot_trust);
    const Error nothing = refusal();
    EXPECT_EQ(nothing.code, ErrorCode::access_denied);
    EXPECT_EQ(nothing.message,
              "The role arn:aws:iam::123456789012:role/Stream may be assumed by AWS IoT but lacks s3:GetObject on arn:aws:s3:::b/k: "
              "no policy applies at all. Add an Allow for it to a policy of the role.");
    ASSERT_TRUE(call<iam::PutRolePolicy>({"Stream", "read", allow_document("s3:GetObject", "arn:aws:s3:::b")}));
    EXPECT_THAT(refusal().message,
                HasSubstr("policy 'read' statement 0 allows s3:GetObject on arn:aws:s3:::b, which names the bucket itself; its objects "
                          "are arn:aws:s3:::b/*"));
    ASSERT_TRUE(call<iam::PutRolePolicy>({"Stream", "read", allow_document("s3:PutObject", "arn:aws:s3:::b/*")}));
    EXPECT_THAT(refusal().message, HasSubstr("policy 'read' statement 0 allows 's3:PutObject' here, but not s3:GetObject"));
    ASSERT_TRUE(call<iam::PutRolePolicy>({"Stream", "read", allow_document("s3:GetObject", "arn:aws:s3:::other/*")}));
    EXPECT_THAT(refusal().message, HasSubstr("but on arn:aws:s3:::other/*, not on arn:aws:s3:::b/k"));
}

TEST_P(RoleCheck, AnExplicitDenyIsNamed) {
    make(iot_trust);
    ASSERT_TRUE(call<iam::PutRolePolicy>({"Stream", "read", allow_document("s3:*", "*")}));
    ASSERT_TRUE(call<iam::PutRolePolicy>(
        {"Stream", "not",
         R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/secret*"}]})"}));
    EXPECT_EQ(refusal().message, "allowed");
    EXPECT_THAT(refusal("arn:aws:s3:::b/secret.bin").message, HasSubstr("policy 'not' statement 0 denies it explicitly."));
}

TEST_P(RoleCheck, AttachedPoliciesCountAndAChangeIsSeenAtOnce) {
    make(iot_trust);
    const std::string arn =
        *call<iam::CreatePolicy>({.policy_name = "Read", .policy_document = allow_document("s3:GetObject", "arn:aws:s3:::b/*")})
             .value()
             .policy->arn;
    ASSERT_TRUE(call<iam::AttachRolePolicy>({"Stream", arn}));
    EXPECT_EQ(refusal().message, "allowed");
    ASSERT_TRUE(call<iam::DetachRolePolicy>({"Stream", arn}));
    EXPECT_EQ(refusal().code, ErrorCode::access_denied);
    ASSERT_TRUE(call<iam::AttachRolePolicy>({"Stream", "arn:aws:iam::aws:policy/service-role/AmazonFreeRTOSOTAUpdate"}));
    EXPECT_EQ(refusal("arn:aws:s3:::afr-ota-bucket/fw.bin").message, "allowed");
    EXPECT_THAT(refusal().message, HasSubstr("allows s3:GetObject, but on arn:aws:s3:::afr-ota*, not on arn:aws:s3:::b/k"));
}

TEST_P(RoleCheck, TimeConditionsAreJudgedByTheClockGiven) {
    make(iot_trust);
    ASSERT_TRUE(call<iam::PutRolePolicy>({"Stream", "until",
                                          R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*",)"
                                          R"("Condition":{"DateLessThan":{"aws:CurrentTime":"2025-06-28T12:00:01Z"}}}})"}));
    EXPECT_EQ(refusal().message, "allowed");
    clock_.pass(std::chrono::seconds(1));
    EXPECT_THAT(refusal().message, HasSubstr("only if DateLessThan aws:CurrentTime"));
}

}  // namespace
}  // namespace otabahn::access
