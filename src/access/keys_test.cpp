// SPDX-License-Identifier: Apache-2.0
// Access keys, who a caller is, and what one without the root key may do.
#include "access/access_fixture_test.hpp"

#include "api/iam.hpp"
#include "api/sts.hpp"

#include <regex>

namespace otabahn::access {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;

class Keys : public AccessTest {};
INSTANTIATE_TEST_SUITE_P(Engines, Keys, ::testing::ValuesIn(store::testing::engines()), store::testing::engine_name);

TEST_P(Keys, TheRootKeyIsRandomAndMadeOnce) {
    const AccessKey first = access_.ensure_root_key(account()).value();
    EXPECT_TRUE(std::regex_match(first.id, std::regex("AKIA[A-Z0-9]{16}"))) << first.id;
    EXPECT_TRUE(std::regex_match(first.secret, std::regex("[A-Za-z0-9+/]{40}"))) << first.secret;
    EXPECT_TRUE(first.root);
    EXPECT_TRUE(first.active);
    EXPECT_EQ(first.arn, "arn:aws:iam::123456789012:root");
    EXPECT_EQ(first.user_id, "123456789012");
    const AccessKey again = access_.ensure_root_key(account()).value();
    EXPECT_EQ(again.id, first.id);
    EXPECT_EQ(again.secret, first.secret);
    const AccessKey other = access_.ensure_root_key(AccountId::trusted("999999999999")).value();
    EXPECT_NE(other.id, first.id);
    EXPECT_NE(other.secret, first.secret);
}

TEST_P(Keys, AKeyIsFoundByItsIdExactly) {
    const AccessKey made = access_.ensure_root_key(account()).value();
    const auto found = access_.find_key(made.id).value();
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->secret, made.secret);
    EXPECT_EQ(found->account, account());
    std::string lower = made.id;
    lower[5] = static_cast<char>(lower[5] ^ 0x20);
    for (const std::string& unknown : {std::string(), std::string("AKIA0000000000000000"), lower, made.id + " "})
        EXPECT_FALSE(access_.find_key(unknown).value().has_value()) << unknown;
}

TEST_P(Keys, AKeyIsRememberedForThirtySecondsAndThenReadAgain) {
    const AccessKey made = access_.ensure_root_key(account()).value();
    ASSERT_TRUE(access_.find_key(made.id).value().has_value());
    const auto removed = (*store_)->write([&](runtime::SqlSession& session) -> Result<std::int64_t> {
        return session.execute("DELETE FROM access_key WHERE id = :id", {{"id", made.id}});
    });
    ASSERT_EQ(removed.value(), 1);
    clock_.pass(std::chrono::seconds(29));
    EXPECT_TRUE(access_.find_key(made.id).value().has_value());
    clock_.pass(std::chrono::seconds(1));
    EXPECT_FALSE(access_.find_key(made.id).value().has_value());
}

TEST_P(Keys, AnUnknownKeyIsNotRememberedAsUnknown) {
    const AccessKey made = access_.ensure_root_key(account()).value();
    EXPECT_FALSE(access_.find_key("AKIA0000000000000000").value().has_value());
    const auto renamed = (*store_)->write([&](runtime::SqlSession& session) -> Result<std::int64_t> {
        return session.execute("UPDATE access_key SET id = 'AKIA0000000000000000' WHERE id = :id", {{"id", made.id}});
    });
    ASSERT_EQ(renamed.value(), 1);
    EXPECT_TRUE(access_.find_key("AKIA0000000000000000").value().has_value());
}

TEST_P(Keys, GetCallerIdentityTellsWhoAsks) {
    const auto root = call<api::sts::GetCallerIdentity>({}).value();
    EXPECT_EQ(root.account, "123456789012");
    EXPECT_EQ(root.arn, "arn:aws:iam::123456789012:root");
    EXPECT_EQ(root.user_id, "123456789012");
    awsapi::Caller nobody = caller_;
    nobody.root = false;
    nobody.arn = "arn:aws:sts::123456789012:assumed-role/none/s";
    nobody.user_id = "AROAX:s";
    EXPECT_EQ(call_as<api::sts::GetCallerIdentity>(nobody, {}).value().user_id, "AROAX:s") << "no permission can deny it";
}

TEST_P(Keys, RootMayEverythingAndOthersWhatTheirPoliciesAllow) {
    ASSERT_TRUE(call<api::iam::CreateRole>({.role_name = "Ops", .assume_role_policy_document = iot_trust}));
    awsapi::Caller session = caller_;
    session.root = false;
    session.arn = "arn:aws:sts::123456789012:assumed-role/Ops/ann";
    EXPECT_TRUE(access_.check_caller(caller_, "iot:CreateThing", "*"));

    const auto refused = access_.check_caller(session, "iot:CreateThing", "arn:aws:iot:us-east-1:123456789012:thing/T");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::access_denied);
    EXPECT_THAT(refused.error().message,
                HasSubstr("User: arn:aws:sts::123456789012:assumed-role/Ops/ann is not authorized to perform: iot:CreateThing on resource: "
                          "arn:aws:iot:us-east-1:123456789012:thing/T because no identity-based policy allows the iot:CreateThing action"));

    ASSERT_TRUE(call<api::iam::PutRolePolicy>({"Ops", "p", allow_document("iot:*", "*")}));
    EXPECT_TRUE(access_.check_caller(session, "iot:CreateThing", "arn:aws:iot:us-east-1:123456789012:thing/T"));
    ASSERT_TRUE(call<api::iam::PutRolePolicy>(
        {"Ops", "q", R"({"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"iot:CreateThing","Resource":"*"}})"}));
    EXPECT_THAT(access_.check_caller(session, "iot:CreateThing", "arn:aws:iot:us-east-1:123456789012:thing/T").error().message,
                HasSubstr("with an explicit deny in an identity-based policy (policy 'q' statement 0)"));

    awsapi::Caller user = session;
    user.arn = "arn:aws:iam::123456789012:user/ann";
    EXPECT_FALSE(access_.check_caller(user, "iot:DescribeEndpoint", "*"));
}

TEST_P(Keys, PassRoleKnowsTheServiceThatItIsFor) {
    ASSERT_TRUE(call<api::iam::CreateRole>({.role_name = "Ops", .assume_role_policy_document = iot_trust}));
    ASSERT_TRUE(
        call<api::iam::PutRolePolicy>({"Ops", "p",
                                       R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:PassRole","Resource":"*",)"
                                       R"("Condition":{"StringEquals":{"iam:PassedToService":"iot.amazonaws.com"}}}})"}));
    awsapi::Caller session = caller_;
    session.root = false;
    session.arn = "arn:aws:sts::123456789012:assumed-role/Ops/ann";
    EXPECT_TRUE(access_.check_caller(session, "iam:PassRole", "arn:aws:iam::123456789012:role/R"));
    EXPECT_FALSE(access_.check_caller(session, "iam:GetRole", "arn:aws:iam::123456789012:role/R"));
}

TEST_P(Keys, AnOperationIsRefusedToWhoeverIsNotAllowedIt) {
    awsapi::Caller session = caller_;
    session.root = false;
    session.arn = "arn:aws:sts::123456789012:assumed-role/none/s";
    const auto refused =
        call_as<api::iam::CreateRole>(session, {.path = "/p/", .role_name = "R", .assume_role_policy_document = iot_trust});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "AccessDenied");
    EXPECT_EQ(refused.error().status, 403);
    EXPECT_THAT(refused.error().message, HasSubstr("iam:CreateRole on resource: arn:aws:iam::123456789012:role/p/R"));
    EXPECT_FALSE(call<api::iam::GetRole>({"R"})) << "and nothing was made";
}

}  // namespace
}  // namespace otabahn::access
